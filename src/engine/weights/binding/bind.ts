/** Which tensors of the files make each parameter of the tree. */
import type { Module, Parameter } from '../../../core/model/module';
import { namedParameters } from '../../../core/model/walk';
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import { matrix } from '../../tensor';
import { ggufNames } from '../gguf/names';
import type { StoredTensor, WeightSource } from '../source';
import { matchNames } from './naming';
import { isComputed, quantisationOf } from './leftOver';
import { PartReader } from './parts';
import type { Recipe } from './recipe';
import { recipesOf } from './recipes';
import { reshaped, type TurnCache, type View } from './view';

export interface Binding {
  /** The rows of each parameter that the files hold. */
  readonly views: ReadonlyMap<Parameter, View>;
  /** Parameters that no file holds, by name, but for those that are computed. */
  readonly missing: readonly string[];
  /** Tensors that nothing in the tree is. */
  readonly unused: readonly string[];
}

/** Matches a tree with files; rejects as `weights` a shape that differs, and a quantisation that isn't read. */
export async function bind(root: Module, source: WeightSource, pace: Pace): Promise<Binding> {
  const recipes = recipesOf(root);
  const wanted = new Set<string>();
  for (const ways of recipes.values()) {
    for (const { parts } of ways) for (const { names } of parts) for (const name of names) wanted.add(name);
    await pace.step();
  }
  const found =
    source.metadata === undefined ? await matchNames(root, wanted, source, pace) : ggufNames(wanted, source);
  const cache: TurnCache = {};
  const reader = new PartReader(source, found, recipes, cache);
  const views = new Map<Parameter, View>();
  const missing: string[] = [];
  for (const { parameter, names } of namedParameters(root)) {
    const view = made(parameter, recipes.get(parameter)!, reader, cache);
    if (view !== undefined) views.set(parameter, view);
    else if (parameter.fixed === undefined) missing.push(names[0]);
    await pace.step();
  }
  const unused = leftOver(views, found, reader, source);
  if (missing.length > 0) refuseQuantised(missing[0]!, source);
  if (views.size === 0) {
    throw new RunFailure(
      'weights',
      `${source.files.join(', ')}: none of its ${source.tensors.size} tensors belongs to this model ` +
        `(wanted ${missing[0]}, found ${[...source.tensors.keys()][0]}); check model_type and architectures`,
    );
  }
  return { views, missing, unused };
}

/** The first recipe whose parts are all there. A tensor of the wrong shape is told where no other recipe is left. */
function made(
  parameter: Parameter,
  recipes: readonly Recipe[],
  reader: PartReader,
  cache: TurnCache,
): View | undefined {
  let wrong: RunFailure | undefined;
  for (const { parts, make } of recipes) {
    const views: View[] = [];
    for (const part of parts) {
      const view = reader.view(part, parameter.buffer === true);
      if (view instanceof RunFailure) wrong ??= view;
      if (view === undefined || view instanceof RunFailure) break;
      views.push(view);
    }
    if (views.length === parts.length) return reshaped(make(views, cache), matrix(parameter.shape).columns);
  }
  if (wrong !== undefined) throw wrong;
  return undefined;
}

function leftOver(
  views: ReadonlyMap<Parameter, View>,
  found: ReadonlyMap<string, StoredTensor>,
  reader: PartReader,
  source: WeightSource,
): string[] {
  const used = new Set<string>();
  for (const { tensors } of views.values()) for (const { name } of tensors) used.add(name);
  // A tied tensor may stand in the file under each of its names; one is read, all are wanted.
  for (const name of reader.ties) used.add(found.get(name)?.name ?? '');
  return [...source.tensors.keys()].filter((name) => !used.has(name) && !isComputed(name));
}

/** Says whose quantisation it is that leaves a parameter without values. */
function refuseQuantised(missing: string, source: WeightSource): void {
  for (const { name, file } of source.tensors.values()) {
    const of = quantisationOf(name);
    if (of === undefined) continue;
    throw new RunFailure(
      'weights',
      `${file}: tensor "${name}" is one of ${of}, which isn't read, and ${missing} is missing; ` +
        "use the model's F16, BF16 or F32 weights, or a GGUF file of it",
    );
  }
}
