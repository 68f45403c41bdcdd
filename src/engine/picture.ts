/** What an image model is given: a test picture, and names for its patches. */
import type { Token } from '../protocol/run';
import { zeros, type Tensor } from './tensor';

/**
 * A gradient to the right in the first channel, downwards in the second and so on in turns, with a bright disc in the
 * middle; values from −1 to 1, as image processors give them. [channels, height, width].
 */
export function testPicture(channels: number, height: number, width: number): Tensor {
  const picture = zeros(channels, height, width);
  const radius = Math.min(height, width) / 4;
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inDisc = Math.hypot(y - (height - 1) / 2, x - (width - 1) / 2) < radius;
        const gradient = channel % 2 === 0 ? x / Math.max(1, width - 1) : y / Math.max(1, height - 1);
        picture.data[at++] = inDisc ? 1 : 2 * gradient - 1;
      }
    }
  }
  return picture;
}

/** The test picture, moving to the right from frame to frame and coming back in from the left: [frames, channels, height, width]. */
export function testVideo(frames: number, channels: number, height: number, width: number): Tensor {
  const { data } = testPicture(channels, height, width);
  const video = zeros(frames, channels, height, width);
  for (let frame = 0; frame < frames; frame++) {
    const shift = Math.floor((frame * width) / frames);
    for (let row = 0; row < channels * height; row++) {
      const own = data.subarray(row * width, (row + 1) * width);
      const at = frame * data.length + row * width;
      video.data.set(own.subarray(width - shift), at);
      video.data.set(own.subarray(0, width - shift), at + shift);
    }
  }
  return video;
}

/** Positions of an image model's sequence: learned tokens first, then patches by row and column. */
export function patchTokens(length: number, grid: readonly [number, number] | undefined): Token[] {
  const columns = grid?.[1] ?? length;
  const learned = Math.max(0, length - (grid === undefined ? length : grid[0] * grid[1]));
  return Array.from({ length }, (_, id) => {
    const patch = id - learned;
    const text =
      patch < 0 ? `[${id === 0 ? 'CLS' : id}]` : `${Math.floor(patch / columns)},${patch % columns}`;
    return { id, text };
  });
}
