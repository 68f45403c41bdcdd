/** Rotary position embedding as configs describe it: `rope_parameters`, or the older `rope_scaling` and `rope_theta`. */
import { object, optionalReal, type Values } from '../../config/keys';
import { NO_CHILDREN, type Rotary, type RotaryScaling } from '../../model/module';

export const rotaryKeys = {
  rope_parameters: object({ aliases: ['rope_scaling'] }),
  rope_theta: optionalReal(),
  partial_rotary_factor: optionalReal(),
} as const;

/** Keys of one scheme, as they stand in the config. */
export type Scheme = Readonly<Record<string, unknown>>;

interface RotaryOptions {
  /** Rotated dimensions of a head. */
  readonly dim: number;
  readonly defaultTheta: number;
  readonly positions: number;
  readonly pairs?: Rotary['pairs'];
  /** In families whose default scheme reads `partial_rotary_factor` too: what it is where nothing says. */
  readonly partial?: number;
  /** Vectors turn the other way (nanochat). */
  readonly reversed?: boolean;
  /** The scheme, where it stands elsewhere or the class has one of its own. */
  readonly scheme?: Scheme;
}

export function rotary(config: Values<typeof rotaryKeys>, options: RotaryOptions): Rotary {
  const scheme: Scheme = options.scheme ?? config.rope_parameters ?? {};
  // The schemes that scale read it; the default one of most families does not.
  const partial =
    number(scheme, 'partial_rotary_factor') ?? config.partial_rotary_factor ?? options.partial ?? 1;
  const whole = typeName(scheme) === 'default' && options.partial === undefined;
  return {
    kind: 'rotary',
    dim: whole ? options.dim : Math.floor(options.dim * partial),
    theta: number(scheme, 'rope_theta') ?? config.rope_theta ?? options.defaultTheta,
    scaling: scaling(scheme, options.positions),
    pairs: options.pairs ?? 'half',
    ...(options.reversed === true ? { reversed: true } : {}),
    parameters: {},
    children: NO_CHILDREN,
  };
}

/** Keys of configs that keep the schemes of layers with and without a sliding window apart. */
export const layeredRotaryKeys = {
  rope_parameters: object(),
  rope_scaling: object(),
  rope_theta: optionalReal(),
  rope_local_base_freq: optionalReal(),
  partial_rotary_factor: optionalReal(),
} as const;

/**
 * Angles of layers with and without a sliding window, as Gemma 3's config nests them under the names of layer types.
 * An older file's `rope_scaling` and `rope_theta` are those of the full layers.
 */
export function layeredRotary(
  config: Values<typeof layeredRotaryKeys>,
  options: {
    readonly dim: number;
    readonly positions: number;
    readonly fullTheta: number;
    readonly slidingTheta: number;
  },
): { readonly full: Rotary; readonly sliding: Rotary } {
  const nested = (name: string): Scheme => {
    const found = config.rope_parameters?.[name];
    return typeof found === 'object' && found !== null ? (found as Scheme) : {};
  };
  const { dim, positions, fullTheta, slidingTheta } = options;
  const { partial_rotary_factor } = config;
  const of = (scheme: Scheme, theta: number | undefined, defaultTheta: number) =>
    rotary(
      { rope_parameters: scheme, rope_theta: theta, partial_rotary_factor },
      { dim, positions, defaultTheta },
    );
  return {
    full: of({ ...nested('full_attention'), ...config.rope_scaling }, config.rope_theta, fullTheta),
    sliding: of(nested('sliding_attention'), config.rope_local_base_freq, slidingTheta),
  };
}

/** Factor on the softmax scale that DeepSeek's yarn asks for (`mscale_all_dim`); 1 elsewhere. */
export function yarnScoreFactor(config: Values<typeof rotaryKeys>): number {
  const scheme: Scheme = config.rope_parameters ?? {};
  const allDim = number(scheme, 'mscale_all_dim');
  const factor = number(scheme, 'factor');
  if (typeName(scheme) === 'default' || !allDim || factor === undefined) return 1;
  return yarnMscale(factor, allDim) ** 2;
}

function typeName(scheme: Scheme): string {
  const name = scheme['rope_type'] ?? scheme['type'] ?? 'default';
  return typeof name === 'string' ? name : 'default';
}

function scaling(scheme: Scheme, positions: number): RotaryScaling {
  const name = typeName(scheme);
  const factor = number(scheme, 'factor') ?? 1;
  const originalPositions = number(scheme, 'original_max_position_embeddings') ?? positions;
  switch (name) {
    case 'default':
      return { type: 'default' };
    case 'dynamic':
      return { type: 'dynamic', factor, positions };
    case 'longrope':
      return {
        type: 'longrope',
        shortFactors: numbers(scheme, 'short_factor'),
        longFactors: numbers(scheme, 'long_factor'),
        originalPositions,
        attentionFactor: longropeAttentionFactor(scheme, positions, originalPositions),
      };
    case 'linear':
      return { type: 'linear', factor };
    case 'llama3':
      return {
        type: 'llama3',
        factor,
        lowFrequencyFactor: number(scheme, 'low_freq_factor') ?? 1,
        highFrequencyFactor: number(scheme, 'high_freq_factor') ?? 4,
        originalPositions,
      };
    case 'yarn':
      return {
        type: 'yarn',
        factor,
        betaFast: number(scheme, 'beta_fast') || 32,
        betaSlow: number(scheme, 'beta_slow') || 1,
        originalPositions,
        attentionFactor: yarnAttentionFactor(scheme, factor),
        truncate: scheme['truncate'] !== false,
      };
    default:
      return { type: 'other', name };
  }
}

function yarnAttentionFactor(scheme: Scheme, factor: number): number {
  const given = number(scheme, 'attention_factor');
  if (given !== undefined) return given;
  const mscale = number(scheme, 'mscale');
  const allDim = number(scheme, 'mscale_all_dim');
  return mscale && allDim ? yarnMscale(factor, mscale) / yarnMscale(factor, allDim) : yarnMscale(factor, 1);
}

function longropeAttentionFactor(scheme: Scheme, positions: number, originalPositions: number): number {
  const given = number(scheme, 'attention_factor');
  if (given !== undefined) return given;
  const factor = number(scheme, 'factor') ?? positions / originalPositions;
  return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
}

function yarnMscale(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

function numbers(scheme: Scheme, key: string): number[] {
  const value = scheme[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'number') : [];
}

export function number(scheme: Scheme, key: string): number | undefined {
  const value = scheme[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
