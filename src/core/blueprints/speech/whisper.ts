/** Whisper (Radford et al. 2022): two convolutions over 30 seconds of a spectrogram, an encoder, a text decoder. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, flag, real, size, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, ModelInput, Module, Operation } from '../../model/module';
import { convolution, embedding, layerNorm, linear } from '../blocks/layers';
import { transformerLayer, type AttentionBias, type CrossAttention } from '../blocks/transformer';
import { family, tokenInput, type Blueprint } from '../family';
import { bartStack, type Stack } from '../seq2seq/bartStack';

const keys = {
  vocab_size: size(51865),
  num_mel_bins: size(80),
  d_model: size(384, { aliases: ['hidden_size'], role: 'width' }),
  encoder_layers: depth(4, { aliases: ['num_hidden_layers'] }),
  encoder_attention_heads: size(6, { aliases: ['num_key_value_heads', 'num_attention_heads'] }),
  encoder_ffn_dim: size(1536),
  decoder_layers: depth(4),
  decoder_attention_heads: size(6),
  decoder_ffn_dim: size(1536),
  max_source_positions: size(1500),
  max_target_positions: size(448),
  activation_function: activation('gelu'),
  use_weighted_layer_sum: flag(false),
  classifier_proj_size: size(256),
  init_std: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

const bias: AttentionBias = { query: true, key: false, value: true, output: true };
const gelu = { op: 'activation', activation: 'gelu' } as const;

/** Features [b, bins, 2·positions] → [b, positions, width]. */
function encoder(c: Config): Block {
  const width = c.d_model;
  const first = convolution(c.num_mel_bins, width, [3], { padding: [1] });
  const second = convolution(width, width, [3], { padding: [1], stride: [2] });
  const positions = embedding('positions', c.max_source_positions, width);
  const shape = {
    width,
    heads: c.encoder_attention_heads,
    intermediate: c.encoder_ffn_dim,
    activation: c.activation_function,
    norm: 'pre',
    bias,
  } as const;
  const layers = Array.from({ length: c.encoder_layers }, () => transformerLayer(shape, 'encoder', 'none'));
  const norm = layerNorm(width, 1e-5);
  const children = {
    conv1: first,
    conv2: second,
    embed_positions: positions,
    ...listed('layers', layers),
    layer_norm: norm,
  };
  const addPositions: Operation = { op: 'addTable', table: positions.weight };
  return block('stack', children, (trace, features) =>
    trace.chain(
      features,
      first,
      gelu,
      second,
      gelu,
      { op: 'patchesToTokens' },
      addPositions,
      ...layers,
      norm,
    ),
  );
}

function decoder(c: Config, cross: CrossAttention): Stack {
  const own = { ...c, max_position_embeddings: c.max_target_positions, scale_embedding: false };
  const layout = {
    norm: 'pre',
    embeddingNorm: 'none',
    finalNorm: true,
    positions: { table: 'learned', offset: 0 },
  } as const;
  return bartStack(own, layout, 'decoder', cross, undefined, { shape: { bias } });
}

function soundInput(c: Config): ModelInput {
  return {
    name: 'input_features',
    type: 'sound',
    features: c.num_mel_bins,
    featuresFirst: true,
    length: 2 * c.max_source_positions,
  };
}

function inputs(c: Config): ModelInput[] {
  return [
    soundInput(c),
    { name: 'decoder_input_ids', type: 'tokens', stream: 'decoderTokens', limit: c.max_target_positions },
  ];
}

interface Parts {
  readonly body: Block;
  readonly decoder: Stack;
}

function parts(c: Config): Parts {
  const listening = encoder(c);
  const speaking = decoder(c, 'runs');
  const body = block('model', { encoder: listening, decoder: speaking.block }, (trace, features, ids) =>
    trace.run(speaking.block, ids, trace.run(listening, features)),
  );
  return { body, decoder: speaking };
}

function head(c: Config, { embedding: table }: Stack) {
  const weight = c.tie_word_embeddings ? { weight: table.weight } : {};
  return linear(c.d_model, c.vocab_size, { bias: false, ...weight });
}

function generation(c: Config): Blueprint {
  const { body, decoder: speaking } = parts(c);
  const output = head(c, speaking);
  const root = block('model', { model: body, proj_out: output }, (trace, features, ids) =>
    trace.chain(trace.run(body, features, ids), output),
  );
  return { root, inputs: inputs(c) };
}

function causal(c: Config): Blueprint {
  const alone = decoder(c, 'idle');
  const output = head(c, alone);
  const root = block('model', { 'model.decoder': alone.block, proj_out: output }, (trace, ids) =>
    trace.chain(ids, alone.block, output),
  );
  return { root, inputs: tokenInput(c.max_target_positions) };
}

function classification(c: Config): Blueprint {
  const listening = encoder(c);
  const projector = linear(c.d_model, c.classifier_proj_size);
  const classifier = linear(c.classifier_proj_size, labels(c));
  const weights = parameter(c.encoder_layers + 1);
  const weighed: Operation[] = c.use_weighted_layer_sum
    ? [{ op: 'weighLayers', weights, last: 'output' }]
    : [];
  const children: Record<string, Module> = { encoder: listening, projector, classifier };
  const root = block(
    'model',
    children,
    (trace, features) =>
      trace.chain(features, listening, ...weighed, projector, { op: 'meanTokens' }, classifier),
    c.use_weighted_layer_sum ? { layer_weights: weights } : {},
  );
  return { root, inputs: [soundInput(c)] };
}

export const whisper = family({
  modelType: 'whisper',
  keys,
  base: 'WhisperModel',
  initializerRange: (c) => c.init_std,
  check(c, checks) {
    checks.multiple('d_model', c.d_model, 'encoder_attention_heads', c.encoder_attention_heads);
    checks.multiple('d_model', c.d_model, 'decoder_attention_heads', c.decoder_attention_heads);
  },
  architectures: {
    WhisperModel: (c) => ({ root: parts(c).body, inputs: inputs(c) }),
    WhisperForConditionalGeneration: generation,
    WhisperForCausalLM: causal,
    WhisperForAudioClassification: classification,
  },
});
