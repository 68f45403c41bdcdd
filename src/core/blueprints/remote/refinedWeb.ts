/** Falcon as it was first published: RefinedWebModel (7B) and RefinedWeb (40B). Their files hold an output head of its own. */
import { tie } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import type { PositionScheme } from '../../model/module';
import { alibi } from '../blocks/alibi';
import type { Decoder } from '../blocks/decoder';
import { layerNorm } from '../blocks/layers';
import { rotary } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from '../gpt/body';
import { falconLayer, type FalconShape } from '../gpt/falcon';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from '../gpt/heads';

const keys = {
  vocab_size: size(250880),
  hidden_size: size(64, { aliases: ['n_embed'], role: 'width' }),
  n_layer: depth(2, { aliases: ['num_hidden_layers'] }),
  n_head: size(8, { aliases: ['num_attention_heads'] }),
  n_head_kv: optionalSize({ role: 'keyValueHeads' }),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  bias: flag(false),
  multi_query: flag(false),
  parallel_attn: flag(false),
  alibi: flag(false),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;
type Shape = Pick<FalconShape, 'keyValueHeads' | 'residual'>;

function body(c: Config, shape: Shape): Decoder {
  const headDim = Math.floor(c.hidden_size / c.n_head);
  const angles = rotary(
    { rope_parameters: undefined, rope_theta: undefined, partial_rotary_factor: undefined },
    { dim: headDim, defaultTheta: 10000, positions: Infinity },
  );
  const position: PositionScheme = c.alibi
    ? alibi(c.n_head, { scale: headDim ** -0.5, products: 'bfloat16' })
    : { type: 'rotary', rotary: angles };
  const layer = () =>
    falconLayer({
      width: c.hidden_size,
      heads: c.n_head,
      epsilon: c.layer_norm_epsilon,
      bias: c.bias,
      intermediate: 4 * c.hidden_size,
      activation: 'gelu',
      position,
      ...shape,
    });
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.n_layer }, layer),
      norm: layerNorm(c.hidden_size, c.layer_norm_epsilon),
    },
    { tokens: 'word_embeddings', layers: 'h', norm: 'ln_f' },
  );
}

const refinedWebLike = (modelType: string, shape: (c: Config) => Shape) =>
  family({
    modelType,
    keys,
    base: 'RWModel',
    initializerRange: (c) => c.initializer_range,
    check: (c, checks) => checks.multiple('hidden_size', c.hidden_size, 'n_head', c.n_head),
    architectures: gptArchitectures('RW', {
      name: 'transformer',
      body: (c: Config) => body(c, shape(c)),
      heads: [SEQUENCE, TOKEN, QUESTION],
    }),
  });

export const refinedWeb = [
  refinedWebLike('RefinedWebModel', (c) => ({
    keyValueHeads: c.multi_query ? 1 : c.n_head,
    residual: c.parallel_attn ? 'oneNorm' : 'sequential',
  })),
  // The larger one has two norms a layer and its branches always side by side.
  refinedWebLike('RefinedWeb', (c) => ({ keyValueHeads: c.n_head_kv ?? c.n_head, residual: 'twoNorms' })),
];
