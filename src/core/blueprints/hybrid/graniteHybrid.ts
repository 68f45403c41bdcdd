/** Granite 4 (IBM 2025): layers of Mamba-2 with some of attention; experts beside a feed-forward for all. */
import { flag, list, optionalSize, real, size, any, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Module, Operation } from '../../model/module';
import { groupedQueryAttention } from '../blocks/attention';
import {
  decoder,
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  headDimension,
  type Decoder,
} from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { bambaMixer, bambaMixerKeys } from '../blocks/bambaMixer';
import { checkLayerTypes, patternKeys } from '../blocks/pattern';
import { sequential } from '../blocks/residual';
import { rotary } from '../blocks/rotary';
import { family } from '../family';
import { graniteExperts, graniteMlp } from '../moe/granite';

const keys = {
  ...decoderKeys({
    vocabulary: 32000,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...patternKeys,
  layer_types: list({ aliases: ['layers_block_type'] }),
  num_key_value_heads: optionalSize({ role: 'keyValueHeads' }),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  embedding_multiplier: real(1),
  logits_scaling: real(1),
  residual_multiplier: real(1),
  attention_multiplier: real(1),
  num_local_experts: size(8, { min: 0 }),
  num_experts_per_tok: size(2, { min: 0 }),
  shared_intermediate_size: size(1024),
  /** `rope`, or no positions. */
  position_embedding_type: any(),
  ...bambaMixerKeys,
} as const;

function body(c: Values<typeof keys>): Decoder {
  const width = c.hidden_size;
  const norm = () => rmsNorm(width, c.rms_norm_eps);
  const headDim = headDimension(c);
  const angles =
    c.position_embedding_type === 'rope'
      ? rotary(c, { dim: headDim, defaultTheta: 10000, positions: c.max_position_embeddings })
      : undefined;
  const attention = () =>
    groupedQueryAttention(
      width,
      {
        heads: c.num_attention_heads,
        keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
        headDim,
        mask: { type: 'causal' },
        scale: c.attention_multiplier,
        ...(angles === undefined ? {} : { position: { type: 'rotary', rotary: angles } }),
      },
      c.attention_bias,
    );
  const mixer = () => bambaMixer(c);
  const scaled: Operation = { op: 'scale', by: c.residual_multiplier };
  const layer = (index: number) => {
    const type = c.layer_types?.[index];
    const attends = type === 'attention' || type === 'full_attention';
    const mixing = attends ? attention() : mixer();
    const forAll = graniteMlp(width, c.shared_intermediate_size, c.hidden_act);
    const norms = { input_layernorm: norm(), post_attention_layernorm: norm() };
    const feedForward = c.num_local_experts > 0 ? graniteExperts(c, forAll) : forAll;
    const children: Record<string, Module> = {
      [attends ? 'self_attn' : 'mamba']: mixing,
      [c.num_local_experts > 0 ? '(experts)' : 'shared_mlp']: feedForward,
      ...norms,
    };
    return block('layer', children, (trace, x) =>
      sequential(
        trace,
        x,
        [norms.input_layernorm, mixing, scaled],
        [norms.post_attention_layernorm, feedForward, scaled],
      ),
    );
  };
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) => layer(index)),
    norm: norm(),
    rotary: angles ?? {},
    scaleEmbedding: c.embedding_multiplier,
  });
}

export const graniteHybrid = family({
  modelType: 'granitemoehybrid',
  keys,
  base: 'GraniteMoeHybridModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => {
    checkLayerTypes(c, checks);
    checks.multiple('mamba_n_heads', c.mamba_expand * c.hidden_size, 'mamba_n_heads', c.mamba_n_heads);
  },
  architectures: decoderArchitectures('GraniteMoeHybrid', body, undefined, {
    without: GENERATION_ONLY,
    logits: (c) => [{ op: 'scale', by: 1 / c.logits_scaling }],
  }),
});
