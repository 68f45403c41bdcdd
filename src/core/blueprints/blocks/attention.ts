/** Multi-head attention in the shapes that its projections take. */
import type {
  Attention,
  Embedding,
  FusedLayout,
  Linear,
  MaskPattern,
  Module,
  Norm,
  PositionScheme,
  Projections,
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
  readonly clip?: number;
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
  const { query, key, value, output } = parts;
  return attention(shape, shape.headDim, { type: 'separate', query, key, value }, output, children);
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
  layout: FusedLayout = { slices: 1, order: 'queryKeyValue' },
): Attention {
  const { qkv, output } = parts;
  const children = { [names.qkv]: qkv, [names.output]: output };
  return attention(shape, shape.headDim, { type: 'fused', qkv, layout }, output, children);
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
  const { query, keyValueDown, keyValueNorm, keyValueUp, output } = parts;
  const { latentDim, rotaryDim } = shape;
  const keyValue = {
    kv_a_proj_with_mqa: keyValueDown,
    kv_a_layernorm: keyValueNorm,
    kv_b_proj: keyValueUp,
    o_proj: output,
  };
  const children =
    'kind' in query
      ? { q_proj: query, ...keyValue }
      : { q_a_proj: query.down, q_a_layernorm: query.norm, q_b_proj: query.up, ...keyValue };
  return attention(
    shape,
    shape.valueDim,
    { type: 'latent', query, keyValueDown, keyValueNorm, keyValueUp, latentDim, rotaryDim },
    output,
    children,
  );
}

function attention(
  shape: Shape,
  valueDim: number,
  projections: Projections,
  output: Linear,
  children: Readonly<Record<string, Module>>,
): Attention {
  return {
    kind: 'attention',
    place: shape.place ?? 'self',
    heads: shape.heads,
    keyValueHeads: shape.keyValueHeads ?? shape.heads,
    headDim: shape.headDim,
    valueDim,
    projections,
    output,
    mask: shape.mask,
    position: shape.position ?? { type: 'none' },
    scale: shape.scale ?? shape.headDim ** -0.5,
    ...(shape.clip === undefined ? {} : { clip: shape.clip }),
    parameters: {},
    children,
  };
}
