/** A pre-norm decoder with multi-head latent attention. */
import type { Values } from '../../config/keys';
import type { Attention, Block, Experts, Mlp, Rotary } from '../../model/module';
import { decoder, preNormLayer, type Decoder } from '../blocks/decoder';
import { latentLayer, type latentKeys } from '../blocks/latent';
import { rmsNorm } from '../blocks/layers';
import { rotary, type rotaryKeys } from '../blocks/rotary';

interface LatentDecoderConfig extends Values<typeof rotaryKeys>, Values<ReturnType<typeof latentKeys>> {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
}

interface LatentDecoderOptions {
  readonly feedForward: (layer: number) => Mlp | Experts | Block;
  readonly attention?: (angles: Rotary, layer: number) => Attention;
  readonly pairs?: Rotary['pairs'];
  /** In families whose default scheme reads `partial_rotary_factor` too. */
  readonly partialRotary?: number;
  readonly defaultTheta?: number;
}

export function latentDecoder(c: LatentDecoderConfig, own: LatentDecoderOptions): Decoder {
  const angles = rotary(c, {
    dim: c.qk_rope_head_dim,
    defaultTheta: own.defaultTheta ?? 10000,
    positions: c.max_position_embeddings,
    pairs: own.pairs ?? 'interleaved',
    ...(own.partialRotary === undefined ? {} : { partial: own.partialRotary }),
  });
  const norm = () => rmsNorm(c.hidden_size, c.rms_norm_eps);
  const layer = (index: number) =>
    preNormLayer({
      self_attn: own.attention?.(angles, index) ?? latentLayer(c, angles),
      mlp: own.feedForward(index),
      input_layernorm: norm(),
      post_attention_layernorm: norm(),
    });
  return decoder({
    vocabulary: c.vocab_size,
    width: c.hidden_size,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) => layer(index)),
    norm: norm(),
    rotary: angles,
  });
}
