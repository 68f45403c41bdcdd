/** Speech2Text (Wang et al. 2020): gated convolutions that halve the frames, and a Transformer over them. */
import { activation, tie, type Common } from '../../config/common';
import { any, depth, flag, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module, ModelInput, Operation } from '../../model/module';
import { convolution, layerNorm, linear } from '../blocks/layers';
import { transformerLayer } from '../blocks/transformer';
import { family, type Blueprint } from '../family';
import { bartStack, type Stack } from '../seq2seq/bartStack';
import { sizes } from './lists';

const KERNELS = [5, 5];

const keys = {
  vocab_size: size(10000),
  d_model: size(256, { aliases: ['hidden_size'], role: 'width' }),
  encoder_layers: depth(12, { aliases: ['num_hidden_layers'] }),
  encoder_attention_heads: size(4, { aliases: ['num_attention_heads'] }),
  encoder_ffn_dim: size(2048),
  decoder_layers: depth(6),
  decoder_attention_heads: size(4),
  decoder_ffn_dim: size(2048),
  activation_function: activation('relu'),
  scale_embedding: flag(true),
  max_source_positions: size(6000),
  max_target_positions: size(1024),
  num_conv_layers: size(2),
  conv_kernel_sizes: any(),
  conv_channels: size(1024),
  input_feat_per_channel: size(80),
  input_channels: size(1),
  pad_token_id: any(),
  init_std: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

const padding = (c: Config) => (typeof c.pad_token_id === 'number' ? c.pad_token_id : 1);
const featuresOf = (c: Config) => c.input_feat_per_channel * c.input_channels;

/** Features [b, t, features] → [b, t / 2 a convolution, width]. */
function subsampler(c: Config): Block {
  const kernels = sizes(c.conv_kernel_sizes, KERNELS);
  const convolutions = kernels.map((kernel, index) =>
    convolution(
      index === 0 ? featuresOf(c) : Math.floor(c.conv_channels / 2),
      index < c.num_conv_layers - 1 ? c.conv_channels : 2 * c.d_model,
      [kernel],
      { stride: [2], padding: [Math.floor(kernel / 2)] },
    ),
  );
  const steps = convolutions.flatMap((each): (Module | Operation)[] => [each, { op: 'gatedChannels' }]);
  return block('embeddings', listed('conv_layers', convolutions), (trace, features) =>
    trace.chain(features, { op: 'swapFramesAndChannels' }, ...steps, { op: 'patchesToTokens' }),
  );
}

function encoder(c: Config): Block {
  const conv = subsampler(c);
  const shape = {
    width: c.d_model,
    heads: c.encoder_attention_heads,
    intermediate: c.encoder_ffn_dim,
    activation: c.activation_function,
    norm: 'pre',
  } as const;
  const layers = Array.from({ length: c.encoder_layers }, () => transformerLayer(shape, 'encoder', 'none'));
  const norm = layerNorm(c.d_model, 1e-5);
  return block('stack', { conv, ...listed('layers', layers), layer_norm: norm }, (trace, features) => {
    const heard = trace.run(conv, features);
    const scaled = c.scale_embedding ? trace.run({ op: 'scale', by: Math.sqrt(c.d_model) }, heard) : heard;
    // Frames are told from padding by zeros and ones. A frame is a zero, which the table takes for padding if that is 0.
    const placed = trace.run({ op: 'sinusoids', width: c.d_model, first: padding(c) + 1 }, scaled);
    return trace.chain(padding(c) === 0 ? scaled : trace.add(scaled, placed), ...layers, norm);
  });
}

interface Parts {
  readonly body: Block;
  readonly decoder: Stack;
}

function parts(c: Config): Parts {
  const listening = encoder(c);
  const layout = { norm: 'pre', embeddingNorm: 'none', finalNorm: true, positions: 'sinusoids' } as const;
  const speaking = bartStack(
    { ...c, max_position_embeddings: c.max_target_positions },
    layout,
    'decoder',
    'runs',
    undefined,
    { padding: padding(c) },
  );
  const body = block('model', { encoder: listening, decoder: speaking.block }, (trace, features, ids) =>
    trace.run(speaking.block, ids, trace.run(listening, features)),
  );
  return { body, decoder: speaking };
}

function inputs(c: Config): ModelInput[] {
  return [
    { name: 'input_features', type: 'sound', features: featuresOf(c) },
    { name: 'decoder_input_ids', type: 'tokens', stream: 'decoderTokens' },
  ];
}

function generation(c: Config): Blueprint {
  const { body, decoder } = parts(c);
  const weight = c.tie_word_embeddings ? { weight: decoder.embedding.weight } : {};
  const head = linear(c.d_model, c.vocab_size, { bias: false, ...weight });
  const root = block('model', { model: body, lm_head: head }, (trace, features, ids) =>
    trace.chain(trace.run(body, features, ids), head),
  );
  return { root, inputs: inputs(c) };
}

export const speechToText = family({
  modelType: 'speech_to_text',
  keys,
  base: 'Speech2TextModel',
  initializerRange: (c) => c.init_std,
  check(c, checks) {
    const kernels = sizes(c.conv_kernel_sizes, KERNELS).length;
    checks.length('conv_kernel_sizes', kernels, 'num_conv_layers', c.num_conv_layers);
    checks.multiple('d_model', c.d_model, 'encoder_attention_heads', c.encoder_attention_heads);
    checks.multiple('d_model', c.d_model, 'decoder_attention_heads', c.decoder_attention_heads);
  },
  architectures: {
    Speech2TextModel: (c) => ({ root: parts(c).body, inputs: inputs(c) }),
    Speech2TextForConditionalGeneration: generation,
  },
});
