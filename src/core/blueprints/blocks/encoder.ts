/** The post-norm encoder of BERT and its kin: embeddings of tokens, positions and segments, layers, pooler, LM head. */
import { block, parameter, type Chain, type Trace } from '../../model/build';
import type { Block, BlockRole, Embedding, Linear, Module, ModelInput, Norm, Wire } from '../../model/module';
import { labels, type Common } from '../../config/common';
import type { Blueprint } from '../family';
import { embedding, layerNorm, linear } from './layers';

/** What a checkpoint calls the parts of a layer. */
export interface LayerNames {
  readonly attention: string;
  readonly attentionNorm: string;
  readonly mlp: string;
  readonly mlpNorm: string;
}

interface LayerParts {
  readonly attention: Module;
  readonly attentionNorm: Norm;
  readonly mlp: Module;
  readonly mlpNorm: Norm;
}

/** norm(x + attention x), then norm(x + mlp x). `unused` are modules that this forward pass does not run. */
export function postNormLayer(
  parts: LayerParts,
  names: LayerNames,
  unused: Readonly<Record<string, Module>> = {},
): Block {
  return block('layer', layerChildren(parts, names, unused), (trace, x) => {
    const attended = trace.chain(trace.add(x, trace.run(parts.attention, x)), parts.attentionNorm);
    return trace.chain(trace.add(attended, trace.run(parts.mlp, attended)), parts.mlpNorm);
  });
}

/** x + attention(norm x), then x + mlp(norm x). */
export function preNormLayer(
  parts: LayerParts,
  names: LayerNames,
  unused: Readonly<Record<string, Module>> = {},
): Block {
  return block('layer', layerChildren(parts, names, unused), (trace, x) => {
    const attended = trace.add(x, trace.chain(x, parts.attentionNorm, parts.attention));
    return trace.add(attended, trace.chain(attended, parts.mlpNorm, parts.mlp));
  });
}

function layerChildren(
  parts: LayerParts,
  names: LayerNames,
  unused: Readonly<Record<string, Module>>,
): Record<string, Module> {
  return {
    [names.attention]: parts.attention,
    [names.attentionNorm]: parts.attentionNorm,
    ...unused,
    [names.mlp]: parts.mlp,
    [names.mlpNorm]: parts.mlpNorm,
  };
}

/** A block that takes as many inputs as `inner`, which it runs. */
export function likeInputs(
  role: BlockRole,
  inner: Block,
  children: Readonly<Record<string, Module>>,
  forward: (trace: Trace, inputs: readonly Wire[]) => Wire,
): Block {
  return inner.flow.inputs.length === 1
    ? block(role, children, (trace, ids) => forward(trace, [ids]))
    : block(role, children, (trace, ids, segments) => forward(trace, [ids, segments]));
}

/** What turns ids into vectors, and its table of tokens, which an output head may share. */
export interface Embeddings {
  readonly block: Block;
  readonly tokens: Embedding;
}

/** A table whose ids a class takes as zero when they are not given: tasks, sides of bounding boxes. */
export interface ZeroTable {
  readonly name: string;
  readonly rows: number;
  /** Look-ups in it: two for a table of left and right sides. */
  readonly uses?: number;
}

export interface TableShape {
  readonly vocabulary: number;
  /** Rows of the table of positions; none where positions come in another way. */
  readonly positions?: number;
  readonly segments?: number;
  readonly width: number;
  readonly epsilon: number;
  /** Row of the first position. */
  readonly offset?: number;
  /** Ids that are not counted and get the row before the first position's. */
  readonly padding?: number;
  readonly more?: readonly ZeroTable[];
  /** Factor on the tokens' vectors. */
  readonly scale?: number;
  /** What the sum passes; a LayerNorm under `LayerNorm`, where not given. */
  readonly after?: readonly Named[];
}

/** A module under a name. */
export interface Named {
  readonly name: string;
  readonly module: Module;
}

/**
 * Token, position and segment tables, summed and normalised: ids and segment ids [b, s] → [b, s, width].
 *
 * Without segments it takes ids alone.
 */
export function bertEmbeddings(shape: TableShape): Embeddings {
  const { vocabulary, width, offset = 0, more = [], padding } = shape;
  const counted = { op: 'positions', ...(padding === undefined ? {} : { padding }) } as const;
  const tokens = embedding('tokens', vocabulary, width);
  const positions =
    shape.positions === undefined ? undefined : embedding('positions', shape.positions, width, { offset });
  const segments = shape.segments === undefined ? undefined : embedding('segments', shape.segments, width);
  const others = more.map(({ name, rows, uses = 1 }) => ({
    name,
    uses,
    table: embedding('positions', rows, width),
  }));
  const after = shape.after ?? [{ name: 'LayerNorm', module: layerNorm(width, shape.epsilon) }];
  const children: Record<string, Module> = { word_embeddings: tokens };
  if (positions !== undefined) children['position_embeddings'] = positions;
  if (segments !== undefined) children['token_type_embeddings'] = segments;
  for (const { name, table } of others) children[name] = table;
  for (const { name, module } of after) children[name] = module;
  const sum = (trace: Trace, ids: Wire, segmentIds?: Wire): Wire => {
    let x = trace.run(tokens, ids);
    if (shape.scale !== undefined) x = trace.run({ op: 'scale', by: shape.scale }, x);
    if (segments !== undefined) x = trace.add(x, trace.run(segments, segmentIds!));
    if (positions !== undefined) {
      x = trace.add(x, trace.run(positions, trace.run(counted, ids)));
    }
    for (const { table, uses } of others) {
      for (let use = 0; use < uses; use++) x = trace.add(x, trace.chain(ids, { op: 'zeros' }, table));
    }
    return trace.chain(x, ...after.map(({ module }) => module));
  };
  return {
    tokens,
    block:
      segments === undefined
        ? block('embeddings', children, (trace, ids) => sum(trace, ids))
        : block('embeddings', children, (trace, ids, segmentIds) => sum(trace, ids, segmentIds)),
  };
}

/**
 * [b, s, width] → [b, s, vocabulary]; tied, the decoder shares the token table.
 *
 * @param names a bias beside the decoder, which a tied decoder takes for its own, or `decoder` for its own alone.
 */
export function maskedLanguageHead(
  parts: {
    readonly dense: Linear;
    readonly norm: Norm;
    readonly activation: string;
    readonly tokens: Embedding;
  },
  names: {
    readonly dense: string;
    readonly norm: string;
    readonly decoder?: string;
    readonly bias?: 'beside' | 'own';
  },
  tied: boolean,
): Block {
  const { tokens } = parts;
  const bias = parameter(tokens.rows);
  const beside = names.bias !== 'own';
  const shared = tied ? { weight: tokens.weight, ...(beside ? { bias } : {}) } : {};
  const decoder = linear(tokens.width, tokens.rows, shared);
  const children = {
    [names.dense]: parts.dense,
    [names.norm]: parts.norm,
    [names.decoder ?? 'decoder']: decoder,
  };
  return block(
    'head',
    children,
    (trace, x) =>
      trace.chain(x, parts.dense, { op: 'activation', activation: parts.activation }, parts.norm, decoder),
    beside ? { bias } : {},
  );
}

/** Token ids, and segment ids where the body takes them. */
function inputsOf(body: Block, limit: number): ModelInput[] {
  const inputs: ModelInput[] = [
    { name: 'input_ids', type: 'tokens', stream: 'tokens', limit },
    { name: 'token_type_ids', type: 'segments', stream: 'tokens' },
  ];
  return inputs.slice(0, body.flow.inputs.length);
}

export interface Encoder {
  readonly block: Block;
  readonly tokens: Embedding;
  /**
   * First token → pooler, [b, s, width] → [b, 1, width], left to the heads to run; empty where the class has no
   * pooler or the body runs it itself.
   */
  readonly pooling: Chain;
  /** The longest sequence, where it is not `max_position_embeddings`. */
  readonly limit?: number;
}

/** A head and what it reads: every token, or the pooled first one. */
export interface EncoderHead {
  readonly head: Module;
  readonly on: 'tokens' | 'pooled';
}

/** Heads by the names that they have in the checkpoint. */
export type EncoderHeads = Readonly<Record<string, EncoderHead>>;

/** Whether a class has a pooler, and who runs it: the body itself, or the head that reads it. */
export type Pooler = 'none' | 'runs' | 'forHead';

/**
 * Makes the classes of an encoder family: a body, and heads by the names that they have in the checkpoint. The first
 * head's output is the model's; without heads the body is the model.
 *
 * @param name what the classes with heads call the body: `bert`.
 * @param order whether a head or the body comes first, and so owns what both share.
 */
export function encoderArchitecture<C extends { readonly max_position_embeddings: number }>(
  name: string,
  body: (config: C, pooler: Pooler) => Encoder,
  order: 'body first' | 'heads first' = 'body first',
) {
  return (pooler: Pooler, heads: (config: C, encoder: Encoder) => EncoderHeads) =>
    (config: C): Blueprint => {
      const encoder = body(config, pooler);
      const root = withHeads(name, encoder, heads(config, encoder), order);
      return { root, inputs: inputsOf(root, Math.max(1, encoder.limit ?? config.max_position_embeddings)) };
    };
}

interface HeadConfig extends Common {
  readonly hidden_size: number;
}

/** One linear head under `name`, on every token or on the pooled first one. */
export function linearHead(name: string, on: EncoderHead['on'], outputs: (config: HeadConfig) => number) {
  return (config: HeadConfig): EncoderHeads => ({
    [name]: { head: linear(config.hidden_size, outputs(config)), on },
  });
}

/** [b, s, width] → [b, 1, labels]: the first token through a matrix, an activation and the labels' matrix. */
export function firstTokenClassifier<C extends HeadConfig>(
  name: string,
  activation: string | ((config: C) => string),
  names: { readonly dense: string; readonly output: string } = { dense: 'dense', output: 'out_proj' },
  outputs: (config: C) => number = labels,
) {
  return (config: C): EncoderHeads => {
    const dense = linear(config.hidden_size, config.hidden_size);
    const output = linear(config.hidden_size, outputs(config));
    const between = typeof activation === 'string' ? activation : activation(config);
    const head = block('head', { [names.dense]: dense, [names.output]: output }, (trace, x) =>
      trace.chain(x, { op: 'firstToken' }, dense, { op: 'activation', activation: between }, output),
    );
    return { [name]: { head, on: 'tokens' } };
  };
}

function withHeads(
  bodyName: string,
  body: Encoder,
  heads: EncoderHeads,
  order: 'body first' | 'heads first',
): Block {
  const wanted = Object.values(heads);
  if (wanted.length === 0) return body.block;
  const after = Object.fromEntries(Object.entries(heads).map(([name, { head }]) => [name, head]));
  const own = { [bodyName]: body.block };
  const children = order === 'body first' ? { ...own, ...after } : { ...after, ...own };
  return likeInputs('model', body.block, children, (trace, inputs) => {
    const x = trace.run(body.block, ...inputs);
    const pooled = wanted.some(({ on }) => on === 'pooled') ? trace.chain(x, ...body.pooling) : x;
    const outputs = wanted.map(({ head, on }) => trace.run(head, on === 'tokens' ? x : pooled));
    return outputs[0]!;
  });
}
