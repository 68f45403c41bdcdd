/** Everything that is known of PyTorch's functions and of tensors' methods. */
import { Unknowable, type Value } from '../values';
import { Given, type Context } from './arguments';
import './functions/asking';
import './functions/joining';
import './functions/making';
import './functions/windows';
import './operations/complex';
import './operations/elements';
import './operations/facts';
import './operations/matrices';
import './operations/parts';
import { functionOf } from './operations/registry';
import './operations/sums';
import './operations/views';

export { functionOf, operationOf } from './operations/registry';

/** Runs a function by its dotted name. */
export function callFunction(
  context: Context,
  path: string,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value {
  const run = functionOf(path);
  if (run === undefined) throw new Unknowable(`${path} is not known`);
  return run(context, new Given(args, named));
}
