/** Granite's mixtures (IBM 2024): Mixtral with multipliers, and with a feed-forward for all tokens beside the experts. */
import { flag, optionalSize, real, size, type Values } from '../../config/keys';
import type { Experts, Mlp } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  keyValueHeads,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { linear, mlp } from '../blocks/layers';
import { family } from '../family';

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
  embedding_multiplier: real(1),
  logits_scaling: real(1),
  residual_multiplier: real(1),
  attention_multiplier: real(1),
  num_local_experts: size(8),
  num_experts_per_tok: size(2),
} as const;

const sharedKeys = { ...keys, shared_intermediate_size: size(0, { min: 0 }) } as const;

interface GraniteExperts {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly hidden_act: string;
  readonly num_local_experts: number;
  readonly num_experts_per_tok: number;
}

/** Gate and up in one matrix, under Granite's names. */
export function graniteMlp(width: number, intermediate: number, activation: string): Mlp {
  return mlp(
    activation,
    {
      up: linear(width, 2 * intermediate, { bias: false }),
      down: linear(intermediate, width, { bias: false }),
      fusedGate: true,
    },
    { up: 'input_linear', down: 'output_linear' },
  );
}

/** Experts under `block_sparse_moe`, and what runs beside them under `shared_mlp`, in the layer itself. */
export function graniteExperts(c: GraniteExperts, shared?: Mlp): Experts {
  return experts(
    {
      count: c.num_local_experts,
      active: c.num_experts_per_tok,
      width: c.hidden_size,
      intermediate: c.intermediate_size,
      activation: c.hidden_act,
    },
    { type: 'topKSoftmax' },
    {
      router: 'block_sparse_moe.router',
      experts: 'block_sparse_moe.experts',
      ...(shared === undefined ? {} : { shared: { shared_mlp: shared } }),
    },
  );
}

function body(c: Values<typeof keys>, shared = 0): Decoder {
  return rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    scale: c.attention_multiplier,
    scaleEmbedding: c.embedding_multiplier,
    layer: residualLayer(
      { beforeAttention: 'input_layernorm', beforeFeedForward: 'post_attention_layernorm' },
      c.residual_multiplier,
      '(experts)',
    ),
    feedForward: () =>
      graniteExperts(c, shared === 0 ? undefined : graniteMlp(c.hidden_size, shared, c.hidden_act)),
  });
}

const heads = {
  without: GENERATION_ONLY,
  logits: (c: Values<typeof keys>) => [{ op: 'scale', by: 1 / c.logits_scaling } as const],
};

export const graniteMoe = family({
  modelType: 'granitemoe',
  keys,
  base: 'GraniteMoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('GraniteMoe', (c: Values<typeof keys>) => body(c), undefined, heads),
});

export const graniteMoeShared = family({
  modelType: 'granitemoeshared',
  keys: sharedKeys,
  base: 'GraniteMoeSharedModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'GraniteMoeShared',
    (c: Values<typeof sharedKeys>) => body(c, c.shared_intermediate_size),
    undefined,
    heads,
  ),
});
