/** An evaluator with everything that it knows by name. */
import { Evaluator } from './evaluate';
import type { TableStore } from './format';
import { configMembers } from './natives/configs';
import { libraryNames } from './natives/library';
import { pythonNames } from './natives/python';
import { standardLibrary } from './natives/standard';
import { torchNames } from './natives/torch/layers';
import { moduleMembers } from './natives/torch/modules';
import type { Value } from './values';

export function makeEvaluator(store: TableStore): Evaluator {
  const outside = new Map<string, Value>();
  const inside: { evaluator?: Evaluator } = {};
  const self = () => inside.evaluator!;
  const evaluator = new Evaluator(store, pythonNames(self), outside);
  inside.evaluator = evaluator;
  moduleMembers(self);
  for (const names of [standardLibrary(self), torchNames(self), libraryNames(self)]) {
    for (const [name, value] of names) outside.set(name, value);
  }
  configMembers(evaluator);
  return evaluator;
}
