/** What positions cost inside of attention. */
import type { Attention, Module } from '../model/module';
import type { Value } from './shapes';

/**
 * Runs the linear maps that positions and the mixing of heads need; a bias of offsets is made once a pass, whatever
 * the batch.
 *
 * @returns factors of the products of content and distance, where there are any.
 */
export function positionProducts(
  module: Attention,
  x: Value,
  run: (module: Module, inputs: readonly Value[]) => Value,
): readonly number[] | undefined {
  const { position, heads, headDim, talkingHeads } = module;
  const [batch = 1, length = 1] = x.shape;
  if (talkingHeads !== undefined) {
    const pairs: Value = { ...x, shape: [batch, length, length, heads], gradient: true };
    run(talkingHeads.scores, [pairs]);
    run(talkingHeads.weights, [pairs]);
  }
  switch (position.type) {
    case 'relativeBuckets':
      if (position.gate !== undefined) {
        run(position.gate.project, [{ ...x, shape: [batch, heads, length, headDim] }]);
      }
      return undefined;
    case 'continuousGrid': {
      const side = 2 * position.window - 1;
      const offsets: Value = { shape: [side, side, 2], gradient: false, cached: false };
      run(position.output, [run(position.hidden, [offsets])]);
      return undefined;
    }
    case 'disentangled': {
      if (x.cached) return undefined;
      const span = position.cut ? Math.min(length, position.span) : position.span;
      const width = position.table.shape[1] ?? 1;
      const distances: Value = { shape: [1, 2 * span, width], gradient: true, cached: false };
      if (position.key !== undefined) run(position.key, [distances]);
      if (position.query !== undefined) run(position.query, [distances]);
      const terms = Number(position.contentToPosition) + Number(position.positionToContent);
      return [2, terms, batch, heads, length, headDim, 2 * span];
    }
    default:
      return undefined;
  }
}
