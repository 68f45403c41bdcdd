/** The families of wav2vec 2.0's kind. */
import { flag, size } from '../../config/keys';
import { waveFamily } from './wav2vec2';
import { positionConvolution, positionLayers, waveKeys, WAV2VEC2 } from './waves';
import { gatedAttentions } from './wavlm';

const wav2vec2 = waveFamily({
  modelType: 'wav2vec2',
  prefix: 'Wav2Vec2',
  body: 'wav2vec2',
  keys: waveKeys,
  convolutions: WAV2VEC2,
  adapters: ['behind', 'inside'],
  frames: true,
});

const hubert = waveFamily({
  modelType: 'hubert',
  plainProjection: true,
  prefix: 'Hubert',
  body: 'hubert',
  keys: { ...waveKeys, feat_proj_layer_norm: flag(true), conv_pos_batch_norm: flag(false) },
  convolutions: WAV2VEC2,
  adapters: ['inside'],
  frames: false,
  positions: (c) => positionConvolution(c, 1, c.conv_pos_batch_norm),
  projectionNorm: (c) => c.feat_proj_layer_norm,
});

const unispeech = waveFamily({
  modelType: 'unispeech',
  prefix: 'UniSpeech',
  body: 'unispeech',
  keys: waveKeys,
  convolutions: WAV2VEC2,
  adapters: ['inside'],
  frames: false,
});

const unispeechSat = waveFamily({
  modelType: 'unispeech-sat',
  prefix: 'UniSpeechSat',
  body: 'unispeech_sat',
  masks: true,
  keys: waveKeys,
  convolutions: WAV2VEC2,
  adapters: ['inside'],
  frames: true,
});

const wavlm = waveFamily({
  modelType: 'wavlm',
  prefix: 'WavLM',
  body: 'wavlm',
  keys: { ...waveKeys, num_buckets: size(320), max_bucket_distance: size(800) },
  convolutions: WAV2VEC2,
  adapters: ['behind'],
  frames: true,
  attentions: (c) => gatedAttentions(c, c.num_buckets, c.max_bucket_distance),
});

const data2vecAudio = waveFamily({
  modelType: 'data2vec-audio',
  prefix: 'Data2VecAudio',
  body: 'data2vec_audio',
  keys: { ...waveKeys, num_conv_pos_embeddings: size(5), conv_pos_kernel_size: size(19) },
  convolutions: WAV2VEC2,
  norms: 'layer',
  adapters: ['behind'],
  frames: true,
  stable: false,
  positions: (c) => positionLayers(c, c.conv_pos_kernel_size),
});

/** SEW (Wu et al. 2021) averages frames for its layers, and spreads what they give again. */
const sew = waveFamily({
  modelType: 'sew',
  prefix: 'SEW',
  body: 'sew',
  keys: { ...waveKeys, squeeze_factor: size(2) },
  convolutions: {
    channels: [64, 128, 128, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512],
    strides: [5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1],
    kernels: [10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1],
  },
  adapters: [],
  frames: false,
  stable: false,
  positions: (c) => positionConvolution(c, c.squeeze_factor),
  squeeze: (c) => c.squeeze_factor,
});

export const wav2vec2Kin = [wav2vec2, hubert, unispeech, unispeechSat, wavlm, data2vecAudio, sew];
