/** What a run will do, found out before it starts: its layers, its memory, and whether every op is known. */
import type { Attention, Block, Module, Model } from '../core/model/module';
import { isOperation } from '../core/model/module';
import type { RunLayer } from '../protocol/run';
import { RunFailure } from './failure';
import { attentionRuns, interpret } from './interpret';
import { missing, opOf } from './ops';
import { mapColumns } from './ops/attention';
import { sequencesOf } from './ops/attention/sequences';
import { LARGEST_VALUE, product, tooLarge, type Shape } from './tensor';

export interface Plan {
  /** In the order of execution, as many as attention modules run. */
  readonly layers: readonly RunLayer[];
  readonly attentions: readonly Attention[];
  /** Bytes of all maps. */
  readonly mapBytes: number;
  /** Bytes of what attentions look at, from which maps are computed again; with the whole also of what layers make. */
  readonly keptBytes: number;
  /** The model, whose forward pass is followed. */
  readonly root: Block;
  /** Rows and columns of patches, where a picture is cut into them. */
  readonly grid?: readonly [number, number];
}

/**
 * Walks a model with shapes in the place of values, up to its last attention.
 *
 * Rejects as `unsupported` what the engine can't compute and as `memory` what does not fit.
 *
 * @param inputs shapes in the order of `model.inputs`.
 * @param whole also what comes after the last attention.
 */
export async function planRun(model: Model, inputs: readonly Shape[], whole = false): Promise<Plan> {
  const layers: RunLayer[] = [];
  const attentions: Attention[] = [];
  const root = followed(model);
  const total = attentionRuns(root);
  if (total === 0 && !whole)
    throw new RunFailure('unsupported', `${model.architecture} has no attention to show`);
  let grid: readonly [number, number] | undefined;
  let keptBytes = 0;
  await interpret<Shape>(root, inputs, {
    leaf: (run, shapes, path) => {
      const reason = missing(run);
      if (reason !== undefined) throw new RunFailure('unsupported', `${path}: ${reason}`);
      const op = opOf(run)!;
      const result = op.shape(run, shapes);
      if (!(Math.max(product(result), op.largest?.(run, shapes) ?? 0) <= LARGEST_VALUE))
        throw tooLarge(result);
      if (isOperation(run)) {
        if (run.op === 'patchesToTokens') grid = [shapes[0]![1]!, shapes[0]![2] ?? 1];
      } else if (run.kind === 'attention') {
        layers.push(layerOf(run, layers.length, path, shapes));
        attentions.push(run);
        for (const shape of shapes) keptBytes += 4 * product(shape);
        if (layers.length === total && !whole) return Promise.resolve(undefined);
      }
      return Promise.resolve(result);
    },
    left: ({ role }, _, __, output) => {
      if (whole && role === 'layer') keptBytes += 4 * product(output);
    },
  });
  const mapBytes = layers.reduce((sum, { heads, queries, keys }) => sum + 4 * heads * queries * keys, 0);
  return { root, layers, attentions, mapBytes, keptBytes, ...(grid === undefined ? {} : { grid }) };
}

/** The root, where the tree follows the forward pass. */
function followed({ root, architecture }: Model): Block {
  if (root.kind === 'block') return root;
  throw new RunFailure(
    'unsupported',
    `${architecture} is known by its parameters alone, not by what it computes`,
  );
}

function layerOf(module: Attention, index: number, path: string, shapes: readonly Shape[]): RunLayer {
  const [x, source = x] = shapes as readonly [Shape, Shape?];
  const sequences = sequencesOf(x);
  return {
    index,
    path,
    place: module.place,
    heads: module.heads * sequences,
    ...(x.length === 3 ? { sequences } : {}),
    keyValueHeads: module.keyValueHeads,
    mask: module.mask.type,
    queries: x.at(-2)!,
    keys: mapColumns(module, source.at(-2)!),
  };
}

/** The first module of a kind for which `test` holds, in the order of the tree. */
export function findModule<M extends Module>(
  root: Module,
  test: (module: Module) => module is M,
): M | undefined {
  if (test(root)) return root;
  for (const child of Object.values(root.children)) {
    const found = findModule(child, test);
    if (found !== undefined) return found;
  }
  return undefined;
}
