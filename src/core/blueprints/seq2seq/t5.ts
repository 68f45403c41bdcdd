/** T5 (Raffel et al. 2019): encoder–decoder with RMSNorm, unscaled scores and one table of relative positions a stack. */
import { ACTIVATIONS, labels, type Common } from '../../config/common';
import { any, depth, optionalDepth, real, size, text, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type {
  Attention,
  Block,
  Embedding,
  Mlp,
  Module,
  ModelInput,
  PositionScheme,
} from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { embedding, linear, mlp, rmsNorm } from '../blocks/layers';
import { family, tokenInput, type Blueprint } from '../family';

const keys = {
  vocab_size: size(32128),
  d_model: size(512, { aliases: ['hidden_size'], role: 'width' }),
  d_kv: size(64, { aliases: ['head_dim'] }),
  d_ff: size(2048),
  num_layers: depth(6),
  /** Sets the encoder's depth alone: a decoder without a depth of its own has taken `num_layers` by then. */
  num_hidden_layers: optionalDepth(),
  num_decoder_layers: optionalDepth(),
  num_heads: size(8, { aliases: ['num_attention_heads'] }),
  relative_attention_num_buckets: size(32),
  relative_attention_max_distance: size(128),
  layer_norm_epsilon: real(1e-6),
  initializer_factor: real(1),
  feed_forward_proj: text('relu', [...ACTIVATIONS, ...ACTIVATIONS.map((name) => `gated-${name}`)]),
  /** Saved files carry what `feed_forward_proj` was read as; the class lets these win. */
  is_gated_act: any(),
  dense_act_fn: any(),
  /** transformers 5 ties whatever this says; an explicit false is what T5 1.1 checkpoints hold, and is counted so. */
  tie_word_embeddings: any({ role: 'tie' }),
  /** Said by files of transformers 5; before, an untied head was an unscaled one. */
  scale_decoder_outputs: any(),
} as const;

type Config = Values<typeof keys> & Common;

const tied = (c: Config): boolean => c.tie_word_embeddings !== false;

/** A matrix without bias whose initial values have the deviation 1/√n. */
const from = (c: Config, n: number) => ({ bias: false, deviation: c.initializer_factor * n ** -0.5 });

function attention(
  c: Config,
  place: Attention['place'],
  position: PositionScheme,
  table?: Embedding,
): Attention {
  const inner = c.num_heads * c.d_kv;
  // Scores are not scaled; the query's small start stands for it.
  const query = linear(c.d_model, inner, from(c, c.d_model * c.d_kv));
  return separateAttention(
    {
      place,
      heads: c.num_heads,
      headDim: c.d_kv,
      mask: { type: place === 'decoder' ? 'causal' : 'full' },
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
}

/** `relu`, or `gated-gelu`, where gelu means its tanh form as the first checkpoints had it. */
function feedForward(c: Config): Mlp {
  const parts = c.feed_forward_proj.split('-');
  const named = c.feed_forward_proj === 'gated-gelu' ? 'gelu_new' : parts[parts.length - 1]!;
  const activation = typeof c.dense_act_fn === 'string' ? c.dense_act_fn : named;
  const gated = typeof c.is_gated_act === 'boolean' ? c.is_gated_act : parts[0] === 'gated';
  const up = () => linear(c.d_model, c.d_ff, from(c, c.d_model));
  const down = linear(c.d_ff, c.d_model, from(c, c.d_ff));
  return gated
    ? mlp(activation, { gate: up(), up: up(), down }, { gate: 'wi_0', up: 'wi_1', down: 'wo' })
    : mlp(activation, { up: up(), down }, { up: 'wi', down: 'wo' });
}

/** x + attention(norm x) [+ cross attention(norm x, memory)] + mlp(norm x), under `layer.0` … `layer.2`. */
function layer(c: Config, self: Attention, cross?: Attention): Block {
  const norm = () => rmsNorm(c.d_model, c.layer_norm_epsilon);
  const sublayers: { readonly name: string; readonly run: Attention | Mlp }[] = [
    { name: 'SelfAttention', run: self },
    ...(cross === undefined ? [] : [{ name: 'EncDecAttention', run: cross }]),
    { name: 'DenseReluDense', run: feedForward(c) },
  ];
  const steps = sublayers.map(({ name, run }, index) => ({ name, run, index, norm: norm() }));
  const children: Record<string, Module> = {};
  for (const step of steps) {
    children[`layer.${step.index}.${step.name}`] = step.run;
    children[`layer.${step.index}.layer_norm`] = step.norm;
  }
  return block('layer', children, (trace, x, memory) => {
    for (const { run, norm } of steps) {
      const normed = trace.run(norm, x);
      x = trace.add(x, run === cross ? trace.run(run, normed, memory) : trace.run(run, normed));
    }
    return x;
  });
}

/** The encoder, or with `decoder` the stack that also attends to the encoder's output. */
function stack(c: Config, place: 'encoder' | 'decoder', count: number, shared: Embedding): Block {
  const { deviation } = from(c, c.d_model);
  const table = embedding('positions', c.relative_attention_num_buckets, c.num_heads, { deviation });
  const position: PositionScheme = {
    type: 'relativeBuckets',
    table: table.weight,
    buckets: c.relative_attention_num_buckets,
    maxDistance: c.relative_attention_max_distance,
    bidirectional: place === 'encoder',
  };
  const layers = Array.from({ length: count }, (_, index) =>
    layer(
      c,
      attention(c, place, position, index === 0 ? table : undefined),
      place === 'decoder' ? attention(c, 'cross', { type: 'none' }) : undefined,
    ),
  );
  const tokens = embedding('tokens', c.vocab_size, c.d_model, { weight: shared.weight });
  const norm = rmsNorm(c.d_model, c.layer_norm_epsilon);
  const children = { embed_tokens: tokens, ...listed('block', layers), final_layer_norm: norm };
  return place === 'encoder'
    ? block('stack', children, (trace, ids) => trace.chain(ids, tokens, ...layers, norm))
    : block('stack', children, (trace, ids, memory) => {
        let x = trace.run(tokens, ids);
        for (const each of layers) x = trace.run(each, x, memory);
        return trace.run(norm, x);
      });
}

interface Stacks {
  readonly shared: Embedding;
  readonly encoder: Block;
  readonly decoder: Block;
}

function stacks(c: Config): Stacks {
  const shared = embedding('tokens', c.vocab_size, c.d_model);
  return {
    shared,
    encoder: stack(c, 'encoder', c.num_hidden_layers ?? c.num_layers, shared),
    decoder: stack(c, 'decoder', c.num_decoder_layers ?? c.num_layers, shared),
  };
}

/** ids and decoder ids → hidden states of the decoder, then `after` in a chain. */
function encoderDecoder(parts: Stacks, heads: Record<string, Module> = {}, after: Chain = []): Block {
  return block('model', { ...parts, ...heads }, (trace, ids, decoderIds) => {
    const x = trace.run(parts.decoder, decoderIds, trace.run(parts.encoder, ids));
    return trace.chain(x, ...after);
  });
}

const bothInputs: ModelInput[] = [
  ...tokenInput(),
  { name: 'decoder_input_ids', type: 'tokens', stream: 'decoderTokens' },
];

function generation(c: Config): Blueprint {
  const parts = stacks(c);
  const head = linear(c.d_model, c.vocab_size, {
    bias: false,
    ...(tied(c) ? { weight: parts.shared.weight } : {}),
  });
  const scaled = typeof c.scale_decoder_outputs === 'boolean' ? c.scale_decoder_outputs : tied(c);
  const scale = scaled ? [{ op: 'scale', by: c.d_model ** -0.5 } as const] : [];
  return { root: encoderDecoder(parts, { lm_head: head }, [...scale, head]), inputs: bothInputs };
}

/** Classifies by the end-of-sequence token of the decoder, which reads the same ids, shifted by one. */
function sequenceClassification(c: Config): Blueprint {
  const dense = linear(c.d_model, c.d_model);
  const output = linear(c.d_model, labels(c));
  const transformer = encoderDecoder(stacks(c));
  const children = {
    transformer,
    'classification_head.dense': dense,
    'classification_head.out_proj': output,
  };
  const root = block('model', children, (trace, ids) =>
    trace.chain(
      trace.run(transformer, ids, ids),
      { op: 'lastToken' },
      dense,
      { op: 'activation', activation: 'tanh' },
      output,
    ),
  );
  return { root, inputs: tokenInput() };
}

function questionAnswering(c: Config): Blueprint {
  const outputs = linear(c.d_model, labels(c));
  const parts = stacks(c);
  const root = block('model', { ...parts, qa_outputs: outputs }, (trace, ids) =>
    trace.chain(trace.run(parts.decoder, ids, trace.run(parts.encoder, ids)), outputs),
  );
  return { root, inputs: tokenInput() };
}

function encoderOnly(c: Config): Block {
  const { shared, encoder } = stacks(c);
  return block('model', { shared, encoder }, (trace, ids) => trace.run(encoder, ids));
}

function tokenClassification(c: Config): Blueprint {
  const body = encoderOnly(c);
  const classifier = linear(c.d_model, labels(c));
  const root = block('model', { transformer: body, classifier }, (trace, ids) =>
    trace.chain(ids, body, classifier),
  );
  return { root, inputs: tokenInput() };
}

export const t5 = family({
  modelType: 't5',
  keys,
  base: 'T5Model',
  initializerRange: (c) => c.initializer_factor,
  architectures: {
    T5Model: (c) => ({ root: encoderDecoder(stacks(c)), inputs: bothInputs }),
    T5ForConditionalGeneration: generation,
    T5EncoderModel: (c) => ({ root: encoderOnly(c), inputs: tokenInput() }),
    T5ForSequenceClassification: sequenceClassification,
    T5ForTokenClassification: tokenClassification,
    T5ForQuestionAnswering: questionAnswering,
  },
});
