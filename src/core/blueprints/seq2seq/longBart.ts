/** BART and Pegasus for long texts: encoders whose tokens see a window (LED) or blocks (BigBird-Pegasus). */
import { any, flag, size, type Values } from '../../config/keys';
import { separateAttention } from '../blocks/attention';
import { blockSparse, blockSparseKeys } from '../blocks/blockSparse';
import { linear } from '../blocks/layers';
import { windowChecks, windowGlobal, windowsOf, withGlobals } from '../blocks/windowGlobal';
import type { Attention, MaskPattern } from '../../model/module';
import { bartFamily } from './bart';
import { bartKeys } from './bartStack';

const {
  scale_embedding: _unscaled,
  max_position_embeddings: _apart,
  ...common
} = bartKeys({
  vocabulary: 50265,
  width: 1024,
  positions: 1024,
  encoder: [12, 4096, 16],
  decoder: [12, 4096, 16],
  initializerAlias: true,
});

const ledKeys = {
  ...common,
  max_encoder_position_embeddings: size(16384),
  max_decoder_position_embeddings: size(1024),
  attention_window: any(),
} as const;

type Led = Values<typeof ledKeys>;

/** BERT's names for the parts of an encoder's attention; its output matrix stands beside them. */
function encoderAttention(
  c: { readonly d_model: number; readonly encoder_attention_heads: number },
  name: string,
  mask: MaskPattern,
  bias = true,
): Attention {
  const square = () => linear(c.d_model, c.d_model, { bias });
  return separateAttention(
    {
      place: 'encoder',
      heads: c.encoder_attention_heads,
      headDim: Math.floor(c.d_model / c.encoder_attention_heads),
      mask,
    },
    { query: square(), key: square(), value: square(), output: square() },
    { query: `${name}.query`, key: `${name}.key`, value: `${name}.value`, output: 'output' },
  );
}

/** Longformer encoder–decoder (Beltagy et al. 2020). Its classes make no token global unless their caller names one. */
export const led = bartFamily({
  modelType: 'led',
  prefix: 'LED',
  keys: ledKeys,
  layout: {
    norm: 'post',
    embeddingNorm: 'sum',
    finalNorm: false,
    positions: { table: 'learned', offset: 0 },
  },
  heads: ['generation', 'questions'],
  body: 'led',
  check: (c, checks) => windowChecks(c.attention_window, 'encoder_layers', c.encoder_layers, checks),
  stack: (c, place) => (place === 'encoder' ? windowed(c) : { rows: c.max_decoder_position_embeddings }),
  limits: (c) => [wholeWindows(c), c.max_decoder_position_embeddings],
});

function windowed(c: Led) {
  const windows = windowsOf(c.attention_window, c.encoder_layers);
  const name = 'longformer_self_attn';
  return {
    rows: c.max_encoder_position_embeddings,
    attention: (layer: number) =>
      withGlobals(encoderAttention(c, name, windowGlobal(windows[layer]!, 0)), c.d_model, name),
    filling: { op: 'padTokens', multiple: Math.max(1, ...windows) },
  } as const;
}

/** The longest sequence whose whole windows have positions. */
function wholeWindows(c: Led): number {
  const widest = Math.max(1, ...windowsOf(c.attention_window, c.encoder_layers));
  return Math.max(1, Math.floor(c.max_encoder_position_embeddings / widest) * widest);
}

/** Pegasus whose encoder has BigBird's attention (Zaheer et al. 2020); no norm of it is called after its place. */
export const bigBirdPegasus = bartFamily({
  modelType: 'bigbird_pegasus',
  prefix: 'BigBirdPegasus',
  keys: {
    ...bartKeys({
      vocabulary: 96103,
      width: 1024,
      positions: 4096,
      encoder: [16, 4096, 16],
      decoder: [16, 4096, 16],
      activation: 'gelu_new',
      scaleEmbedding: true,
    }),
    ...blockSparseKeys,
    use_bias: flag(false),
  },
  layout: {
    norm: 'pre',
    embeddingNorm: 'none',
    finalNorm: 'layernorm_embedding',
    positions: { table: 'learned', offset: 0 },
  },
  heads: ['generation', 'causal', 'classification', 'questions'],
  tiesCausalHead: false,
  stack(c, place) {
    const bias = { query: c.use_bias, key: c.use_bias, value: c.use_bias, output: c.use_bias };
    if (place === 'decoder') return { shape: { bias } };
    const sparse = blockSparse(c, 'full');
    const mask = sparse?.mask ?? { type: 'full' };
    return {
      attention: () => encoderAttention(c, 'self', mask, c.use_bias),
      ...(sparse === undefined ? {} : { filling: sparse.padding }),
    };
  },
});
