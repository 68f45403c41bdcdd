/**
 * The vocabulary of a model: parameters, modules and how data flows between them.
 *
 * A blueprint builds one tree of these. Everything that Headlight says (counts, FLOPs, sharing, the attention run) is
 * read from that tree, and knows kinds, never families.
 */
import type { MaskPattern } from './mask';
import type { Cost } from '../measure/cost';
import type { Experts } from './experts';
import type { ModelInput } from './input';
import type { CausalConvolution, StateSpace } from './stateSpace';
import type { Indexer } from './indexer';
import type { Operation, Windows } from './operation';
import type { PositionScheme } from './position';
import type { Differential, Landmarks, QueryKeyNorm, SpanConvolution, Summaries } from './attentionParts';
import type { Rotary } from './rotary';
import type { Starts } from './start';

export type { Experts, Routing } from './experts';
export type { ModelInput, Stream } from './input';
export type { CausalConvolution, Scan, StateSpace } from './stateSpace';
export type { Indexer } from './indexer';
export type { Operation, Windows } from './operation';
export type { PositionScheme } from './position';
export type { Start, Starts } from './start';
export type { Rotary, RotaryAxes, RotaryScaling } from './rotary';
export type { Differential, Landmarks, QueryKeyNorm, SpanConvolution, Summaries } from './attentionParts';
export type { Chunks, MaskPattern } from './mask';

/** A tensor of the checkpoint. Sharing is identity: two modules that hold the same object share it. */
export interface Parameter {
  /** Dimensions in the order of the checkpoint. */
  readonly shape: readonly number[];
  /** True for a tensor that is saved but not trained (a router's bias, a BatchNorm statistic). */
  readonly buffer?: true;
  /** Standard deviation of its initial values, where it is not the family's. */
  readonly deviation?: number;
  /** Never trained: row p holds sines, then cosines, of position p (Marian, Pegasus). A file may leave it out. */
  readonly fixed?: 'sinusoids';
}

/** A value on its way between modules; made by the trace of a `forward`, compared by identity. */
export interface Wire {
  readonly id: number;
}

/** Shapes of inputs by their names. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** What an evaluated forward pass costs by module, or why that is not known. */
export type PassCosts = { readonly costs: ReadonlyMap<Module, Cost> } | { readonly unknown: string };

/** A model as its config describes it. */
export interface Model {
  readonly modelType: string;
  /** The class, as in `architectures`: LlamaForCausalLM. */
  readonly architecture: string;
  /** A composite where the tree does not follow the forward pass: then `pass` alone knows what it costs. */
  readonly root: Block | Composite;
  /** In the order of `root.flow.inputs`. */
  readonly inputs: readonly ModelInput[];
  /** Standard deviation of the family's initial weights. */
  readonly initializerRange: number;
  /** Tensors that start otherwise than by that deviation. */
  readonly starts?: Starts;
  /** Of a composite: what its class's forward pass costs on inputs of some shapes. */
  readonly pass?: (inputs: Shapes) => PassCosts;
}

/** One step of a module's forward pass, in the order of execution. */
export interface Step {
  readonly run: Module | Operation;
  readonly from: readonly Wire[];
  readonly to: Wire;
}

/** A traced forward pass: what `children` do with the inputs. */
export interface Flow {
  readonly inputs: readonly Wire[];
  readonly steps: readonly Step[];
  readonly output: Wire;
}

/** What every module has. */
export interface ModuleBase {
  /** Own parameters by their name in the module (`weight`, `bias`), in checkpoint order. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Submodules by name; a name may have dots (`self.query`). The same module may stand under several names. */
  readonly children: Readonly<Record<string, Module>>;
}

/** y = xWᵀ + b over the last axis. */
export interface Linear extends ModuleBase {
  readonly kind: 'linear';
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Parameter;
  readonly bias?: Parameter;
  /** Inputs and outputs fall into so many groups: a 1 × 1 convolution's weight [out, in / groups, 1] (SqueezeBERT). */
  readonly groups?: number;
  /** `output-input` is torch.nn.Linear's weight [out, in]; `input-output` is GPT-2's Conv1D [in, out]. */
  readonly layout: 'output-input' | 'input-output';
}

/** Table look-up: [b, s] → [b, s, width]. */
export interface Embedding extends ModuleBase {
  readonly kind: 'embedding';
  readonly rows: number;
  readonly width: number;
  readonly weight: Parameter;
  /** What the rows stand for. */
  readonly of: 'tokens' | 'positions' | 'segments';
  /** Added to the position before the look-up (OPT, BART: 2). */
  readonly offset: number;
}

/**
 * Normalisation over the last axis (layer, rms), over batch and positions (batch), or over groups of channels and all
 * positions (group); `affine` is weight and bias alone, without mean and deviation (MobileBERT);
 * `response` divides a channel's length over all positions by that of the others (ConvNeXt v2).
 */
export interface Norm extends ModuleBase {
  readonly kind: 'norm';
  readonly type: 'layer' | 'rms' | 'batch' | 'group' | 'affine' | 'response';
  /** Where the width is: the last axis, or axis 1 of a feature map [b, c, h, w]. */
  readonly axis?: 'channels';
  /** Of a group norm. */
  readonly groups?: number;
  readonly width: number;
  readonly epsilon: number;
  /** [width], or [heads, width] over the vectors of heads (Cohere). */
  readonly weight?: Parameter;
  /** Added to the weight: Gemma and Nemotron scale by 1 + weight. */
  readonly weightOffset?: number;
  readonly bias?: Parameter;
}

/** How query, key and value come from the input. */
export type Projections =
  | { readonly type: 'separate'; readonly query: Linear; readonly key: Linear; readonly value: Linear }
  /** One matrix whose outputs are query, key, value (GPT-2's c_attn). */
  | { readonly type: 'fused'; readonly qkv: Linear; readonly layout: FusedLayout }
  /** Multi-head latent attention (DeepSeek): key and value expand from one compressed vector a token. */
  | {
      readonly type: 'latent';
      /** Down-projection, norm and up-projection of the query, or one matrix. */
      readonly query: Linear | { readonly down: Linear; readonly norm: Norm; readonly up: Linear };
      readonly keyValueDown: Linear;
      readonly keyValueNorm: Norm;
      readonly keyValueUp: Linear;
      readonly latentDim: number;
      /** Dimensions of a query and key head that are rotated; the key's are shared by all heads. */
      readonly rotaryDim: number;
      /** Factors on the normalised latents, before they are projected up (LongCat). */
      readonly latentScales?: { readonly query: number; readonly keyValue: number };
    };

/**
 * Rows of a fused matrix: `slices` equal parts, each with the queries, keys and values of heads / slices heads. One in
 * GPT-2; one a head in BLOOM and GPT-NeoX; one a key/value head in Falcon; four in CodeGen, values before keys.
 */
export interface FusedLayout {
  readonly slices: number;
  readonly order: 'queryKeyValue' | 'queryValueKey';
}

/** Multi-head attention with its projections. Inputs: x, and for cross attention the sequence looked at. */
export interface Attention extends ModuleBase {
  readonly kind: 'attention';
  /** Where it stands: `self` in a single stack; encoder, decoder and cross in an encoder–decoder. */
  readonly place: 'self' | 'encoder' | 'decoder' | 'cross';
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Dimensions of a query or key head. */
  readonly headDim: number;
  /** Dimensions of a value head. */
  readonly valueDim: number;
  readonly projections: Projections;
  /** Values come from a third input, not from where the keys do (MobileBERT). */
  readonly separateValues?: true;
  readonly output: Linear;
  readonly mask: MaskPattern;
  readonly position: PositionScheme;
  /** Scores are q·k times this. */
  readonly scale: number;
  /**
   * Queries and keys have length 1 before they are multiplied, and the scores of each head a learned scale in place of
   * `scale` (Swin v2): exp of this [heads, 1, 1], at most 100.
   */
  readonly cosine?: Parameter;
  /** Tokens of different regions of a shifted window do not see each other: `penalty` is added to their scores. */
  readonly windows?: Windows & { readonly penalty: number };
  /** cap·tanh(score / cap) before the mask. */
  readonly softCap?: number;
  readonly queryKeyNorm?: QueryKeyNorm;
  /** [heads]: a score beside the keys' that takes its share of the softmax and looks at nothing (gpt-oss). */
  readonly sinks?: Parameter;
  /** The probabilities are those without the sinks, whose share is taken from the sums alone (Granite SWA). */
  readonly sinksAfter?: true;
  /** Queries, keys and values are cut to ±clip before anything else (MPT, DBRX, OLMo). */
  readonly clip?: number;
  /** Queries are scaled by 1 + beta·ln(1 + ⌊position / span⌋); positions are counted from `first`, or from 0 (Llama 4). */
  readonly queryGrowth?: { readonly beta: number; readonly span: number; readonly first?: number };
  readonly differential?: Differential;
  /** Added to queries and values after a projection without bias (DeBERTa). */
  readonly biases?: { readonly query: Parameter; readonly value: Parameter };
  /** Scores, then weights, are mixed between heads (DeBERTa's talking heads). */
  readonly talkingHeads?: { readonly scores: Linear; readonly weights: Linear };
  /** Over the heads' sums, before the output projection (BitNet). */
  readonly outputNorm?: Norm;
  /**
   * Gates what the heads give, before the output projection: x → [b, s, heads·valueDim] or [b, s, heads]. `query`
   * where the gate is the second half of each head's query projection (Qwen3-Next).
   */
  readonly gate?: Linear | 'query';
  /** What the gate's numbers pass first; sigmoid where it is left out. */
  readonly gateActivation?: Activation;
  /** Which of the keys that the mask shows are attended to; `previous` as in the layer before. */
  readonly indexer?: Indexer | 'previous';
  /** Keys and values that prompts give and every query sees, before those of the input (MVP, prefix tuning). */
  readonly promptKeys?: number;
  readonly summaries?: Summaries;
  /** With these the global tokens of the mask look at all others; those look at them with the usual ones (Longformer). */
  readonly globalProjections?: { readonly query: Linear; readonly key: Linear; readonly value: Linear };
  readonly landmarks?: Landmarks;
  /** Of the values [b, heads, s, valueDim] along the positions, added to what the heads give (Nyströmformer). */
  readonly valueConvolution?: Convolution;
  readonly spanConvolution?: SpanConvolution;
}

/** Feed-forward: down(act(up x)), or down(act(gate x) ⊙ up x). */
export interface Mlp extends ModuleBase {
  readonly kind: 'mlp';
  readonly activation: Activation;
  /** Trained numbers of an activation that has some. */
  readonly activationParameters?: Readonly<Record<string, Parameter>>;
  readonly gate?: Linear;
  /** Gate and up are one matrix, `up`: its outputs are the gate's, then up's (Phi-3). */
  readonly fusedGate?: true;
  /** Over the inner values, before `down` (BitNet). */
  readonly norm?: Norm;
  readonly up: Linear;
  readonly down: Linear;
}

/** Convolution over one or more axes: [b, in, …] → [b, out, …]. */
export interface Convolution extends ModuleBase {
  readonly kind: 'convolution';
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  /** Distance of the kernel's taps, 1 where left out. */
  readonly dilation?: readonly number[];
  /** The transposed convolution: [b, in, …] grows by the stride; weight [in, out / groups, …kernel]. */
  readonly transposed?: true;
  readonly groups: number;
  readonly weight: Parameter;
  readonly bias?: Parameter;
  /** The kernel is this times weight / ‖weight‖, a norm for each index of the last axis; [1, 1, kernel]. */
  readonly magnitude?: Parameter;
  /** Each output's kernel is brought to mean 0 and variance 1 before it is used (Qiao et al. 2019); this is its epsilon. */
  readonly standardized?: number;
}

/** Each row of one batch with each of another: [a, 1, w], [b, 1, w] → [a, b], their products (CLIP's logits). */
export interface Similarity extends ModuleBase {
  readonly kind: 'similarity';
}

/** Tensors that a block holds directly (a class token, a position table). */
export interface Holder extends ModuleBase {
  readonly kind: 'holder';
}

/** A composite whose forward pass the tree does not follow: its tensors are counted, its operations are not known. */
export interface Composite extends ModuleBase {
  readonly kind: 'composite';
  /** The class that it is. */
  readonly className: string;
}

/** A composite: its children's forward pass is `flow`. */
export interface Block extends ModuleBase {
  readonly kind: 'block';
  /** What it is in a reader's words: model, stack, layer, embeddings, head, pooler. */
  readonly role: BlockRole;
  readonly flow: Flow;
}

export type BlockRole = 'model' | 'stack' | 'layer' | 'embeddings' | 'head' | 'pooler' | 'part';

export type Module =
  | Linear
  | Embedding
  | Norm
  | Attention
  | Mlp
  | Experts
  | Convolution
  | Rotary
  | Holder
  | Block
  | Similarity
  | Composite
  | CausalConvolution
  | StateSpace;

/** Names as transformers' ACT2FN has them, of those that the engine can compute; others are kept by their name. */
export type Activation = string;

/** The children of a leaf: one object, so that walking knows it at a glance. */
export const NO_CHILDREN: Readonly<Record<string, Module>> = {};

export function isOperation(run: Module | Operation): run is Operation {
  return 'op' in run;
}

/** Elements of a parameter. */
export function elements(parameter: Parameter): number {
  let product = 1;
  for (const size of parameter.shape) product *= size;
  return product;
}
