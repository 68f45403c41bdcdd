/** Llama (Touvron et al. 2023; Llama 3: Dubey et al. 2024): pre-norm decoder, RMSNorm, rotary positions, SwiGLU, GQA. */
import { flag, optionalSize, real, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  keyValueHeads,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { family, type Checks } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 32000,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  mlp_bias: flag(false),
} as const;

const body = (c: Values<typeof keys>): Decoder =>
  rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });

interface Heads {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly head_dim?: number | undefined;
}

/** With a head_dim of its own any width is legal, whatever the classes say: 1792 with 24 heads of 128 exists. */
export function checkHeads(c: Heads, checks: Checks): void {
  if (c.head_dim !== undefined) return;
  checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
}

export const llama = family({
  modelType: 'llama',
  keys,
  base: 'LlamaModel',
  initializerRange: (c) => c.initializer_range,
  check: checkHeads,
  architectures: decoderArchitectures('Llama', body, 'transformer'),
});
