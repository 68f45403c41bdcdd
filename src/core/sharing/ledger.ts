/** What a model shares: each thing held once and used in several places, with what copies would cost. */
import type { Found } from '../build';
import type { Folded } from '../model/fold';
import { elements, type Attention, type Module, type Parameter } from '../model/module';
import { checkpointName, join, namedParameters, walk } from '../model/walk';
import type { FlopCount } from '../measure/flops';
import { parameterTotals } from '../measure/parameters';
import type { Evidence, SharedThing } from './graph';

/** Node ids by module: the folded part in which it stands. */
export type NodeOf = (module: Module) => string;

export function ledger(found: Found, tree: Folded, flops: FlopCount, nodeOf: NodeOf): SharedThing[] {
  return [
    ...tiedTensors(found, flops, nodeOf),
    ...repeatedModules(tree, flops),
    ...groupedHeads(found, tree),
    ...broadcasts(tree, flops),
  ];
}

/** What copies in the places of tied tensors and repeated modules would add. */
export function savedByTies(found: Found, tree: Folded, flops: FlopCount): number {
  const things = [...tiedTensors(found, flops, () => ''), ...repeatedModules(tree, flops)];
  return things.reduce((sum, { saves }) => sum + saves, 0);
}

/** One tensor in two places: under several names, or looked up by several modules. */
function tiedTensors(found: Found, flops: FlopCount, nodeOf: NodeOf): SharedThing[] {
  const evidence = givenEvidence(found, 'tie');
  const users = new Map<Parameter, { name: string; module: Module }[]>();
  const use = (parameter: Parameter, name: string, module: Module): void => {
    const all = users.get(parameter) ?? [];
    if (!all.some((each) => each.name === name)) all.push({ name, module });
    users.set(parameter, all);
  };
  walk(found.model.root, (path, module) => {
    for (const [name, parameter] of Object.entries(module.parameters)) {
      use(parameter, checkpointName(join(path, name)), module);
    }
    if (module.kind === 'attention' && module.position.type === 'relativeBuckets') {
      use(module.position.table, path, module);
    }
  });
  const things: SharedThing[] = [];
  for (const { parameter, names } of namedParameters(found.model.root)) {
    const all = users.get(parameter) ?? [];
    // A table and the attention that it stands in are one use: the attention's.
    const places = all.filter(({ name }) => !all.some((other) => name.startsWith(`${other.name}.`)));
    if (places.length < 2) continue;
    const unique = elements(parameter);
    things.push({
      mark: 'tiedTensor',
      name: names[0],
      users: places.map(({ name }) => name),
      nodes: places.map(({ module }) => nodeOf(module)),
      shape: parameter.shape,
      unique,
      applications: places.reduce((sum, { module }) => sum + (flops.costs.get(module)?.applications ?? 0), 0),
      saves: unique * (places.length - 1),
      evidence: names.length > 1 ? evidence : 'architecture',
    });
  }
  return things;
}

/** Modules that a forward pass runs more often than what is around them. */
function repeatedModules(tree: Folded, flops: FlopCount): SharedThing[] {
  const things: SharedThing[] = [];
  const visit = (part: Folded, around: number): void => {
    // Equal modules may run unequally often: seven layers in three groups.
    const runs = part.all.map((module) => flops.costs.get(module)?.applications ?? around);
    const most = Math.max(...runs);
    const unique = parametersBelow(part.module);
    if (most > around && unique > 0) {
      things.push({
        mark: 'repeatedModule',
        name: part.path,
        users: [part.path],
        nodes: [part.path],
        unique: unique * part.all.length,
        applications: most,
        saves: unique * runs.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
        evidence: 'architecture',
      });
    }
    for (const child of part.children) visit(child, Math.max(around, most));
  };
  visit(tree, 1);
  return things;
}

/** Key and value heads that several query heads read. */
function groupedHeads(found: Found, tree: Folded): SharedThing[] {
  const evidence = givenEvidence(found, 'keyValueHeads');
  const things: SharedThing[] = [];
  each(tree, (part) => {
    if (part.module.kind !== 'attention') return;
    const count = part.all.length;
    const own = sharedByHeads(part.module);
    if (own === undefined) return;
    things.push({
      mark: 'groupedHeads',
      name: part.path,
      users: [part.path],
      nodes: [part.path],
      unique: own.unique * count,
      applications: own.group,
      saves: own.unique * count * (own.group - 1),
      evidence: part.module.projections.type === 'latent' ? 'architecture' : evidence,
    });
  });
  return things;
}

/** Parameters of the keys and values that a group of heads shares, and the group's size. */
function sharedByHeads(module: Attention): { unique: number; group: number } | undefined {
  const { projections, heads, keyValueHeads } = module;
  if (projections.type === 'latent') {
    // The rotated part of the key is one for all heads; the rest expands for each.
    return { unique: projections.keyValueDown.inputs * projections.rotaryDim, group: heads };
  }
  if (keyValueHeads >= heads || heads % keyValueHeads !== 0) return undefined;
  if (projections.type === 'fused') {
    const { inputs, bias } = projections.qkv;
    const rows = keyValueHeads * (module.headDim + module.valueDim);
    return { unique: rows * (bias === undefined ? inputs : inputs + 1), group: heads / keyValueHeads };
  }
  const own = [projections.key, projections.value].flatMap(({ weight, bias }) =>
    bias === undefined ? [weight] : [weight, bias],
  );
  return { unique: own.reduce((sum, each) => sum + elements(each), 0), group: heads / keyValueHeads };
}

/** One weight at every position: linear maps over tokens, kernels over an image. */
function broadcasts(tree: Folded, flops: FlopCount): SharedThing[] {
  const things: SharedThing[] = [];
  each(tree, (part) => {
    const positions = positionsOf(part.module, flops);
    if (positions < 2) return;
    const unique = parametersBelow(part.module) * part.all.length;
    things.push({
      mark: 'broadcast',
      name: part.path,
      users: [part.path],
      nodes: [part.path],
      unique,
      applications: positions,
      saves: unique * (positions - 1),
      evidence: 'architecture',
    });
  });
  return things;
}

/** At how many positions of a forward pass a linear map or a convolution is applied, over all its runs. */
function positionsOf(module: Module, flops: FlopCount): number {
  if (module.kind !== 'linear' && module.kind !== 'convolution') return 0;
  // A product a position: the weight's elements are its multiply–accumulates.
  const perPosition = 2n * BigInt(elements(module.weight));
  return Number((flops.costs.get(module)?.forward ?? 0n) / perPosition);
}

function each(part: Folded, visit: (part: Folded) => void): void {
  visit(part);
  for (const child of part.children) each(child, visit);
}

function parametersBelow(module: Module): number {
  return parameterTotals(module).total;
}

/** Whether the file says so itself, or the class by default. */
function givenEvidence({ config }: Found, role: 'tie' | 'keyValueHeads'): Evidence {
  const given = config.read.some((read) => read.key.role === role && read.source === 'given');
  return given ? 'config' : 'architecture';
}
