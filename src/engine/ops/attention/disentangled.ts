/** DeBERTa's positions: scores of content and distance beside those of content and content. */
import type { Attention, Linear, PositionScheme } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import { linear, vector } from '../linear';
import { norm } from '../norm';
import type { Looked } from './bias';
import { addDistanceScores, type Distances, type DistanceScores } from './distances';

type Disentangled = Extract<PositionScheme, { type: 'disentangled' }>;

const f32 = Math.fround;

/**
 * The row of a distance (query − key) in a table of 2 · span rows: as it is, or in buckets that grow beyond half the
 * span, as transformers computes them in float32.
 */
export function distanceRow({ maxDistance }: Disentangled, span: number, distance: number): number {
  const middle = Math.floor(span / 2);
  const size = Math.abs(distance);
  let place = size;
  if (maxDistance !== undefined && size > middle) {
    const all = f32(Math.log(f32((maxDistance - 1) / middle)));
    place = Math.ceil(f32(f32(f32(Math.log(f32(size / middle))) / all) * (middle - 1))) + middle;
  }
  return Math.min(2 * span - 1, Math.max(0, Math.sign(distance) * place + span));
}

export async function disentangledBias(
  { headDim, scale }: Attention,
  position: Disentangled,
  { x, source, query, key }: Looked,
  context: Context,
): Promise<Pick<AttendTask, 'fill'>> {
  const [queries, keys] = [x.shape[0]!, source.shape[0]!];
  const span = position.cut ? Math.min(position.span, Math.max(queries, keys)) : position.span;
  const rows = Int32Array.from({ length: queries + keys - 1 }, (_, i) =>
    distanceRow(position, span, queries - 1 - i),
  );
  const project = async (map: Linear): Promise<Distances> => ({
    table: await projected(position, span, map, headDim, context),
    rows,
  });
  const toPosition = position.contentToPosition ? position.key : undefined;
  const toContent = position.positionToContent ? position.query : undefined;
  const scores: DistanceScores = {
    queries,
    keys,
    headDim,
    scale,
    ...(toPosition && { query: { vectors: query, distances: await project(toPosition) } }),
    ...(toContent && { key: { vectors: key, distances: await project(toContent) } }),
  };
  return { fill: (head, first, count, into) => addDistanceScores(scores, head, first, count, into, context) };
}

/** The middle 2 · span rows of the table, normalised and projected: [2 · span, heads · headDim]. */
async function projected(
  { table, span: whole, norm: normed }: Disentangled,
  span: number,
  map: Linear,
  headDim: number,
  context: Context,
): Promise<Heads> {
  const width = table.shape[1]!;
  const all = await vector(table, context);
  const used = context.zeros(2 * span, width);
  used.data.set(all.subarray((whole - span) * width, (whole + span) * width));
  const { data, shape } = await linear(
    map,
    normed === undefined ? used : await norm(normed, used, context),
    context,
  );
  return { data, offset: 0, stride: shape[1]!, step: headDim };
}
