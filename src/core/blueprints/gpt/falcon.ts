/** Falcon (Almazrouei et al. 2023): one or a few keys and values for all heads, parallel branches, rotary or ALiBi. */
import { activation, tie } from '../../config/common';
import { depth, nullableFlag, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, PositionScheme } from '../../model/module';
import { alibi } from '../blocks/alibi';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { parallel, parallelOneNorm, sequential } from '../blocks/residual';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

const keys = {
  vocab_size: size(65024),
  hidden_size: size(4544, { aliases: ['n_embed'], role: 'width' }),
  num_hidden_layers: depth(32),
  num_attention_heads: size(71),
  num_ln_in_parallel_attn: optionalSize(),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  num_kv_heads: optionalSize({ role: 'keyValueHeads' }),
  alibi: nullableFlag(false),
  new_decoder_architecture: nullableFlag(false),
  multi_query: nullableFlag(true),
  parallel_attn: nullableFlag(true),
  bias: nullableFlag(false),
  max_position_embeddings: size(2048),
  ffn_hidden_size: optionalSize(),
  activation: activation('gelu'),
  tie_word_embeddings: tie(true),
  ...rotaryKeys,
} as const;

/** What a layer is made of, under either generation's names. */
export interface FalconShape {
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly epsilon: number;
  readonly bias: boolean;
  readonly intermediate: number;
  readonly activation: string;
  /** Attention and feed-forward read x under one norm, under one each, or the second reads what the first wrote. */
  readonly residual: 'oneNorm' | 'twoNorms' | 'sequential';
  readonly position: PositionScheme;
}

export function falconLayer(shape: FalconShape): Block {
  const { width, heads, keyValueHeads, bias, intermediate } = shape;
  const headDim = Math.floor(width / heads);
  const norm = () => layerNorm(width, shape.epsilon);
  const self_attention = fusedAttention(
    { heads, keyValueHeads, headDim, mask: { type: 'causal' }, position: shape.position },
    {
      qkv: linear(width, (heads + 2 * keyValueHeads) * headDim, { bias }),
      output: linear(width, width, { bias }),
    },
    { qkv: 'query_key_value', output: 'dense' },
    { slices: keyValueHeads, order: 'queryKeyValue' },
  );
  const feedForward = mlp(
    shape.activation,
    { up: linear(width, intermediate, { bias }), down: linear(intermediate, width, { bias }) },
    { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
  );
  const parts = { self_attention, mlp: feedForward };
  if (shape.residual === 'oneNorm') {
    const input_layernorm = norm();
    return block('layer', { ...parts, input_layernorm }, (trace, x) =>
      parallelOneNorm(trace, x, input_layernorm, [self_attention, feedForward]),
    );
  }
  const [first, second] = [norm(), norm()];
  if (shape.residual === 'twoNorms') {
    return block('layer', { ...parts, ln_attn: first, ln_mlp: second }, (trace, x) =>
      parallel(trace, x, [first, self_attention], [second, feedForward]),
    );
  }
  const norms = { post_attention_layernorm: second, input_layernorm: first };
  return block('layer', { ...parts, ...norms }, (trace, x) =>
    sequential(trace, x, [first, self_attention], [second, feedForward]),
  );
}

function shapeOf(c: Values<typeof keys>, position: PositionScheme): FalconShape {
  const heads = c.num_attention_heads;
  const grouped = c.new_decoder_architecture === true;
  const norms = c.num_ln_in_parallel_attn ?? (grouped ? 2 : 1);
  return {
    width: c.hidden_size,
    heads,
    keyValueHeads: grouped ? (c.num_kv_heads ?? heads) : c.multi_query ? 1 : heads,
    epsilon: c.layer_norm_epsilon,
    bias: c.bias === true,
    intermediate: c.ffn_hidden_size ?? 4 * c.hidden_size,
    activation: c.activation,
    residual: !c.parallel_attn ? 'sequential' : norms === 2 ? 'twoNorms' : 'oneNorm',
    position,
  };
}

function body(c: Values<typeof keys>): Decoder {
  const headDim = Math.floor(c.hidden_size / c.num_attention_heads);
  const angles = rotary(c, {
    dim: headDim,
    defaultTheta: 10000,
    positions: c.max_position_embeddings,
  });
  // In the class's eager attention the scores get the bias twice: once with the products, once with the mask.
  const position: PositionScheme = c.alibi
    ? alibi(c.num_attention_heads, { scale: 2 * headDim ** -0.5, products: 'bfloat16' })
    : { type: 'rotary', rotary: angles };
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, () => falconLayer(shapeOf(c, position))),
      norm: layerNorm(c.hidden_size, c.layer_norm_epsilon),
      // The class computes the angles whether or not it uses them.
      rotary: angles,
    },
    { tokens: 'word_embeddings', layers: 'h', norm: 'ln_f' },
  );
}

export const falcon = family({
  modelType: 'falcon',
  keys,
  base: 'FalconModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: gptArchitectures('Falcon', {
    name: 'transformer',
    body,
    limit: (c) => (c.alibi ? undefined : c.max_position_embeddings),
    heads: [SEQUENCE, TOKEN, QUESTION],
  }),
});
