/** The forward pass: walks a model's flow and calls one op a kind. It knows kinds, never families. */
import type { Block } from '../core/model/module';
import type { Context, Observer } from './context';
import { interpret } from './interpret';
import { opOf } from './ops';
import type { Value } from './tensor';

/**
 * Runs a model on one sequence, and hands out attention through the context as it comes.
 *
 * @param inputs in the order of `model.inputs`.
 * @param observe sees what each block computes.
 * @returns the model's output, or undefined where the run ended at its last attention. It lives as long as the
 *   workspace of the context.
 */
export function forward(
  root: Block,
  inputs: readonly Value[],
  context: Context,
  observe?: Observer,
): Promise<Value | undefined> {
  const { workspace } = context;
  return interpret<Value>(root, inputs, {
    leaf: async (run, values, path) => {
      const op = opOf(run);
      if (op === undefined) throw new Error(`${path} has no op`);
      const compute = (): Promise<Value | undefined> => op.run(run, values, context, path);
      const result = await (workspace === undefined ? compute() : workspace.op(compute));
      await context.pace.step();
      return result;
    },
    ...(workspace === undefined
      ? {}
      : { hold: (value) => workspace.hold(value), release: (value) => workspace.release(value) }),
    ...(observe === undefined ? {} : { left: observe }),
  });
}
