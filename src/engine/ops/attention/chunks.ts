/** Reformer's chunks: a sequence in equal parts, whose queries look at their own and at those around it, in a ring. */
import type { Chunks } from '../../../core/model/mask';
import type { AttendTask } from '../../kernels/kernels';

/** Tokens with the padding that fills the last chunk. */
export function paddedLength({ multiple, above }: Chunks, length: number): number {
  return length > above ? Math.ceil(length / multiple) * multiple : length;
}

/** Whether there is but one chunk: then each query looks at every key. */
export function oneChunk(mask: Chunks, length: number): boolean {
  return paddedLength(mask, length) <= mask.chunk;
}

/**
 * The chunks that one of `count` looks at, in order. One may come twice, where the ring is short; and of fewer chunks
 * than a step is wide the class takes the chunk itself.
 */
export function chunksAround({ before, after }: Chunks, chunk: number, count: number): number[] {
  return Array.from({ length: before + 1 + after }, (_, i) => {
    const step = Math.abs(i - before) < count ? i - before : 0;
    return (chunk + step + count) % count;
  });
}

/** Adds the logarithm of how often a query sees a key; undefined where none is seen twice. */
export function seenTwice(mask: Chunks, keys: number): AttendTask['fill'] {
  const count = paddedLength(mask, keys) / mask.chunk;
  if (oneChunk(mask, keys) || count > mask.before + mask.after) return undefined;
  return (_, first, rows, { data, offset, stride }) => {
    for (let row = 0; row < rows; row++) {
      const around = chunksAround(mask, Math.floor((first + row) / mask.chunk), count);
      for (const chunk of new Set(around)) {
        const times = around.filter((each) => each === chunk).length;
        const end = Math.min(keys, (chunk + 1) * mask.chunk);
        for (let key = chunk * mask.chunk; key < end; key++)
          data[offset + row * stride + key]! += Math.log(times);
      }
    }
  };
}
