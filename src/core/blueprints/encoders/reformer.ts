/** Reformer (Kitaev et al. 2020): attention in chunks or hash buckets, reversible layers of two streams, axial positions. */
import { activation, labels, type Common } from '../../config/common';
import { any, flag, optionalDepth, real, size, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Attention, Block, Chunks, MaskPattern, Module, Operation } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { family, tokenInput, type Blueprint, type Checks } from '../family';

const keys = {
  vocab_size: size(320),
  hidden_size: size(256, { role: 'width' }),
  num_attention_heads: size(12),
  attention_head_size: size(64),
  feed_forward_size: size(512),
  hidden_act: activation('relu'),
  max_position_embeddings: size(4096),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  is_decoder: flag(false),
  attn_layers: any(),
  /** Written into saved files; as many as `attn_layers` has where it is left out. */
  num_hidden_layers: optionalDepth(),
  axial_pos_embds: flag(true),
  axial_pos_shape: any(),
  axial_pos_embds_dim: any(),
  axial_norm_std: real(1),
  local_attn_chunk_length: size(64),
  local_num_chunks_before: size(1, { min: 0 }),
  local_num_chunks_after: size(0, { min: 0 }),
  lsh_attn_chunk_length: size(64),
  lsh_num_chunks_before: size(1, { min: 0 }),
  lsh_num_chunks_after: size(0, { min: 0 }),
  num_hashes: size(1),
  num_buckets: any(),
  hash_seed: any(),
} as const;

type Config = Values<typeof keys> & Common;

type Kind = 'local' | 'lsh';

const KINDS: readonly Kind[] = ['local', 'lsh', 'local', 'lsh', 'local', 'lsh'];

function kindsOf(c: Config): readonly unknown[] {
  return Array.isArray(c.attn_layers) ? c.attn_layers : KINDS;
}

/** Of each layer. Where all of the list are one kind, layers beyond it are so too. */
function layerKinds(c: Config): Kind[] {
  const list = kindsOf(c) as Kind[];
  const count = c.num_hidden_layers ?? list.length;
  const one = new Set(list).size === 1;
  return Array.from({ length: count }, (_, layer) => (one ? list[0]! : list[layer]!));
}

function numbers(value: unknown, fallback: readonly number[]): readonly number[] {
  return Array.isArray(value) ? (value as readonly number[]) : fallback;
}

const axialShape = (c: Config) => numbers(c.axial_pos_shape, [64, 64]);
const axialWidths = (c: Config) => numbers(c.axial_pos_embds_dim, [64, 192]);

/** What fills a sequence: to a multiple of what all kinds need, where it is longer than the shortest chunk. */
function filling(c: Config): Pick<Chunks, 'multiple' | 'above'> {
  const kinds = new Set(kindsOf(c));
  const lengths = [
    ...(kinds.has('local') ? [c.local_attn_chunk_length] : []),
    ...(kinds.has('lsh') ? [c.lsh_attn_chunk_length] : []),
  ];
  return { multiple: lengths.reduce(leastCommonMultiple, 1), above: Math.min(...lengths) };
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a / divisor(a, b)) * b;
}

function maskOf(c: Config, kind: Kind): MaskPattern {
  const common = { ...filling(c), causal: c.is_decoder };
  if (kind === 'local') {
    return {
      type: 'nearChunks',
      chunk: c.local_attn_chunk_length,
      before: c.local_num_chunks_before,
      after: c.local_num_chunks_after,
      ...common,
    };
  }
  const buckets =
    typeof c.num_buckets === 'number' || Array.isArray(c.num_buckets) ? c.num_buckets : undefined;
  return {
    type: 'hashed',
    chunk: c.lsh_attn_chunk_length,
    before: c.lsh_num_chunks_before,
    after: c.lsh_num_chunks_after,
    ...common,
    rounds: c.num_hashes,
    ...(buckets === undefined ? {} : { buckets: buckets as number | readonly number[] }),
    positions: c.max_position_embeddings,
    seed: typeof c.hash_seed === 'number' ? c.hash_seed : 0,
  };
}

/** Under `self_attention` and `output`; hashing attention has one matrix for queries and keys. */
function attention(c: Config, kind: Kind): Attention {
  const inner = c.num_attention_heads * c.attention_head_size;
  const projection = () => linear(c.hidden_size, inner, { bias: false });
  const query = projection();
  const name = (own: string) => `self_attention.${own}`;
  const shape = {
    place: 'self',
    heads: c.num_attention_heads,
    headDim: c.attention_head_size,
    mask: maskOf(c, kind),
  } as const;
  const output = linear(inner, c.hidden_size, { bias: false });
  const names = { value: name('value'), output: 'output.dense' };
  return kind === 'lsh'
    ? separateAttention(
        shape,
        { query, key: query, value: projection(), output },
        { ...names, query: name('query_key'), key: name('query_key') },
      )
    : separateAttention(
        shape,
        { query, key: projection(), value: projection(), output },
        { ...names, query: name('query'), key: name('key') },
      );
}

/** Two streams side by side: first + attention(second), then second + feed-forward of that sum. */
function layer(c: Config, kind: Kind): Block {
  const width = c.hidden_size;
  const norm = () => layerNorm(width, c.layer_norm_eps);
  const parts = {
    'attention.layer_norm': norm(),
    attention: attention(c, kind),
    'feed_forward.layer_norm': norm(),
    feed_forward: mlp(
      c.hidden_act,
      { up: linear(width, c.feed_forward_size), down: linear(c.feed_forward_size, width) },
      { up: 'dense.dense', down: 'output.dense' },
    ),
  };
  return block('layer', parts, (trace, both) => {
    const first = trace.run({ op: 'slice', from: 0, to: width }, both);
    const second = trace.run({ op: 'slice', from: width, to: 2 * width }, both);
    const attended = trace.add(first, trace.chain(second, parts['attention.layer_norm'], parts.attention));
    const fed = trace.chain(attended, parts['feed_forward.layer_norm'], parts.feed_forward);
    return trace.run({ op: 'concatenate', axis: 'features' }, attended, trace.add(second, fed));
  });
}

function embeddings(c: Config): Block {
  const words = embedding('tokens', c.vocab_size, c.hidden_size);
  if (!c.axial_pos_embds) {
    const table = embedding('positions', c.max_position_embeddings, c.hidden_size);
    const children = { word_embeddings: words, 'position_embeddings.embedding': table };
    return block('embeddings', children, (trace, ids) =>
      trace.add(trace.run(words, ids), trace.chain(ids, { op: 'positions' }, table)),
    );
  }
  const shape = axialShape(c);
  const tables = axialWidths(c).map((width, axis) => ({
    ...parameter(...shape.map((side, other) => (other === axis ? side : 1)), width),
    deviation: c.axial_norm_std,
  }));
  const own = Object.fromEntries(tables.map((table, axis) => [`position_embeddings.weights.${axis}`, table]));
  return block(
    'embeddings',
    { word_embeddings: words },
    (trace, ids) => trace.chain(ids, words, { op: 'addAxial', tables }),
    own,
  );
}

function body(c: Config): Block {
  const layers = layerKinds(c).map((kind) => layer(c, kind));
  const norm = layerNorm(2 * c.hidden_size, c.layer_norm_eps);
  const encoder = block('stack', { ...listed('layers', layers), layer_norm: norm }, (trace, x) =>
    trace.chain(trace.run({ op: 'concatenate', axis: 'features' }, x, x), ...layers, norm),
  );
  const padding: Operation = { op: 'padTokens', ...filling(c) };
  const parts = { embeddings: embeddings(c), encoder };
  return block('model', parts, (trace, ids) =>
    trace.run({ op: 'fitTokens' }, trace.chain(ids, padding, parts.embeddings, encoder), ids),
  );
}

/** The longest sequence that has positions when it is filled. */
function limit(c: Config): number {
  const { multiple, above } = filling(c);
  const [rows = 1, columns = 1] = axialShape(c);
  const places = Math.min(c.max_position_embeddings, c.axial_pos_embds ? rows * columns : Infinity);
  return Math.max(1, Math.floor(places / multiple) * multiple, Math.min(above, places));
}

function withHead(name: string, headOf: (c: Config) => { readonly module: Module; readonly first: boolean }) {
  return (c: Config): Blueprint => {
    const reformer = body(c);
    const { module, first } = headOf(c);
    const children = { reformer, [name]: module };
    const root = block('model', children, (trace, ids) => {
      const x = trace.run(reformer, ids);
      return trace.run(module, first ? trace.run({ op: 'firstToken' }, x) : x);
    });
    return { root, inputs: tokenInput(limit(c)) };
  };
}

/** A matrix on both streams; a bias stands beside it that nothing adds. */
function languageHead(c: Config) {
  const decoder = linear(2 * c.hidden_size, c.vocab_size, { bias: false });
  const module = block('head', { decoder }, (trace, x) => trace.run(decoder, x), {
    bias: parameter(c.vocab_size),
  });
  return { module, first: false };
}

function classifier(c: Config) {
  const dense = linear(2 * c.hidden_size, c.hidden_size);
  const output = linear(c.hidden_size, labels(c));
  const module = block('head', { dense, out_proj: output }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: 'tanh' }, output),
  );
  return { module, first: true };
}

function check(c: Config, checks: Checks): void {
  const kinds = kindsOf(c);
  const odd = kinds.find((kind) => kind !== 'local' && kind !== 'lsh');
  if (odd !== undefined) checks.value('attn_layers', odd, 'local');
  const count = c.num_hidden_layers ?? kinds.length;
  if (count > kinds.length && new Set(kinds).size > 1) {
    checks.length('attn_layers', kinds.length, 'num_hidden_layers', count);
  }
  if (!c.axial_pos_embds) return;
  const width = axialWidths(c).reduce((sum, each) => sum + each, 0);
  if (width !== c.hidden_size) checks.length('axial_pos_embds_dim', width, 'hidden_size', c.hidden_size);
}

export const reformer = family({
  modelType: 'reformer',
  keys,
  base: 'ReformerModel',
  initializerRange: (c) => c.initializer_range,
  check,
  architectures: {
    ReformerModel: (c) => ({ root: body(c), inputs: tokenInput(limit(c)) }),
    ReformerModelWithLMHead: withHead('lm_head', languageHead),
    ReformerForMaskedLM: withHead('lm_head', languageHead),
    ReformerForSequenceClassification: withHead('classifier', classifier),
    ReformerForQuestionAnswering: withHead('qa_outputs', (c) => ({
      module: linear(2 * c.hidden_size, labels(c)),
      first: false,
    })),
  },
});
