/** The post-norm encoder of BERT and its kin: embeddings of tokens, positions and segments, layers, pooler, LM head. */
import { block, parameter, type Chain } from '../../model/build';
import type { Attention, Block, Embedding, Linear, Mlp, Module, ModelInput, Norm } from '../../model/module';
import type { Common } from '../../config/common';
import type { Blueprint } from '../family';
import { embedding, layerNorm, linear } from './layers';

/** What a checkpoint calls the parts of a post-norm layer. */
interface LayerNames {
  readonly attention: string;
  readonly attentionNorm: string;
  readonly mlp: string;
  readonly mlpNorm: string;
}

/** norm(x + attention x), then norm(x + mlp x). `unused` are modules that this forward pass does not run. */
export function postNormLayer(
  parts: { attention: Attention; attentionNorm: Norm; mlp: Mlp; mlpNorm: Norm },
  names: LayerNames,
  unused: Readonly<Record<string, Module>> = {},
): Block {
  const children = {
    [names.attention]: parts.attention,
    [names.attentionNorm]: parts.attentionNorm,
    ...unused,
    [names.mlp]: parts.mlp,
    [names.mlpNorm]: parts.mlpNorm,
  };
  return block('layer', children, (trace, x) => {
    const attended = trace.chain(trace.add(x, trace.run(parts.attention, x)), parts.attentionNorm);
    return trace.chain(trace.add(attended, trace.run(parts.mlp, attended)), parts.mlpNorm);
  });
}

/** Token, position and segment tables, summed and normalised: ids and segment ids [b, s] → [b, s, width]. */
export function bertEmbeddings(shape: {
  readonly vocabulary: number;
  readonly positions: number;
  readonly segments: number;
  readonly width: number;
  readonly epsilon: number;
}): { readonly block: Block; readonly tokens: Embedding } {
  const tokens = embedding('tokens', shape.vocabulary, shape.width);
  const positions = embedding('positions', shape.positions, shape.width);
  const segments = embedding('segments', shape.segments, shape.width);
  const norm = layerNorm(shape.width, shape.epsilon);
  const children = {
    word_embeddings: tokens,
    position_embeddings: positions,
    token_type_embeddings: segments,
    LayerNorm: norm,
  };
  return {
    tokens,
    block: block('embeddings', children, (trace, ids, segmentIds) => {
      const placed = trace.run(positions, trace.run({ op: 'positions' }, ids));
      const summed = trace.add(trace.run(tokens, ids), trace.run(segments, segmentIds));
      return trace.chain(trace.add(summed, placed), norm);
    }),
  };
}

/** [b, s, width] → [b, s, vocabulary]; tied, the decoder shares the token table and the head's bias. */
export function maskedLanguageHead(
  parts: {
    readonly dense: Linear;
    readonly norm: Norm;
    readonly activation: string;
    readonly tokens: Embedding;
  },
  names: { readonly dense: string; readonly norm: string },
  tied: boolean,
): Block {
  const { tokens } = parts;
  const bias = parameter(tokens.rows);
  const decoder = linear(tokens.width, tokens.rows, tied ? { bias, weight: tokens.weight } : {});
  return block(
    'head',
    { [names.dense]: parts.dense, [names.norm]: parts.norm, decoder },
    (trace, x) =>
      trace.chain(x, parts.dense, { op: 'activation', activation: parts.activation }, parts.norm, decoder),
    { bias },
  );
}

/** Token ids and segment ids. */
function segmentedInputs(limit: number): ModelInput[] {
  return [
    { name: 'input_ids', type: 'tokens', stream: 'tokens', limit },
    { name: 'token_type_ids', type: 'segments', stream: 'tokens' },
  ];
}

export interface Encoder {
  readonly block: Block;
  readonly tokens: Embedding;
  /**
   * First token → pooler, [b, s, width] → [b, 1, width], left to the heads to run; empty where the class has no
   * pooler or the body runs it itself.
   */
  readonly pooling: Chain;
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
 */
export function encoderArchitecture<C extends { readonly max_position_embeddings: number }>(
  name: string,
  body: (config: C, pooler: Pooler) => Encoder,
) {
  return (pooler: Pooler, heads: (config: C, encoder: Encoder) => EncoderHeads) =>
    (config: C): Blueprint => {
      const encoder = body(config, pooler);
      const root = withHeads(name, encoder, heads(config, encoder));
      return { root, inputs: segmentedInputs(config.max_position_embeddings) };
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

function withHeads(bodyName: string, body: Encoder, heads: EncoderHeads): Block {
  const wanted = Object.values(heads);
  if (wanted.length === 0) return body.block;
  const children = Object.fromEntries(Object.entries(heads).map(([name, { head }]) => [name, head]));
  return block('model', { [bodyName]: body.block, ...children }, (trace, ids, segments) => {
    const x = trace.run(body.block, ids, segments);
    const pooled = wanted.some(({ on }) => on === 'pooled') ? trace.chain(x, ...body.pooling) : x;
    const outputs = wanted.map(({ head, on }) => trace.run(head, on === 'tokens' ? x : pooled));
    return outputs[0]!;
  });
}
