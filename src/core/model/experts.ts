/** Mixtures of experts, in the vocabulary of a model. */
import type { Activation, Linear, Mlp, ModuleBase, Parameter } from './module';

/** Mixture of experts: a router sends each token to `active` of `count` feed-forwards, held in fused tensors. */
export interface Experts extends ModuleBase {
  readonly kind: 'experts';
  readonly count: number;
  readonly active: number;
  /** Of the experts' input and output. */
  readonly width: number;
  readonly intermediate: number;
  readonly activation: Activation;
  /** [count, width]; [count + identities, width] where some choices are no expert. */
  readonly router: Parameter;
  /** [count], added to the logits. */
  readonly routerBias?: Parameter;
  /** [count, 2·intermediate, width]: gate rows, then up rows. [count, intermediate, width] where nothing gates. */
  readonly gateUp: Parameter;
  /** [count, width, intermediate]. */
  readonly down: Parameter;
  /** False where an expert is down(act(up x)); true where it is left out. */
  readonly gated?: false;
  /** `input-output` where the tensors are [count, width, 2·intermediate] and [count, intermediate, width]. */
  readonly layout?: 'input-output';
  /** Gate and up alternate, column by column (gpt-oss). */
  readonly interleaved?: true;
  /** Biases of the experts' products: [count, 2·intermediate] and [count, width]. */
  readonly biases?: { readonly gateUp: Parameter; readonly down: Parameter };
  /** Limits of gate and up before the product, as gpt-oss has them: min(gate, limit), ±limit on up, (up + 1)·gate·σ(slope·gate). */
  readonly clamp?: { readonly limit: number; readonly slope: number };
  /**
   * How the class multiplies: `grouped` in one grouped product (the default, which FlopCounterMode does not see),
   * `dense` every expert with every token, `looped` expert by expert.
   */
  readonly products?: 'grouped' | 'dense' | 'looped';
  readonly routing: Routing;
  /** Choices that give the token back as it is, without an expert (LongCat). */
  readonly identities?: number;
  /** Experts that every token passes. */
  readonly shared?: Mlp;
  /** [width → 1]: its sigmoid weighs the shared experts' output (Qwen2-MoE). */
  readonly sharedGate?: Linear;
}

/** How router logits become the weights of the chosen experts. */
export type Routing =
  | { readonly type: 'softmaxTopK'; readonly normalise: boolean }
  /** The largest logits are chosen, and their softmax weighs (gpt-oss, Granite). */
  | { readonly type: 'topKSoftmax' }
  /** The largest logits are chosen, and their sigmoid scales the experts' input (Llama 4). */
  | { readonly type: 'topKSigmoidInput' }
  /** DeepSeek-V3: sigmoid scores plus a correction bias choose groups, then experts. */
  | {
      readonly type: 'sigmoidGroups';
      readonly correction: Parameter;
      readonly groups: number;
      readonly activeGroups: number;
      readonly normalise: boolean;
      readonly scale: number;
    }
  /**
   * DeepSeek-V2 and others: softmax scores choose, in the groups with the largest score; a correction bias, where
   * there is one, is added for the choice alone. Weights are the scores times `scale`, over their sum (at least
   * `least`) where they are normalised.
   */
  | {
      readonly type: 'softmaxGroups';
      readonly correction?: Parameter;
      readonly groups: number;
      readonly activeGroups: number;
      readonly normalise: boolean;
      readonly least?: number;
      readonly scale: number;
    }
  /** Sigmoid scores choose and weigh, without a bias. */
  | { readonly type: 'sigmoidTopK'; readonly normalise: boolean; readonly scale: number }
  /** Phi-3.5-MoE: two experts, each weighed by the softmax over the logits within `jitter` of its own. */
  | { readonly type: 'sparseMixer'; readonly jitter: number };
