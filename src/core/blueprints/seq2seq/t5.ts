/** T5 (Raffel et al. 2019): encoder–decoder with RMSNorm, unscaled scores and one table of relative positions a stack. */
import { labels } from '../../config/common';
import { block, listed, type Chain } from '../../model/build';
import type { Attention, Block, Embedding, Mlp, Module, PositionScheme } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { embedding, linear, mlp, rmsNorm } from '../blocks/layers';
import { family, tokenInput, type Blueprint, type Family } from '../family';
import { bothInputs, classificationHead } from './bart';
import { withSummaries } from './longT5';
import { t5Keys, type LocalAttention, type Own, type T5Config } from './t5Keys';

type Config = T5Config;

const tied = (own: Own, c: Config): boolean => own.alwaysTied === true || c.tie_word_embeddings !== false;

/** A matrix without bias whose initial values have the deviation 1/√n. */
const from = (c: Config, n: number) => ({ bias: false, deviation: c.initializer_factor * n ** -0.5 });

function attention(
  c: Config,
  place: Attention['place'],
  position: PositionScheme,
  table?: Embedding,
  local?: LocalAttention,
): Attention {
  const inner = c.num_heads * c.d_kv;
  // Scores are not scaled; the query's small start stands for it.
  const query = linear(c.d_model, inner, from(c, c.d_model * c.d_kv));
  const made = separateAttention(
    {
      place,
      heads: c.num_heads,
      headDim: c.d_kv,
      mask: local?.mask ?? { type: place === 'decoder' ? 'causal' : 'full' },
      position,
      scale: 1,
    },
    {
      query,
      key: linear(c.d_model, inner, from(c, c.d_model)),
      value: linear(c.d_model, inner, from(c, c.d_model)),
      output: linear(inner, c.d_model, from(c, inner)),
    },
    { query: 'q', key: 'k', value: 'v', output: 'o' },
    table === undefined ? undefined : { name: 'relative_attention_bias', embedding: table },
  );
  return local?.summaries === undefined ? made : withSummaries(made, c, local.summaries);
}

/** `relu`, or `gated-gelu`, where gelu means its tanh form as the first checkpoints had it. */
function feedForward(own: Own, c: Config): Mlp {
  const parts = c.feed_forward_proj.split('-');
  const named = c.feed_forward_proj === 'gated-gelu' ? 'gelu_new' : parts[parts.length - 1]!;
  const activation = typeof c.dense_act_fn === 'string' ? c.dense_act_fn : (own.activation ?? named);
  const gated = typeof c.is_gated_act === 'boolean' ? c.is_gated_act : parts[0] === 'gated';
  const up = () => linear(c.d_model, c.d_ff, from(c, c.d_model));
  const down = linear(c.d_ff, c.d_model, from(c, c.d_ff));
  return gated
    ? mlp(activation, { gate: up(), up: up(), down }, { gate: 'wi_0', up: 'wi_1', down: 'wo' })
    : mlp(activation, { up: up(), down }, { up: 'wi', down: 'wo' });
}

/**
 * x + attention(norm x) [+ cross attention(norm x, memory)] + mlp(norm x), under `layer.0` … `layer.2`.
 *
 * @param alone there is no memory, and cross attention does not run.
 */
function layer(
  own: Own,
  c: Config,
  self: Attention,
  cross: Attention | undefined,
  selfName: string,
  alone: boolean,
): Block {
  const norm = () => rmsNorm(c.d_model, c.layer_norm_epsilon);
  const sublayers: { readonly name: string; readonly run: Attention | Mlp }[] = [
    { name: selfName, run: self },
    ...(cross === undefined ? [] : [{ name: 'EncDecAttention', run: cross }]),
    { name: 'DenseReluDense', run: feedForward(own, c) },
  ];
  const steps = sublayers.map(({ name, run }, index) => ({ name, run, index, norm: norm() }));
  const children: Record<string, Module> = {};
  for (const step of steps) {
    children[`layer.${step.index}.${step.name}`] = step.run;
    children[`layer.${step.index}.layer_norm`] = step.norm;
  }
  if (alone) {
    return block('layer', children, (trace, x) => {
      for (const { run, norm } of steps) if (run !== cross) x = trace.add(x, trace.chain(x, norm, run));
      return x;
    });
  }
  return block('layer', children, (trace, x, memory) => {
    for (const { run, norm } of steps) {
      const normed = trace.run(norm, x);
      x = trace.add(x, run === cross ? trace.run(run, normed, memory) : trace.run(run, normed));
    }
    return x;
  });
}

/**
 * The encoder, or with `decoder` the stack that also attends to the encoder's output.
 *
 * @param alone a decoder without an encoder.
 */
function stack(
  own: Own,
  c: Config,
  place: 'encoder' | 'decoder',
  count: number,
  shared: Embedding,
  alone = false,
): Block {
  const local = place === 'encoder' ? own.encoderAttention?.(c) : undefined;
  const layers: Block[] = [];
  let position: PositionScheme = { type: 'none' };
  for (let index = 0; index < count; index++) {
    const table = index === 0 || own.tables === 'each' ? positionTable(c) : undefined;
    if (table !== undefined) position = bucketed(c, table, place === 'encoder');
    const self = attention(c, place, position, table, local);
    const cross = place === 'decoder' ? attention(c, 'cross', { type: 'none' }) : undefined;
    layers.push(layer(own, c, self, cross, local?.name ?? 'SelfAttention', alone || cross === undefined));
  }
  const tokens = embedding('tokens', c.vocab_size, c.d_model, { weight: shared.weight });
  const norm = rmsNorm(c.d_model, c.layer_norm_epsilon);
  const children = { embed_tokens: tokens, ...listed('block', layers), final_layer_norm: norm };
  return place === 'encoder' || alone
    ? block('stack', children, (trace, ids) => trace.chain(ids, tokens, ...layers, norm))
    : block('stack', children, (trace, ids, memory) => {
        let x = trace.run(tokens, ids);
        for (const each of layers) x = trace.run(each, x, memory);
        return trace.run(norm, x);
      });
}

/** [buckets, heads]. */
function positionTable(c: Config): Embedding {
  const { deviation } = from(c, c.d_model);
  return embedding('positions', c.relative_attention_num_buckets, c.num_heads, { deviation });
}

function bucketed(c: Config, table: Embedding, bidirectional: boolean): PositionScheme {
  return {
    type: 'relativeBuckets',
    table: table.weight,
    buckets: c.relative_attention_num_buckets,
    maxDistance: c.relative_attention_max_distance,
    bidirectional,
  };
}

interface Stacks {
  readonly shared: Embedding;
  readonly encoder: Block;
  readonly decoder: Block;
}

function stacks(own: Own, c: Config): Stacks {
  const shared = embedding('tokens', c.vocab_size, c.d_model);
  return {
    shared,
    encoder: stack(own, c, 'encoder', c.num_hidden_layers ?? c.num_layers, shared),
    decoder: stack(own, c, 'decoder', c.num_decoder_layers ?? c.num_layers, shared),
  };
}

/** ids and decoder ids → hidden states of the decoder, then `after` in a chain. */
function encoderDecoder(parts: Stacks, heads: Record<string, Module> = {}, after: Chain = []): Block {
  return block('model', { ...parts, ...heads }, (trace, ids, decoderIds) => {
    const x = trace.run(parts.decoder, decoderIds, trace.run(parts.encoder, ids));
    return trace.chain(x, ...after);
  });
}

function generation(own: Own, c: Config): Blueprint {
  const parts = stacks(own, c);
  const weight = own.tiesHead !== false && tied(own, c) ? { weight: parts.shared.weight } : {};
  const head = linear(c.d_model, c.vocab_size, { bias: false, ...weight });
  const asTied =
    typeof c.scale_decoder_outputs === 'boolean' ? c.scale_decoder_outputs : c.tie_word_embeddings !== false;
  const scaled = own.scaled === 'asTied' ? asTied : own.scaled === 'asHead' && tied(own, c);
  const scale = scaled ? [{ op: 'scale', by: c.d_model ** -0.5 } as const] : [];
  return {
    root: encoderDecoder(parts, { ...own.beside?.(c), lm_head: head }, [...scale, head]),
    inputs: bothInputs(),
  };
}

/** Classifies by the end-of-sequence token of the decoder, which reads the same ids, shifted by one. */
function sequenceClassification(own: Own, c: Config): Blueprint {
  const transformer = encoderDecoder(stacks(own, c));
  const head = classificationHead(c.d_model, labels(c));
  const start = typeof c.decoder_start_token_id === 'number' ? c.decoder_start_token_id : 0;
  const shift = { op: 'shiftRight', start } as const;
  const root = block('model', { transformer, classification_head: head }, (trace, ids) =>
    trace.chain(trace.run(transformer, ids, trace.run(shift, ids)), { op: 'lastToken' }, head),
  );
  return { root, inputs: tokenInput() };
}

function questionAnswering(own: Own, c: Config): Blueprint {
  const outputs = linear(c.d_model, labels(c));
  return {
    root: encoderDecoder(stacks(own, c), { qa_outputs: outputs }, [outputs]),
    inputs: bothInputs(),
  };
}

function encoderOnly(own: Own, c: Config): Block {
  const shared = embedding('tokens', c.vocab_size, c.d_model);
  const place = c.is_decoder ? 'decoder' : 'encoder';
  const encoder = stack(own, c, place, c.num_hidden_layers ?? c.num_layers, shared, true);
  return block('model', { shared, encoder }, (trace, ids) => trace.run(encoder, ids));
}

function tokenClassification(own: Own, c: Config): Blueprint {
  const body = encoderOnly(own, c);
  const classifier = linear(c.d_model, labels(c));
  const root = block('model', { transformer: body, classifier }, (trace, ids) =>
    trace.chain(ids, body, classifier),
  );
  return { root, inputs: tokenInput() };
}

type Build = (config: Config) => Blueprint;

export function t5Family(own: Own): Family {
  const { prefix } = own;
  const base: Record<string, Build> = {
    [`${prefix}Model`]: (c) => ({ root: encoderDecoder(stacks(own, c)), inputs: bothInputs() }),
    [`${prefix}EncoderModel`]: (c) => ({ root: encoderOnly(own, c), inputs: tokenInput() }),
  };
  const heads: Record<string, Build> = {
    [`${prefix}ForSequenceClassification`]: (c) => sequenceClassification(own, c),
    [`${prefix}ForTokenClassification`]: (c) => tokenClassification(own, c),
    [`${prefix}ForQuestionAnswering`]: (c) => questionAnswering(own, c),
  };
  return family({
    modelType: own.modelType,
    keys: { ...t5Keys(own), ...own.keys },
    base: own.heads === 'generation' ? `${prefix}ForConditionalGeneration` : `${prefix}Model`,
    initializerRange: (c) => c.initializer_factor,
    architectures: {
      ...(own.heads === 'generation' ? {} : base),
      [`${prefix}ForConditionalGeneration`]: (c) => generation(own, c),
      ...(own.heads === 'all' ? heads : {}),
    },
  });
}
