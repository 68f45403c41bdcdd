/** What attention may look at, and how much of it there is, where a model can't be run: from its tree alone. */
import type { Model } from '../core/model/module';
import { attentionRuns, type AttentionRun } from '../core/service';
import type { Pattern, PatternLayers, RunRequest } from '../protocol/run';
import { RunFailure } from './failure';
import { modelOf } from './model';
import { keyCount, visibleSpans } from './ops/attention/mask';
import { prepareInput } from './text/input';

/** Tokens of an input that can't be made; as many fit every model. */
const TOKENS = 32;

/** Rows and columns of a picture. */
const SIDE = 48;

/** Rejects as `unsupported` a model whose forward pass is not known at all. */
export async function pattern({ configText, input, folder }: RunRequest): Promise<Pattern> {
  const model = modelOf(configText);
  if (model.root.kind !== 'block') {
    throw new RunFailure('unsupported', `${model.architecture} is known by its parameters alone`);
  }
  const shapes = await prepareInput(model, input, folder).then(
    ({ values }) => values.map(({ shape }) => shape),
    () => undefined,
  );
  return { layers: grouped(attentionRuns(model, shapes, TOKENS), model) };
}

/** Attentions that are alike as one, in the order of the first of each. */
function grouped(runs: readonly AttentionRun[], model: Model): PatternLayers[] {
  const groups = new Map<string, { readonly run: AttentionRun; readonly indices: number[] }>();
  runs.forEach((run, index) => {
    const { place, heads, keyValueHeads, mask } = run.module;
    const key = JSON.stringify([place, heads, keyValueHeads, mask, run.sequences, run.queries, run.keys]);
    const group = groups.get(key) ?? { run, indices: [] };
    group.indices.push(index);
    groups.set(key, group);
  });
  if (groups.size === 0)
    throw new RunFailure('unsupported', `${model.architecture} has no attention to show`);
  return Array.from(groups.values(), ({ run, indices }) => described(run, indices));
}

function described({ module, sequences, queries, keys }: AttentionRun, indices: number[]): PatternLayers {
  const shown = keyCount(module, keys);
  const [rows, columns] = [Math.min(SIDE, queries), Math.min(SIDE, shown)];
  return {
    indices,
    place: module.place,
    heads: module.heads,
    keyValueHeads: module.keyValueHeads,
    mask: module.mask.type,
    sequences,
    queries,
    keys: shown,
    rows,
    columns,
    ...picture(module, queries, shown, rows, columns),
  };
}

/** [rows, columns]: the share of a cell's pairs that are seen, up to 254; 255 where none is. And how many pairs are in all. */
function picture(
  module: AttentionRun['module'],
  queries: number,
  keys: number,
  rows: number,
  columns: number,
): Pick<PatternLayers, 'visible' | 'bytes'> {
  const seen = new Float64Array(rows * columns);
  const pairs = new Float64Array(rows * columns);
  let visible = 0;
  for (let query = 0; query < queries; query++) {
    const row = Math.floor((query * rows) / queries) * columns;
    const spans = visibleSpans(module, query, queries, keys);
    for (let column = 0; column < columns; column++) {
      const [first, end] = [Math.ceil((column * keys) / columns), Math.ceil(((column + 1) * keys) / columns)];
      pairs[row + column]! += end - first;
      for (const [from, to] of spans) {
        const shared = Math.max(0, Math.min(end, to) - Math.max(first, from));
        seen[row + column]! += shared;
        visible += shared;
      }
    }
  }
  const bytes = Uint8Array.from(seen, (count, i) =>
    count === 0 ? 255 : Math.round((count / pairs[i]!) * 254),
  );
  return { visible, bytes: bytes.buffer };
}
