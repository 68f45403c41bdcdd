/** The body of ModernBERT (Warner et al. 2024) and of its decoder: pre-norm, gated, local layers between global ones. */
import { activation, tie, type Common } from '../../config/common';
import {
  any,
  depth,
  flag,
  nullableSize,
  object,
  optionalReal,
  optionalSize,
  real,
  size,
  type Values,
} from '../../config/keys';
import { block, listed } from '../../model/build';
import type {
  Attention,
  Block,
  Embedding,
  MaskPattern,
  Mlp,
  Module,
  Rotary,
  Starts,
} from '../../model/module';
import type { Checks } from '../family';
import { embedding, layerNorm, linear, mlp } from './layers';
import { rotary } from './rotary';

export const modernBertKeys = {
  vocab_size: size(50368),
  hidden_size: size(768, { role: 'width' }),
  intermediate_size: size(1152),
  num_hidden_layers: depth(22),
  num_attention_heads: size(12),
  hidden_activation: activation('gelu'),
  max_position_embeddings: size(8192),
  initializer_range: real(0.02),
  /** Deviations beyond which initial values are drawn again. */
  initializer_cutoff_factor: real(2),
  norm_eps: real(1e-5),
  norm_bias: flag(false),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  decoder_bias: flag(true),
  classifier_bias: flag(false),
  classifier_activation: activation('gelu'),
  /** Both sides together. */
  local_attention: nullableSize(128, { min: 0 }),
  layer_types: any(),
  /** Read where `layer_types` is not given: one global layer, then local ones. */
  global_attn_every_n_layers: size(3),
  /** By the type of layer; older files have one scaling and two thetas. */
  rope_parameters: object(),
  rope_scaling: object(),
  global_rope_theta: optionalReal(),
  local_rope_theta: optionalReal(),
  sliding_window: optionalSize(),
  tie_word_embeddings: tie(true),
} as const;

export type ModernBertConfig = Values<typeof modernBertKeys> & Common;

type LayerType = 'full_attention' | 'sliding_attention';

/** What each layer sees. */
function layerTypes(c: ModernBertConfig): readonly LayerType[] {
  if (Array.isArray(c.layer_types)) return c.layer_types as LayerType[];
  return Array.from({ length: c.num_hidden_layers }, (_, index) =>
    index % c.global_attn_every_n_layers === 0 ? 'full_attention' : 'sliding_attention',
  );
}

export function modernBertChecks(c: ModernBertConfig, checks: Checks): void {
  checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
  if (Array.isArray(c.layer_types)) {
    checks.length('layer_types', c.layer_types.length, 'num_hidden_layers', c.num_hidden_layers);
  }
}

/** The deviation of all weights but those that `modernBertStarts` names: that of a normal distribution cut off. */
export function modernBertDeviation(c: ModernBertConfig): number {
  return c.initializer_range * cutDeviation(c.initializer_cutoff_factor);
}

/** What adds to the residual stream starts smaller with depth. */
export function modernBertStarts(c: ModernBertConfig): Starts {
  const deviation = modernBertDeviation(c) / Math.sqrt(2 * c.num_hidden_layers);
  return [[/(\.Wo|^head\.dense|^lm_head\.dense|^decoder)\.weight$/, { deviation }]];
}

/** Standard deviation of standard normal numbers between −cut and cut. */
function cutDeviation(cut: number): number {
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const steps = 1000;
  let inside = 0;
  for (let i = 0; i < steps; i++) inside += (density(((i + 0.5) / steps) * cut) * 2 * cut) / steps;
  return Math.sqrt(1 - (2 * cut * density(cut)) / inside);
}

function angles(c: ModernBertConfig, type: LayerType): Rotary {
  const own = c.rope_parameters?.[type];
  const scheme = { ...(typeof own === 'object' ? own : {}), ...c.rope_scaling };
  const theta = type === 'full_attention' ? c.global_rope_theta : c.local_rope_theta;
  return rotary(
    { rope_parameters: scheme, rope_theta: theta, partial_rotary_factor: undefined },
    {
      dim: Math.floor(c.hidden_size / c.num_attention_heads),
      defaultTheta: type === 'full_attention' ? 160000 : 10000,
      positions: c.max_position_embeddings,
    },
  );
}

/** LayerNorm, with a bias where the config wants one. */
export function modernBertNorm(c: ModernBertConfig) {
  return layerNorm(c.hidden_size, c.norm_eps, c.norm_bias ? 'weightAndBias' : 'weight');
}

function feedForward(c: ModernBertConfig): Mlp {
  const bias = c.mlp_bias;
  const up = linear(c.hidden_size, 2 * c.intermediate_size, { bias });
  const down = linear(c.intermediate_size, c.hidden_size, { bias });
  return { ...mlp(c.hidden_activation, { up, down }, { up: 'Wi', down: 'Wo' }), fusedGate: true };
}

/** x + attention(norm x), then x + mlp(norm x); the first layer's attention has the embeddings' norm before it. */
function layer(c: ModernBertConfig, attention: Attention, first: boolean): Block {
  const norm = first ? [] : [modernBertNorm(c)];
  const mlpNorm = modernBertNorm(c);
  const feed = feedForward(c);
  const children: Record<string, Module> = {
    ...(norm[0] === undefined ? {} : { attn_norm: norm[0] }),
    attn: attention,
    mlp_norm: mlpNorm,
    mlp: feed,
  };
  return block('layer', children, (trace, x) => {
    const attended = trace.add(x, trace.chain(x, ...norm, attention));
    return trace.add(attended, trace.chain(attended, mlpNorm, feed));
  });
}

export interface ModernBertBody {
  readonly block: Block;
  readonly tokens: Embedding;
}

/**
 * @param attend makes a layer's attention of what it sees and its angles.
 * @param turns what angles are made for: all sequences at once, or each.
 */
export function modernBertBody(
  c: ModernBertConfig,
  local: MaskPattern,
  global: MaskPattern,
  attend: (mask: MaskPattern, rotary: Rotary) => Attention,
  turns: 'all' | 'each sequence',
): ModernBertBody {
  const types = layerTypes(c);
  const rotaries = new Map<LayerType, Rotary>();
  for (const type of types) {
    const made = angles(c, type);
    rotaries.set(type, turns === 'all' ? made : { ...made, perSequence: true });
  }
  const tokens = embedding('tokens', c.vocab_size, c.hidden_size);
  const norm = modernBertNorm(c);
  const layers = types.map((type, index) =>
    layer(c, attend(type === 'full_attention' ? global : local, rotaries.get(type)!), index === 0),
  );
  const last = modernBertNorm(c);
  const embeddings = block('embeddings', { tok_embeddings: tokens, norm }, (trace, ids) =>
    trace.chain(ids, tokens, norm),
  );
  const held = Object.fromEntries([...rotaries].map(([type, each]) => [`(rotary_${type})`, each]));
  const children = { embeddings, ...listed('layers', layers), final_norm: last, ...held };
  return {
    tokens,
    block: block('model', children, (trace, ids) => {
      const x = trace.run(embeddings, ids);
      for (const each of rotaries.values()) trace.run(each, x);
      return trace.chain(x, ...layers, last);
    }),
  };
}

/** norm(act(dense x)), before every output. */
export function predictionHead(c: ModernBertConfig): Block {
  const dense = linear(c.hidden_size, c.hidden_size, { bias: c.classifier_bias });
  const norm = modernBertNorm(c);
  return block('head', { dense, norm }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: c.classifier_activation }, norm),
  );
}
