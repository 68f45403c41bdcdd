/** Longformer's global tokens: they look at all others, with projections of their own. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Tensor } from '../../tensor';
import { linear } from '../linear';
import { side } from './heads';

/** How many first tokens of a sequence are global ones that have projections. */
export function globalTokens({ mask, globalProjections }: Attention, length: number): number {
  if (globalProjections === undefined || mask.type !== 'windowGlobal') return 0;
  return Math.min(mask.globals, length);
}

/**
 * Computes the rows of the global tokens anew.
 *
 * @param x [length, width].
 * @param maps [heads, length, length], where they are wanted.
 * @param mixed [length, heads · valueDim], where they are wanted.
 */
export async function attendGlobals(
  module: Attention,
  x: Tensor,
  maps: Float32Array | undefined,
  mixed: Tensor | undefined,
  path: string,
  context: Context,
): Promise<void> {
  const { heads, headDim, valueDim, scale, globalProjections } = module;
  const keys = x.shape[0]!;
  const count = globalTokens(module, keys);
  if (globalProjections === undefined || count === 0) return;
  const width = x.shape[1]!;
  const first = { shape: [count, width], data: x.data.subarray(0, count * width) };
  const { query, key, value } = globalProjections;
  const own = maps === undefined ? undefined : context.zeros(heads, count, keys).data;
  mixed?.data.fill(0, 0, count * heads * valueDim);
  await context.kernels.attend(
    {
      heads,
      keyValueHeads: heads,
      queries: count,
      keys,
      headDim,
      valueDim,
      scale,
      query: side(await linear(query, first, context), headDim),
      key: side(await linear(key, x, context), headDim),
      ...(own === undefined ? {} : { maps: own }),
      ...(mixed === undefined
        ? {}
        : {
            values: {
              from: side(await linear(value, x, context), valueDim),
              to: side(mixed, valueDim),
            },
          }),
    },
    path,
    context.pace,
  );
  if (maps === undefined || own === undefined) return;
  const size = count * keys;
  for (let head = 0; head < heads; head++) {
    maps.set(own.subarray(head * size, (head + 1) * size), head * keys * keys);
  }
}
