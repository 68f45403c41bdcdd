/** Rotary angles of patches on a grid: the row turns one half of the pairs, the column the other. */
import type { PositionScheme } from '../../../core/model/module';
import { RunFailure } from '../../failure';
import type { Angles } from '../rotary';

type Grid = Extract<PositionScheme, { type: 'rotaryGrid' }>;

const f32 = Math.fround;

/** Of a sequence of `length` tokens, whose last ones are the patches; those before them are not turned. */
export function gridAngles(position: Grid, headDim: number, length: number): Angles {
  const { height, width } = position;
  const before = length - height * width;
  if (before < 0) {
    throw new RunFailure('config', `positions of ${height} × ${width} patches, and ${length} tokens`);
  }
  const pairs = headDim / 2;
  const each = pairs / 2;
  const rows = frequencies(position, headDim, 0);
  const columns = frequencies(position, headDim, 1);
  const cos = new Float32Array(length * pairs).fill(1);
  const sin = new Float32Array(length * pairs);
  for (let patch = 0; patch < height * width; patch++) {
    const y = place(position, Math.floor(patch / width), height);
    const x = place(position, patch % width, width);
    for (let i = 0; i < pairs; i++) {
      const angle = i < each ? f32(y * rows[i]!) : f32(x * columns[i - each]!);
      cos[(before + patch) * pairs + i] = Math.cos(angle);
      sin[(before + patch) * pairs + i] = Math.sin(angle);
    }
  }
  return { pairs, cos, sin };
}

/** Radians a place, for each pair that an axis turns: [headDim / 4]. */
function frequencies({ theta, alternating }: Grid, headDim: number, axis: 0 | 1): Float32Array {
  return Float32Array.from({ length: headDim / 4 }, (_, i) =>
    // Of all headDim / 2 frequencies every second, or the headDim / 4 of half as many dimensions for both axes.
    alternating
      ? 1 / f32(theta ** f32((4 * i + 2 * axis) / headDim))
      : 1 / f32(theta ** f32((4 * i) / headDim)),
  );
}

/** The index along an axis, or 2π times the centre on [−1, 1]. */
function place({ places }: Grid, index: number, count: number): number {
  if (places === 'indices') return index;
  return f32(f32(2 * Math.PI) * f32(f32(2 * f32(f32(index + 0.5) / count)) - 1));
}
