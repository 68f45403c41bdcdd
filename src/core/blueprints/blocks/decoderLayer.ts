/** A decoder's layer: where its norms stand, and how attention and feed-forward meet the residual stream. */
import { block } from '../../model/build';
import type { Attention, Block, Experts, Mlp, Module, Norm, Operation } from '../../model/module';
import { parallelOneNorm, sequential } from './residual';

/** x + attention(norm x), then x + mlp(norm x). */
export function preNormLayer(parts: {
  readonly self_attn: Attention;
  readonly mlp: Mlp | Experts | Block;
  readonly input_layernorm: Norm;
  readonly post_attention_layernorm: Norm;
}): Block {
  return block('layer', parts, (trace, x) =>
    sequential(
      trace,
      x,
      [parts.input_layernorm, parts.self_attn],
      [parts.post_attention_layernorm, parts.mlp],
    ),
  );
}

/** Makes a layer of its parts; `norm` makes each of its norms. */
export type LayerStyle = (parts: {
  readonly self_attn: Attention;
  readonly feedForward: Mlp | Experts;
  readonly norm: () => Norm;
}) => Block;

/** Norms of a layer by the names that they have; those that are not named are not there. */
interface LayerNorms {
  readonly beforeAttention?: string;
  readonly afterAttention?: string;
  readonly beforeFeedForward?: string;
  readonly afterFeedForward?: string;
}

/**
 * x + attention, then that + feed-forward, with norms before and after each of the two.
 *
 * @param multiplier of what each of the two adds (Granite).
 */
export function residualLayer(names: LayerNorms, multiplier?: number, feedForwardName = 'mlp'): LayerStyle {
  return ({ self_attn, feedForward, norm }) => {
    const children: Record<string, Module> = { self_attn, [feedForwardName]: feedForward };
    const named = (name: string | undefined): Norm[] => {
      if (name === undefined) return [];
      const made = norm();
      children[name] = made;
      return [made];
    };
    const scaled: Operation[] =
      multiplier === undefined || multiplier === 1 ? [] : [{ op: 'scale', by: multiplier }];
    const branches = [
      [...named(names.beforeAttention), self_attn, ...named(names.afterAttention), ...scaled],
      [...named(names.beforeFeedForward), feedForward, ...named(names.afterFeedForward), ...scaled],
    ] as const;
    return block('layer', children, (trace, x) => sequential(trace, x, ...branches));
  };
}

/** Llama's: x + attention(norm x), then x + mlp(norm x). */
export const preNorm = (multiplier?: number): LayerStyle =>
  residualLayer(
    { beforeAttention: 'input_layernorm', beforeFeedForward: 'post_attention_layernorm' },
    multiplier,
  );

/** x + attention(norm x) + mlp(norm x), with one norm (Cohere, Phi). */
export const parallelLayer: LayerStyle = ({ self_attn, feedForward, norm }) => {
  const children = { self_attn, mlp: feedForward, input_layernorm: norm() };
  return block('layer', children, (trace, x) =>
    parallelOneNorm(trace, x, children.input_layernorm, [self_attn, feedForward]),
  );
};
