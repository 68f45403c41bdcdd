/** Multi-head attention: projections, scores with positions and mask, softmax into the run's maps, weighted sums. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask } from '../../kernels/kernels';
import { tensor, type Shape, type Tensor, type Value } from '../../tensor';
import { vector } from '../linear';
import type { Op } from '../op';
import { convolveBeside } from './beside';
import { biasOf } from './bias';
import { seenTwice } from './chunks';
import { together } from './fills';
import { attendGlobals, globalTokens } from './globals';
import { hashedAttention } from './hashed';
import { chosenKeys } from './indexed';
import { attendLandmarks, checkLength } from './landmarks';
import { keyCount, maskOf } from './mask';
import { missingFromAttention } from './missing';
import { prepare } from './prepare';
import { project } from './projections';
import { repeatedBlock } from './repeats';
import { summaryBias, withSummaries } from './summaries';
import { inSequences } from './sequences';
import { output, sumsOf } from './sums';
import { attendTalking } from './talkingHeads';

export const attentionOp: Op<Attention> = {
  shape: ({ output, landmarks }, [x]) => {
    if (landmarks !== undefined) checkLength(landmarks, x![0]!);
    return [...x!.slice(0, -1), output.outputs];
  },
  largest,
  missing: missingFromAttention,
  run: (module, inputs, context, path) =>
    inputs[0]!.shape.length === 3
      ? inSequences(attention, module, inputs, context, path)
      : attention(module, inputs, context, path),
};

function largest({ heads, headDim, valueDim }: Attention, [x, source]: readonly Shape[]): number {
  const keys = Math.max(x!.at(-2)!, source?.at(-2) ?? 0);
  return keys * heads * (headDim + 2 * Math.max(headDim, valueDim));
}

/** Columns of an attention's maps, where the sequence looked at has so many tokens. */
export function mapColumns(module: Attention, tokens: number): number {
  return module.landmarks?.count ?? keyCount(module, tokens);
}

/**
 * x [queries, width] → [queries, width]. Cross attention also gets the source [keys, width], and one whose values come
 * from elsewhere these, [keys, width].
 *
 * @param sequence its index among those that the layer looks at apart.
 */
async function attention(
  module: Attention,
  inputs: readonly Value[],
  context: Context,
  path: string,
  sequence = 0,
): Promise<Tensor | undefined> {
  const x = tensor(inputs[0]);
  const source = inputs.length > 1 ? tensor(inputs[1]) : x;
  const valueSource = module.separateValues ? tensor(inputs[2]) : source;
  const queries = x.shape[0]!;
  const keys = keyCount(module, source.shape[0]!);
  const { heads, keyValueHeads, headDim, valueDim, scale, softCap, mask, indexer } = module;
  const wanted = context.attention(module, queries, mapColumns(module, source.shape[0]!), inputs);
  if (mask.type === 'hashed') return hashedAttention(module, mask, x, wanted, context);
  const globals = globalTokens(module, queries);
  // Rows of two kinds, or shares to be told apart: such maps are computed as a whole.
  const repeated = repeatedBlock(mask, keys);
  if (wanted.tile !== undefined && (globals > 0 || repeated !== undefined)) return undefined;
  const given = await project(module, x, source, valueSource, context);
  const prepared = await prepare(module, given, { queries, keys: source.shape[0]! }, context);
  const projected = await withSummaries(module, prepared, x, context);
  const { query, key } = projected;
  const lengths = { queries, keys };
  const sums = wanted.output ? sumsOf(module, await projected.value(), lengths, context) : undefined;
  const { gaps, ...shown } = maskOf(module, queries, keys);
  const { fill: biased, ...bias } =
    module.summaries === undefined
      ? await biasOf(module, { x, source, query, key, sequence }, context)
      : { ...(await summaryBias(module, queries, keys, context)) };
  const task: AttendTask = {
    heads,
    keyValueHeads,
    queries,
    keys,
    headDim,
    valueDim: sums?.valueDim ?? valueDim,
    scale: module.cosine === undefined ? scale : 1,
    query,
    key,
    ...(softCap === undefined ? {} : { softCap }),
    ...(module.sinks === undefined ? {} : { sinks: await vector(module.sinks, context) }),
    ...shown,
    ...bias,
    ...together(
      biased,
      indexer === undefined || indexer === 'previous'
        ? undefined
        : await chosenKeys(
            module,
            indexer,
            { x, latent: projected.latent!, visible: shown.visible! },
            context,
          ),
      gaps,
      repeated?.fill,
      mask.type === 'nearChunks' ? seenTwice(mask, keys) : undefined,
    ),
    ...(wanted.maps === undefined ? {} : { maps: wanted.maps }),
    ...(wanted.tile === undefined ? {} : { tile: wanted.tile }),
    ...(sums === undefined ? {} : { values: sums.values }),
  };
  if (module.landmarks !== undefined) await attendLandmarks(task, module.landmarks, path, context);
  else if (module.talkingHeads !== undefined) await attendTalking(task, module.talkingHeads, path, context);
  else if (module.sinksAfter) await attendSinksAfter(task, path, context);
  else await context.kernels.attend(task, path, context.pace);
  if (globals > 0) await attendGlobals(module, x, wanted.maps, sums?.mixed, path, context);
  for (let head = 0; wanted.maps !== undefined && repeated !== undefined && head < heads; head++) {
    repeated.share(wanted.maps.subarray(head * queries * keys, (head + 1) * queries * keys), 0, queries);
  }
  context.attended();
  if (sums === undefined) return undefined;
  await convolveBeside(module, x, query, sums, context);
  return output(module, sums, projected.gate, x, context);
}

/** What the sinks leave of the sums is not what the probabilities say: the two are computed apart. */
async function attendSinksAfter(task: AttendTask, path: string, context: Context): Promise<void> {
  const { sinks: _, values, ...looked } = task;
  const { maps: __, tile: ___, ...summed } = task;
  await context.kernels.attend(looked, path, context.pace);
  if (values !== undefined) await context.kernels.attend(summed, path, context.pace);
}
