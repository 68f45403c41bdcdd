/** The forward pass: walks a model's flow and calls one op a kind. It knows kinds, never families. */
import { isOperation, type Block } from '../core/model/module';
import type { Context, Observer } from './context';
import { attentionRuns, interpret } from './interpret';
import { opOf } from './ops';
import { tensor, type Tensor, type Value } from './tensor';

/**
 * Runs a model on one sequence, and hands out attention through the context as it comes.
 *
 * @param inputs in the order of `model.inputs`.
 * @param observe sees what each block computes.
 * @param made sees what each op makes.
 * @returns the model's output, or undefined where the run ended at its last attention. It lives as long as the
 *   workspace of the context.
 */
export function forward(
  root: Block,
  inputs: readonly Value[],
  context: Context,
  observe?: Observer,
  made?: (value: Value) => void,
): Promise<Value | undefined> {
  const { workspace } = context;
  const states = asksForStates(root) ? new States() : undefined;
  const own = states === undefined ? context : { ...context, states: states.all };
  return interpret<Value>(root, inputs, {
    leaf: async (run, values, path) => {
      const op = opOf(run);
      if (op === undefined) throw new Error(`${path} has no op`);
      const compute = (): Promise<Value | undefined> => op.run(run, values, own, path);
      const result = await (workspace === undefined ? compute() : workspace.op(compute));
      if (result !== undefined) made?.(result);
      await context.pace.step();
      return result;
    },
    ...(workspace === undefined
      ? {}
      : { hold: (value) => workspace.hold(value), release: (value) => workspace.release(value) }),
    left: (block, path, given, output) => {
      states?.left(block, given, output);
      observe?.(block, path, given, output);
    },
  });
}

/** What layers make, copied: the values themselves end when nobody needs them. */
class States {
  readonly all: Tensor[] = [];
  private last: Value | undefined;

  left(block: Block, [given]: readonly Value[], output: Value): void {
    if (block.role !== 'layer' || attentionRuns(block) === 0 || given === undefined) return;
    // Another stack begins where the input is not what the layer before made.
    if (given !== this.last) this.all.splice(0, this.all.length, copy(tensor(given)));
    this.all.push(copy(tensor(output)));
    this.last = output;
  }
}

function copy({ shape, data }: Tensor): Tensor {
  return { shape, data: data.slice() };
}

function asksForStates({ flow }: Block): boolean {
  return flow.steps.some(({ run }) =>
    isOperation(run) ? run.op === 'weighLayers' : run.kind === 'block' && asksForStates(run),
  );
}
