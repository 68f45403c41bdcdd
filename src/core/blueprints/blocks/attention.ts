/** Multi-head attention in the shapes that its projections take. */
import type {
  Attention,
  Embedding,
  Linear,
  MaskPattern,
  Module,
  Norm,
  PositionScheme,
} from '../../model/module';
import { linear } from './layers';

interface Shape {
  readonly place?: Attention['place'];
  readonly heads: number;
  /** Default: as many as heads. */
  readonly keyValueHeads?: number;
  readonly headDim: number;
  readonly mask: MaskPattern;
  readonly position?: PositionScheme;
  /** Default: 1/√headDim. */
  readonly scale?: number;
}

interface Names {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
}

/** Query, key and value from matrices of their own. */
export function separateAttention(
  shape: Shape,
  parts: { readonly query: Linear; readonly key: Linear; readonly value: Linear; readonly output: Linear },
  names: Names,
  /** T5's table of relative positions, in the one layer that holds it. */
  table?: { readonly name: string; readonly embedding: Embedding },
): Attention {
  const children: Record<string, Module> = {
    [names.query]: parts.query,
    [names.key]: parts.key,
    [names.value]: parts.value,
    [names.output]: parts.output,
  };
  if (table !== undefined) children[table.name] = table.embedding;
  return {
    ...common(shape),
    valueDim: shape.headDim,
    projections: { type: 'separate', query: parts.query, key: parts.key, value: parts.value },
    output: parts.output,
    children,
  };
}

/** Grouped-query attention under Llama's names (q_proj, k_proj, v_proj, o_proj). */
export function groupedQueryAttention(
  width: number,
  shape: Shape & { readonly keyValueHeads: number },
  bias: boolean,
  outputBias = bias,
): Attention {
  const { heads, keyValueHeads, headDim } = shape;
  return separateAttention(
    shape,
    {
      query: linear(width, heads * headDim, { bias }),
      key: linear(width, keyValueHeads * headDim, { bias }),
      value: linear(width, keyValueHeads * headDim, { bias }),
      output: linear(heads * headDim, width, { bias: outputBias }),
    },
    { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'o_proj' },
  );
}

/** Query, key and value side by side in one matrix. */
export function fusedAttention(
  shape: Shape,
  parts: { readonly qkv: Linear; readonly output: Linear },
  names: { readonly qkv: string; readonly output: string },
): Attention {
  return {
    ...common(shape),
    valueDim: shape.headDim,
    projections: { type: 'fused', qkv: parts.qkv },
    output: parts.output,
    children: { [names.qkv]: parts.qkv, [names.output]: parts.output },
  };
}

/** Multi-head latent attention under DeepSeek's names. */
export function latentAttention(
  shape: Shape & { readonly valueDim: number; readonly latentDim: number; readonly rotaryDim: number },
  parts: {
    readonly query: Linear | { readonly down: Linear; readonly norm: Norm; readonly up: Linear };
    readonly keyValueDown: Linear;
    readonly keyValueNorm: Norm;
    readonly keyValueUp: Linear;
    readonly output: Linear;
  },
): Attention {
  const { query, output, ...keyValue } = parts;
  const queries: Record<string, Module> =
    'kind' in query
      ? { q_proj: query }
      : { q_a_proj: query.down, q_a_layernorm: query.norm, q_b_proj: query.up };
  return {
    ...common(shape),
    valueDim: shape.valueDim,
    projections: {
      type: 'latent',
      query,
      ...keyValue,
      latentDim: shape.latentDim,
      rotaryDim: shape.rotaryDim,
    },
    output,
    children: {
      ...queries,
      kv_a_proj_with_mqa: parts.keyValueDown,
      kv_a_layernorm: parts.keyValueNorm,
      kv_b_proj: parts.keyValueUp,
      o_proj: output,
    },
  };
}

function common(shape: Shape) {
  return {
    kind: 'attention',
    place: shape.place ?? 'self',
    heads: shape.heads,
    keyValueHeads: shape.keyValueHeads ?? shape.heads,
    headDim: shape.headDim,
    mask: shape.mask,
    position: shape.position ?? { type: 'none' },
    scale: shape.scale ?? shape.headDim ** -0.5,
    parameters: {},
  } as const;
}
