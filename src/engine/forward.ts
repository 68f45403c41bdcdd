/** The forward pass: walks a model's flow and calls one op a kind. It knows kinds, never families. */
import type { Block, Operation } from '../core/model/module';
import { isOperation } from '../core/model/module';
import type { Context, Observer } from './context';
import { interpret, type Leaf } from './interpret';
import { attention } from './ops/attention';
import { convolution } from './ops/convolution';
import { embedding } from './ops/embedding';
import { experts } from './ops/experts';
import { linear } from './ops/linear';
import { mlp } from './ops/mlp';
import { norm } from './ops/norm';
import { operation } from './ops/operations';
import type { Value } from './tensor';

/**
 * Runs a model on one sequence, and hands out attention through the context as it comes.
 *
 * @param inputs in the order of `model.inputs`.
 * @param observe sees what each block computes.
 * @returns the model's output, or undefined where the run ended at its last attention.
 */
export function forward(
  root: Block,
  inputs: readonly Value[],
  context: Context,
  observe?: Observer,
): Promise<Value | undefined> {
  return interpret<Value>(root, inputs, {
    leaf: (run, values, path) => runLeaf(run, values, path, context),
    ...(observe === undefined ? {} : { left: observe }),
  });
}

async function runLeaf(
  run: Leaf | Operation,
  inputs: readonly Value[],
  path: string,
  context: Context,
): Promise<Value | undefined> {
  const x = inputs[0]!;
  if (isOperation(run)) {
    const result = await operation(run, inputs, context);
    await context.pace.step();
    return result;
  }
  switch (run.kind) {
    case 'linear':
      return linear(run, x, context);
    case 'embedding':
      return embedding(run, x, context);
    case 'norm':
      return norm(run, x, context);
    case 'attention':
      return attention(run, inputs, path, context);
    case 'mlp':
      return mlp(run, x, context);
    case 'experts':
      return experts(run, x, context);
    case 'convolution':
      return convolution(run, x, context);
    case 'rotary':
      // Angles depend on the length alone: the attention that uses them computes them.
      return x;
    case 'similarity':
    case 'composite':
    case 'causalConvolution':
    case 'stateSpace':
    case 'holder':
      throw new Error(`${path} has no forward pass`);
  }
}
