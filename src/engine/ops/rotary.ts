/** Rotary position embedding: frequencies by scheme, and the rotation of queries and keys. */
import type { Rotary, RotaryScaling } from '../../core/model/module';
import type { Context } from '../context';
import type { Op } from './op';

/** Angles depend on the length alone: the attention that uses them computes them. */
export const rotaryOp: Op<Rotary> = {
  shape: (_, [x]) => x!,
  run: (_, [x]) => Promise.resolve(x),
};

export function missingFromRotary({ scaling, dim }: Rotary): string | undefined {
  if (scaling.type === 'other') return `rotary scaling "${scaling.name}"`;
  return dim % 2 === 0 ? undefined : `rotary positions over ${dim} dimensions`;
}

/** Cosines and sines by position and pair: [length, dim / 2] each. */
export interface Angles {
  readonly pairs: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

const f32 = Math.fround;

/** Angles that a run has made: layers have them in common. */
const made = new WeakMap<Context, Map<Rotary, Angles>>();

/** The angles of positions 0 … length − 1, made once a run for the last length asked for. */
export function anglesOf(rotary: Rotary, length: number, context: Context): Angles {
  const own = made.get(context) ?? new Map<Rotary, Angles>();
  made.set(context, own);
  const known = own.get(rotary);
  if (known !== undefined && known.cos.length === length * known.pairs) return known;
  const table = angles(rotary, length);
  own.set(rotary, table);
  return table;
}

/** The angles of positions 0 … length − 1, rounded to float32 where transformers rounds. */
export function angles(rotary: Rotary, length: number): Angles {
  const { scaling, reversed } = rotary;
  const frequencies = inverseFrequencies(rotary, length);
  const factor = attentionFactor(scaling, length);
  const pairs = frequencies.length;
  const cos = new Float32Array(length * pairs);
  const sin = new Float32Array(length * pairs);
  for (let position = 0; position < length; position++) {
    for (let i = 0; i < pairs; i++) {
      const angle = f32(frequencies[i]! * position);
      cos[position * pairs + i] = f32(Math.cos(angle)) * factor;
      sin[position * pairs + i] = f32(Math.sin(angle)) * (reversed ? -factor : factor);
    }
  }
  return { pairs, cos, sin };
}

/** What cosines and sines are multiplied by. */
function attentionFactor(scaling: RotaryScaling, length: number): number {
  if (scaling.type === 'yarn') return scaling.attentionFactor;
  if (scaling.type !== 'longrope') return 1;
  const { attentionFactor: short, longAttentionFactor: long = short, originalPositions } = scaling;
  return length > originalPositions ? long : short;
}

/** Radians a position, for each pair: [dim / 2]. */
function inverseFrequencies({ dim, theta, scaling }: Rotary, length: number): Float32Array {
  const plain = plainFrequencies(dim, theta);
  return scaled(plain, scaling, dim, theta, length);
}

function plainFrequencies(dim: number, theta: number): Float32Array {
  return Float32Array.from({ length: dim / 2 }, (_, i) => 1 / f32(theta ** f32((2 * i) / dim)));
}

function scaled(
  plain: Float32Array,
  scaling: RotaryScaling,
  dim: number,
  theta: number,
  length: number,
): Float32Array {
  switch (scaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'dynamic': {
      const { factor, positions } = scaling;
      if (length <= positions) return plain;
      const growth = (factor * length) / positions - (factor - 1);
      return plainFrequencies(dim, theta * growth ** (dim / (dim - 2)));
    }
    case 'llama3':
      return plain.map((frequency) => llama3(frequency, scaling));
    case 'yarn':
      return yarn(plain, scaling, dim, theta);
    case 'longrope': {
      const factors = length > scaling.originalPositions ? scaling.longFactors : scaling.shortFactors;
      return plain.map((frequency, i) => frequency / (factors[i] ?? 1));
    }
    case 'other':
      throw new Error(`rotary scaling ${scaling.name}`);
  }
}

/** Long waves are slowed down by `factor`, short ones are kept, those between are blended. */
function llama3(frequency: number, scaling: Extract<RotaryScaling, { type: 'llama3' }>): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > originalPositions / low) return frequency / factor;
  if (wavelength < originalPositions / high) return frequency;
  const smooth = (originalPositions / wavelength - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** Peng et al. 2023: a ramp from kept frequencies (short waves) to interpolated ones (long waves). */
function yarn(
  plain: Float32Array,
  scaling: Extract<RotaryScaling, { type: 'yarn' }>,
  dim: number,
  theta: number,
): Float32Array {
  const { factor, betaFast, betaSlow, originalPositions, truncate } = scaling;
  const turnsAt = (turns: number): number =>
    (dim * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  let low = turnsAt(betaFast);
  let high = turnsAt(betaSlow);
  if (truncate) [low, high] = [Math.floor(low), Math.ceil(high)];
  [low, high] = [Math.max(low, 0), Math.min(high, dim - 1)];
  // As in transformers, so that equal ends divide by something.
  if (low === high) high += 0.001;
  return plain.map((frequency, i) => {
    const interpolated = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return (frequency / factor) * interpolated + frequency * (1 - interpolated);
  });
}

/**
 * Rotates `heads` vectors of each row in place. A head h of row s starts at data[s · stride + offset + h · step]; its
 * first 2 · pairs elements are rotated by the angles of position s.
 */
export function rotate(
  data: Float32Array,
  rows: number,
  layout: { readonly stride: number; readonly offset: number; readonly heads: number; readonly step: number },
  { pairs, cos, sin }: Angles,
  interleaved: boolean,
): void {
  const spread = interleaved ? 2 : 1;
  const partner = interleaved ? 1 : pairs;
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < layout.heads; head++) {
      const start = row * layout.stride + layout.offset + head * layout.step;
      for (let i = 0; i < pairs; i++) {
        const at = start + i * spread;
        const x = data[at]!;
        const y = data[at + partner]!;
        const c = cos[row * pairs + i]!;
        const s = sin[row * pairs + i]!;
        data[at] = x * c - y * s;
        data[at + partner] = y * c + x * s;
      }
    }
  }
}
