/** Table look-up: only the rows that are used are read. */
import type { Embedding } from '../../core/model/module';
import type { Context } from '../context';
import { idsOf, type Tensor, type Value } from '../tensor';
import type { Op } from './op';

export const embeddingOp: Op<Embedding> = {
  shape: ({ width }, [x]) => [x![0]!, width],
  run: (module, [x], context) => embedding(module, x!, context),
};

/** ids [s] → [s, width]. */
async function embedding(module: Embedding, input: Value, context: Context): Promise<Tensor> {
  const { ids } = idsOf(input);
  const out = context.zeros(ids.length, module.width);
  let at = 0;
  while (at < ids.length) {
    // Rows that follow one another, as positions do, are read at once.
    let end = at + 1;
    while (end < ids.length && ids[end] === ids[end - 1]! + 1) end++;
    const first = ids[at]! + module.offset;
    const last = ids[end - 1]! + module.offset;
    if (first < 0 || last >= module.rows) {
      throw new Error(`${module.of} table: row ${first < 0 ? first : last} of ${module.rows}`);
    }
    await context.weights.rows(module.weight, first, end - at, out.data, at * module.width);
    await context.pace.step();
    at = end;
  }
  return out;
}
