/** Granite 3 (IBM 2024): Llama with multipliers of embeddings, residual branches, scores and logits. SWA: windows and sinks. */
import { flag, list, nullableSize, optionalReal, optionalSize, real, type Values } from '../../config/keys';
import type { Rotary } from '../../model/module';
import { parameter } from '../../model/build';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  headDimension,
  keyValueHeads,
  preNorm,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { number, rotary } from '../blocks/rotary';
import { family, type Checks } from '../family';

const shared = {
  ...keyValueHeads,
  head_dim: optionalSize(),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  embedding_multiplier: real(1),
  logits_scaling: real(1),
  residual_multiplier: real(1),
  attention_multiplier: real(1),
} as const;

const graniteKeys = {
  ...decoderKeys({
    vocabulary: 32000,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...shared,
  rms_norm_eps: real(1e-6),
} as const;

/** What both read alike. */
type Multiplied = Omit<Values<typeof graniteKeys>, 'num_key_value_heads'>;

const parts = (c: Multiplied) => ({
  attentionBias: c.attention_bias,
  scale: c.attention_multiplier,
  scaleEmbedding: c.embedding_multiplier,
  layer: preNorm(c.residual_multiplier),
  feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
});

const heads = {
  without: GENERATION_ONLY,
  logits: (c: Multiplied) => [{ op: 'scale', by: 1 / c.logits_scaling }] as const,
};

const granite = family({
  modelType: 'granite',
  keys: graniteKeys,
  base: 'GraniteModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'Granite',
    (c: Values<typeof graniteKeys>) => rotaryDecoder(c, parts(c)),
    undefined,
    heads,
  ),
});

/** HyperCLOVA X (NAVER 2025): Granite with norms of what its branches add, and logits that are multiplied. */
const clovaKeys = {
  ...graniteKeys,
  attention_multiplier: optionalReal(),
  use_post_norm: flag(true),
} as const;

type ClovaConfig = Values<typeof clovaKeys>;

const clova = family({
  modelType: 'hyperclovax',
  keys: clovaKeys,
  base: 'HyperCLOVAXModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'HyperCLOVAX',
    (c: ClovaConfig) =>
      rotaryDecoder(c, {
        ...parts({ ...c, attention_multiplier: c.attention_multiplier ?? headDimension(c) ** -0.5 }),
        layer: residualLayer(
          {
            beforeAttention: 'input_layernorm',
            beforeFeedForward: 'post_attention_layernorm',
            ...(c.use_post_norm ? { afterAttention: 'post_norm1', afterFeedForward: 'post_norm2' } : {}),
          },
          c.residual_multiplier,
        ),
      }),
    undefined,
    { without: GENERATION_ONLY, logits: (c: ClovaConfig) => [{ op: 'scale', by: c.logits_scaling }] },
  ),
});

const windowedKeys = {
  ...decoderKeys({
    vocabulary: 100352,
    width: 2560,
    intermediate: 8192,
    layers: 24,
    heads: 20,
    positions: 8192,
    tied: true,
  }),
  ...shared,
  num_key_value_heads: nullableSize(4, { role: 'keyValueHeads' }),
  rms_norm_eps: real(1e-5),
  sliding_window: nullableSize(128),
  /** The base of each layer's angles; 0 for a layer without positions. */
  layer_rope_theta: list(),
  ...patternKeys,
} as const;

/** The class makes angles once for each base, in the order of their size. */
function layerAngles(c: Values<typeof windowedKeys>): (layer: number) => Rotary | undefined {
  const own = number(c.rope_parameters ?? {}, 'rope_theta') ?? c.rope_theta ?? 10000;
  const thetas = Array.from({ length: c.num_hidden_layers }, (_, layer) =>
    c.layer_rope_theta === undefined ? own : Number(c.layer_rope_theta[layer] ?? 0),
  );
  const bases = [...new Set(thetas)].filter((theta) => theta !== 0).sort((a, b) => a - b);
  const made = new Map(
    bases.map((theta) => [
      theta,
      rotary(c, {
        dim: headDimension(c),
        defaultTheta: theta,
        positions: c.max_position_embeddings,
        scheme: { ...c.rope_parameters, rope_theta: theta },
      }),
    ]),
  );
  return (layer) => made.get(thetas[layer]!);
}

function windowedBody(c: Values<typeof windowedKeys>): Decoder {
  const sliding = slidingLayers(c, (layer) => layer % 4 !== 0);
  const of = layerAngles(c);
  const used = new Set(Array.from({ length: c.num_hidden_layers }, (_, layer) => of(layer)));
  const all = [...used]
    .filter((each) => each !== undefined)
    .sort((a, b) => a.theta - b.theta)
    .map((each, index) => [`rotary_embs.${index}`, each] as const);
  return rotaryDecoder(c, {
    ...parts(c),
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    rotaries: { all: Object.fromEntries(all), of },
    extras: () => ({ sinks: parameter(c.num_attention_heads), sinksAfter: true }),
  });
}

function checkWindowed(c: Values<typeof windowedKeys>, checks: Checks): void {
  checkLayerTypes(c, checks);
  checks.entries('layer_rope_theta', c.layer_rope_theta, 'num_hidden_layers', c.num_hidden_layers);
}

const graniteWindowed = family({
  modelType: 'granite_swa',
  keys: windowedKeys,
  base: 'GraniteSWAModel',
  initializerRange: (c) => c.initializer_range,
  check: checkWindowed,
  architectures: decoderArchitectures('GraniteSWA', windowedBody, undefined, heads),
});

export const granites = [granite, clova, graniteWindowed] as const;
