/** Runs a traced flow over any kind of value: tensors in a run, shapes in a plan. */
import type { Block, Module, Operation, Wire } from '../core/model/module';
import { isOperation } from '../core/model/module';
import { checkpointName, walk } from '../core/model/walk';
import type { Leaf } from './ops/op';

interface Interpreter<V> {
  /** The result, or undefined to end the whole run. */
  leaf(run: Leaf | Operation, inputs: readonly V[], path: string): Promise<V | undefined>;
  left?(block: Block, path: string, inputs: readonly V[], output: V): void;
  /** A wire holds a value from now on, or no longer. What `leaf` returns is held once already. */
  hold?(value: V): void;
  release?(value: V): void;
}

/** Runs a model; undefined where the interpreter ended it. */
export async function interpret<V>(
  root: Block,
  inputs: readonly V[],
  interpreter: Interpreter<V>,
): Promise<V | undefined> {
  return runBlock(root, inputs, interpreter, pathsOf(root));
}

async function runBlock<V>(
  block: Block,
  inputs: readonly V[],
  interpreter: Interpreter<V>,
  paths: ReadonlyMap<Module, string>,
): Promise<V | undefined> {
  const { flow } = block;
  const path = paths.get(block) ?? '';
  const values = new Map<Wire, V>();
  flow.inputs.forEach((wire, i) => {
    const input = inputs[i];
    // A block may be given less than it can take: a decoder's layer that has nothing to look across at.
    if (input === undefined) return;
    values.set(wire, input);
    interpreter.hold?.(input);
  });
  const lastUses = lastUsesOf(block);
  for (const [index, { run, from, to }] of flow.steps.entries()) {
    const own = from.map((wire) => values.get(wire)!);
    const result =
      !isOperation(run) && run.kind === 'block'
        ? await runBlock(run, own, interpreter, paths)
        : await interpreter.leaf(
            run,
            own,
            isOperation(run) ? `${path} (${run.op})` : (paths.get(run) ?? path),
          );
    if (result === undefined) return undefined;
    values.set(to, result);
    // A long stack must not keep what every layer made.
    for (const wire of new Set(from)) {
      if (lastUses.get(wire) !== index) continue;
      interpreter.release?.(values.get(wire)!);
      values.delete(wire);
    }
  }
  const output = values.get(flow.output)!;
  interpreter.left?.(block, path, inputs, output);
  // One hold of the output is handed on; what nothing used goes with the block.
  interpreter.hold?.(output);
  for (const value of values.values()) interpreter.release?.(value);
  return output;
}

/** The step after which each wire is not needed any more. */
function lastUsesOf({ flow }: Block): Map<Wire, number> {
  const last = new Map<Wire, number>();
  for (const [index, { from }] of flow.steps.entries()) for (const wire of from) last.set(wire, index);
  last.delete(flow.output);
  return last;
}

/** Each module's path in the checkpoint, at the first place where it stands. */
function pathsOf(root: Block): Map<Module, string> {
  const paths = new Map<Module, string>();
  walk(root, (path, module) => {
    if (!paths.has(module)) paths.set(module, checkpointName(path));
  });
  return paths;
}

/** How many attention modules a forward pass runs; a repeated one counts each time. */
export function attentionRuns(block: Block): number {
  let count = 0;
  for (const { run } of block.flow.steps) {
    if (isOperation(run)) continue;
    if (run.kind === 'attention') count++;
    else if (run.kind === 'block') count += attentionRuns(run);
  }
  return count;
}
