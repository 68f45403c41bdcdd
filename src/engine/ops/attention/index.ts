/** Multi-head attention: projections, scores with positions and mask, softmax into the run's maps, weighted sums. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Shape, type Tensor, type Value } from '../../tensor';
import { vector } from '../linear';
import type { Op } from '../op';
import { biasOf } from './bias';
import { visibleRanges } from './mask';
import { missingFromAttention } from './missing';
import { prepare } from './prepare';
import { project } from './projections';
import { output, sumsOf } from './sums';

export const attentionOp: Op<Attention> = {
  shape: ({ output }, [x]) => [...x!.slice(0, -1), output.outputs],
  largest,
  missing: missingFromAttention,
  run: attention,
};

function largest({ heads, headDim, valueDim }: Attention, [x, source]: readonly Shape[]): number {
  const keys = Math.max(x![0]!, source?.[0] ?? 0);
  return keys * heads * (headDim + 2 * Math.max(headDim, valueDim));
}

/** x [queries, width] and, for cross attention, the source [keys, width] → [queries, width]. */
async function attention(
  module: Attention,
  inputs: readonly Value[],
  context: Context,
  path: string,
): Promise<Tensor | undefined> {
  const x = tensor(inputs[0]);
  const source = inputs.length > 1 ? tensor(inputs[1]) : x;
  const queries = x.shape[0]!;
  const keys = source.shape[0]!;
  const { heads, keyValueHeads, headDim, valueDim, scale, softCap, mask } = module;
  const wanted = context.attention(module, queries, keys, inputs);
  const lengths = { queries, keys };
  const projected = await prepare(module, await project(module, x, source, context), lengths, context);
  const sums = wanted.output ? sumsOf(module, await projected.value(), lengths, context) : undefined;
  const visible = visibleRanges(mask, queries, keys);
  await context.kernels.attend(
    {
      heads,
      keyValueHeads,
      queries,
      keys,
      headDim,
      valueDim: sums?.valueDim ?? valueDim,
      scale,
      query: projected.query,
      key: projected.key,
      ...(softCap === undefined ? {} : { softCap }),
      ...(module.sinks === undefined ? {} : { sinks: await vector(module.sinks, context) }),
      ...(visible === undefined ? {} : { visible }),
      ...(await biasOf(module, { x, source, query: projected.query, key: projected.key }, context)),
      ...(wanted.maps === undefined ? {} : { maps: wanted.maps }),
      ...(wanted.tile === undefined ? {} : { tile: wanted.tile }),
      ...(sums === undefined ? {} : { values: sums.values }),
    },
    path,
    context.pace,
  );
  context.attended();
  return sums === undefined ? undefined : output(module, sums, projected.gate, x, context);
}
