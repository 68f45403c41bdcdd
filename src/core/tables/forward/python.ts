/** Names of Python that mean more for tensors. */
import { nativeClass } from '../natives/classes';
import { Callable, Slice, Tensor, text, type Native, type Value } from '../values';
import { operationOf } from './functions';

/** What a function with its own backward pass keeps things in. */
export const CONTEXT = nativeClass('Context', [], {
  save_for_backward: () => null,
  mark_dirty: () => null,
  mark_non_differentiable: () => null,
  set_materialize_grads: () => null,
});

/** Names of Python that constructors have no use for. */
export function forwardPython(python: ReadonlyMap<string, Value>): [string, Value][] {
  const usual = (name: string) => (python.get(name) as Callable).run as Native;
  const has = (_: Value | undefined, name: Value | undefined) =>
    ATTRIBUTES.has(text(name ?? null)) || operationOf(text(name ?? null)) !== undefined;
  const bound = (value: Value | undefined) => (typeof value === 'number' ? value : undefined);
  return [
    [
      'hasattr',
      new Callable('hasattr', (args, named) =>
        args[0] instanceof Tensor ? has(args[0], args[1]) : usual('hasattr')(args, named),
      ),
    ],
    [
      'getattr',
      new Callable('getattr', (args, named) =>
        args[0] instanceof Tensor && !has(args[0], args[1]) && args[2] !== undefined
          ? args[2]
          : usual('getattr')(args, named),
      ),
    ],
    [
      'slice',
      new Callable('slice', (args) => {
        const [from, to, step] = args.length === 1 ? [undefined, args[0]] : args;
        return new Slice(bound(from), bound(to), bound(step) ?? 1);
      }),
    ],
  ];
}

/** What a constructor may do with a tensor of which less is known. */
export function isUnknown(tensor: Tensor, name: string): boolean {
  return tensor.shape === undefined || (operationOf(name) === undefined && !ATTRIBUTES.has(name));
}

export const ATTRIBUTES: ReadonlySet<string> = new Set([
  'shape', 'ndim', 'dtype', 'device', 'requires_grad', 'data', 'T', 'mT', 'real', 'imag', 'is_cuda', 'is_meta', 'is_nested',
]); // prettier-ignore
