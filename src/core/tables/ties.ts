/** Ties as transformers makes them: what each model class says is tied, when its own config ties word embeddings. */
import { isConfig } from './attributes';
import type { Evaluator } from './evaluate';
import type { Instance } from './values';
import { Dict, Refusal, truth, type Tensor, text } from './values';

/** Puts shared tensors in the place of those that are tied to them, in a model and all models inside it. */
export function tieWeights(evaluator: Evaluator, root: Instance): void {
  const ties = new Map<string, string>();
  for (const [path, module] of modules(root)) {
    if (!isConfig(module.attributes.get('config'))) continue;
    for (const [target, source] of tiesOf(evaluator, module)) {
      ties.set(join(path, target), join(path, source));
    }
  }
  for (const [target, source] of ties) tie(root, target, source);
}

function tiesOf(evaluator: Evaluator, module: Instance): Map<string, string> {
  const config = module.attributes.get('config') as Instance;
  const member = evaluator.lookUp(config.of, 'tie_word_embeddings');
  const flag =
    config.attributes.get('tie_word_embeddings') ?? (member && evaluator.bind(member, config)) ?? false;
  config.read.add('tie_word_embeddings');
  const declared = evaluator.lookUp(module.of, '_tied_weights_keys');
  const keys = module.attributes.get('_tied_weights_keys') ?? (declared && evaluator.bind(declared, module));
  if (!truth(flag) || !(keys instanceof Dict)) return new Map();
  const mapping = [...keys.map].map(([target, source]) => [text(target), text(source)] as const);
  const plain = /^[A-Za-z0-9_.]+(weight|bias)$/;
  if (mapping.every((pair) => pair.every((name) => plain.test(name)))) return new Map(mapping);
  return expanded(module, mapping);
}

/** Patterns and modules written out as tensors; sources are dealt out in turn. */
function expanded(module: Instance, mapping: readonly (readonly [string, string])[]): Map<string, string> {
  const names = tensorNames(module).sort();
  const out = new Map<string, string>();
  for (const [target, source] of mapping) {
    const matching = (pattern: string) => names.filter((name) => new RegExp(`^${pattern}`).test(name));
    const [sources, targets] = [matching(source), matching(target)];
    if (sources.length === 0 || targets.length === 0 || targets.length % sources.length !== 0) {
      throw new Refusal(
        'ValueError',
        `the ties of ${module.of.name} fit no tensors: ${source} and ${target}`,
      );
    }
    targets.forEach((name, i) => {
      const from = sources[i % sources.length]!;
      out.set(name, out.get(from) ?? from);
    });
  }
  return out;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Every module at each of its places. */
function modules(root: Instance, path = ''): (readonly [string, Instance])[] {
  return [
    [path, root] as const,
    ...[...root.children].flatMap(([name, child]) => modules(child, join(path, name))),
  ];
}

function tensorNames(root: Instance): string[] {
  return modules(root).flatMap(([path, module]) =>
    [...module.parameters.keys(), ...module.buffers.keys()].map((name) => join(path, name)),
  );
}

/** The module that holds a tensor, and the tensor's name in it. */
function holder(root: Instance, path: string): { readonly module: Instance; readonly name: string } {
  const parts = path.split('.');
  const name = parts.pop()!;
  let module = root;
  for (const part of parts) {
    const child = module.children.get(part);
    if (child === undefined)
      throw new Refusal('AttributeError', `${module.of.name} has no part ${part}, which ${path} names`);
    module = child;
  }
  return { module, name };
}

function tie(root: Instance, target: string, source: string): void {
  const from = holder(root, source);
  const shared: Tensor | undefined =
    from.module.parameters.get(from.name) ?? from.module.buffers.get(from.name)?.tensor;
  if (shared === undefined) throw new Refusal('AttributeError', `there is no ${source} to tie to`);
  const to = holder(root, target);
  if (to.module.buffers.has(to.name)) to.module.buffers.set(to.name, { tensor: shared, persistent: true });
  else to.module.parameters.set(to.name, shared);
  adjustBias(to.module, shared);
}

/** A head's bias takes the length of the table that its weight is tied to. */
function adjustBias(head: Instance, shared: Tensor): void {
  const bias = head.parameters.get('bias');
  const rows = shared.shape?.[0];
  if (
    bias?.shape === undefined ||
    rows === undefined ||
    !head.parameters.has('weight') ||
    bias.shape[0] === rows
  )
    return;
  (bias as { shape: readonly number[] }).shape = [rows];
}
