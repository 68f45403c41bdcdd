/** Multi-head attention in the shapes that its projections take. */
import { listed } from '../../model/build';
import type {
  Attention,
  Embedding,
  FusedLayout,
  Linear,
  MaskPattern,
  Module,
  Norm,
  Parameter,
  PositionScheme,
  Projections,
  QueryKeyNorm,
} from '../../model/module';
import { linear } from './layers';

export interface AttentionShape {
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
  /** What the family does besides: soft cap, norms of queries and keys, sinks, gate. */
  readonly extras?: Extras;
}

export type Extras = Partial<
  Pick<
    Attention,
    | 'softCap'
    | 'queryKeyNorm'
    | 'sinks'
    | 'sinksAfter'
    | 'gate'
    | 'gateActivation'
    | 'clip'
    | 'queryGrowth'
    | 'separateValues'
    | 'outputNorm'
    | 'differential'
    | 'biases'
    | 'talkingHeads'
    | 'indexer'
  >
>;

interface Names {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
}

/** Query, key and value from matrices of their own. */
export function separateAttention(
  shape: AttentionShape,
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

/** What the checkpoint calls the extras that have tensors. */
export interface ExtraNames {
  readonly queryNorm?: string;
  readonly keyNorm?: string;
  readonly sinks?: string;
  readonly gate?: string;
  readonly outputNorm?: string;
  /** Default: o_proj. */
  readonly output?: string;
  /** Norms of queries and keys stand in lists, one for each head. */
  readonly normLists?: true;
}

/** Grouped-query attention under Llama's names (q_proj, k_proj, v_proj, o_proj). */
export function groupedQueryAttention(
  width: number,
  shape: AttentionShape & { readonly keyValueHeads: number },
  bias: boolean,
  outputBias = bias,
  extraNames: ExtraNames = {},
): Attention {
  const { heads, keyValueHeads, headDim, extras = {} } = shape;
  // Such a gate is the second half of each head's query.
  const queryDim = extras.gate === 'query' ? 2 * headDim : headDim;
  const attended = separateAttention(
    shape,
    {
      query: linear(width, heads * queryDim, { bias }),
      key: linear(width, keyValueHeads * headDim, { bias }),
      value: linear(width, keyValueHeads * headDim, { bias }),
      output: linear(heads * headDim, width, { bias: outputBias }),
    },
    { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: extraNames.output ?? 'o_proj' },
  );
  return withExtras(attended, extraNames);
}

/** RMSNorm of queries and keys: of each head's vector, or of all heads of a token together. */
export function queryKeyNorm(
  norm: (width: number) => Norm,
  over: QueryKeyNorm['over'],
  sizes: { readonly heads: number; readonly keyValueHeads: number; readonly headDim: number },
  rotated = false,
): QueryKeyNorm {
  const width = (heads: number) => (over === 'head' ? sizes.headDim : heads * sizes.headDim);
  return { query: [norm(width(sizes.heads))], key: [norm(width(sizes.keyValueHeads))], over, rotated };
}

/** QK norm of each head's vector, by one norm for all heads. */
export function headNorm(norm: () => Norm, rotated = false): QueryKeyNorm {
  return { query: [norm()], key: [norm()], over: 'head', rotated };
}

/** An attention with the tensors of its extras under the names that the checkpoint has. */
export function withExtras(module: Attention, names: ExtraNames = {}): Attention {
  const { queryKeyNorm, sinks, gate, outputNorm, differential, indexer } = module;
  const children: Record<string, Module> = {
    ...module.children,
    ...normsUnder(names.queryNorm ?? 'q_norm', queryKeyNorm?.query ?? [], names.normLists),
    ...normsUnder(names.keyNorm ?? 'k_norm', queryKeyNorm?.key ?? [], names.normLists),
  };
  if (gate !== undefined && gate !== 'query') children[names.gate ?? 'gate_proj'] = gate;
  if (indexer !== undefined && indexer !== 'previous') {
    children['indexer.wq_b'] = indexer.query;
    children['indexer.wk'] = indexer.key;
    children['indexer.k_norm'] = indexer.keyNorm;
    children['indexer.weights_proj'] = indexer.weights;
  }
  if (outputNorm !== undefined) children[names.outputNorm ?? 'norm'] = outputNorm;
  const own: Record<string, Parameter> = sinks === undefined ? {} : { [names.sinks ?? 'sinks']: sinks };
  for (const [name, lambda] of Object.entries(differential?.lambdas ?? {})) own[`lambda_${name}`] = lambda;
  return { ...module, parameters: { ...module.parameters, ...own }, children };
}

/** One norm under its name, or one for each head in a list; none where they hold nothing. */
function normsUnder(name: string, norms: readonly Norm[], inList?: true): Record<string, Module> {
  const [first] = norms;
  if (first?.weight === undefined) return {};
  return inList ? listed(`${name}.norms`, norms) : { [name]: first };
}

/** Query, key and value side by side in one matrix. */
export function fusedAttention(
  shape: AttentionShape,
  parts: { readonly qkv: Linear; readonly output: Linear },
  names: { readonly qkv: string; readonly output: string },
  layout: FusedLayout = { slices: 1, order: 'queryKeyValue' },
): Attention {
  const { qkv, output } = parts;
  const children = { [names.qkv]: qkv, [names.output]: output };
  return attention(shape, shape.headDim, { type: 'fused', qkv, layout }, output, children);
}

/** torch.nn.MultiheadAttention: query, key and value in one tensor that no module of its own holds. */
export function torchAttention(width: number, heads: number, place: Attention['place']): Attention {
  const qkv = linear(width, 3 * width);
  const parameters = { in_proj_weight: qkv.weight, in_proj_bias: qkv.bias! };
  return fusedAttention(
    { place, heads, headDim: Math.floor(width / heads), mask: { type: 'full' } },
    { qkv: { ...qkv, parameters }, output: linear(width, width) },
    { qkv: '(in_proj)', output: 'out_proj' },
  );
}

/** Multi-head latent attention under DeepSeek's names. */
export function latentAttention(
  shape: AttentionShape & {
    readonly valueDim: number;
    readonly latentDim: number;
    readonly rotaryDim: number;
    readonly latentScales?: { readonly query: number; readonly keyValue: number };
  },
  parts: {
    readonly query: Linear | { readonly down: Linear; readonly norm: Norm; readonly up: Linear };
    readonly keyValueDown: Linear;
    readonly keyValueNorm: Norm;
    readonly keyValueUp: Linear;
    readonly output: Linear;
  },
): Attention {
  const { query, keyValueDown, keyValueNorm, keyValueUp, output } = parts;
  const { latentDim, rotaryDim, latentScales } = shape;
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
  const projections = {
    type: 'latent',
    query,
    keyValueDown,
    keyValueNorm,
    keyValueUp,
    latentDim,
    rotaryDim,
    ...(latentScales === undefined ? {} : { latentScales }),
  } as const;
  return withExtras(attention(shape, shape.valueDim, projections, output, children));
}

function attention(
  shape: AttentionShape,
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
    ...shape.extras,
    parameters: {},
    children,
  };
}
