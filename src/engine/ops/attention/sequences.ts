/** Attention inside of several sequences that one layer looks at apart: the windows of a grid, the spots of patches. */
import type { Attention } from '../../../core/model/module';
import type { Context, Wanted } from '../../context';
import type { Tile } from '../../kernels/kernels';
import { tensor, type Shape, type Tensor, type Value } from '../../tensor';

/** Attention of one sequence, the `index`-th of its layer. */
export type AttendSequence = (
  module: Attention,
  inputs: readonly Value[],
  context: Context,
  path: string,
  index: number,
) => Promise<Tensor | undefined>;

/** How many sequences an input [sequences, tokens, width] holds; [tokens, width] is one. */
export function sequencesOf(x: Shape): number {
  return x.length === 3 ? x[0]! : 1;
}

/**
 * Inputs [sequences, tokens, width] → [sequences, queries, width].
 *
 * The maps of a layer are those of its first sequence's heads, then of its second's and so on.
 */
export async function inSequences(
  attend: AttendSequence,
  module: Attention,
  inputs: readonly Value[],
  context: Context,
  path: string,
): Promise<Tensor | undefined> {
  const [x, source = x] = inputs.map(tensor);
  const [sequences, queries] = [x!.shape[0]!, x!.shape[1]!];
  const keys = source!.shape[1]!;
  const wanted = context.attention(module, queries, keys, inputs);
  const out = wanted.output ? context.zeros(sequences, queries, module.output.outputs) : undefined;
  for (let index = 0; index < sequences; index++) {
    const own = wantedOf(wanted, module.heads, queries * keys, index);
    if (own === undefined) continue;
    const made = await attend(
      module,
      inputs.map((value) => sequence(tensor(value), index)),
      { ...context, attention: () => own, attended: () => {} },
      path,
      index,
    );
    if (wanted.tile !== undefined && own.tile?.filled) wanted.tile.filled = true;
    if (made !== undefined) out?.data.set(made.data, index * made.data.length);
    await context.pace.step();
  }
  context.attended();
  return out;
}

function sequence({ shape, data }: Tensor, index: number): Tensor {
  const size = data.length / shape[0]!;
  return { shape: shape.slice(1), data: data.subarray(index * size, (index + 1) * size) };
}

/** What of a layer's maps one sequence makes; undefined where nothing of it is wanted. */
function wantedOf(
  { maps, tile, output }: Wanted,
  heads: number,
  size: number,
  index: number,
): Wanted | undefined {
  const first = index * heads;
  if (maps !== undefined) return { maps: maps.subarray(first * size, (first + heads) * size), output };
  if (tile === undefined) return { output };
  const from = Math.max(tile.heads[0], first);
  const to = Math.min(tile.heads[1], first + heads);
  return from < to ? { tile: partOf(tile, from, to, first), output } : undefined;
}

/** The tile of heads [from, to), of a sequence whose first head is `first`. */
function partOf(tile: Tile, from: number, to: number, first: number): Tile {
  const head = tile.into.length / (tile.heads[1] - tile.heads[0]);
  const start = (from - tile.heads[0]) * head;
  return {
    ...tile,
    heads: [from - first, to - first],
    into: tile.into.subarray(start, start + (to - from) * head),
  };
}
