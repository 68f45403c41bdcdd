/** Makers of tensors. */
import type { Evaluator } from '../../evaluate';
import { flattened, META } from '../../tensors';
import { broadcast } from '../../operators';
import { Callable, integer, Opaque, Tensor, text, Tuple, type Value } from '../../values';
import { dimension } from './sizes';

/** Makers of tensors: their shapes, where they can be told. */
export function tensors(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (
    name: string,
    run: (args: readonly Value[], named: ReadonlyMap<string, Value>) => readonly number[] | undefined,
  ) => names.set(`torch.${name}`, new Callable(name, (args, named) => new Tensor(run(args, named))));
  const filled = (args: readonly Value[], named: ReadonlyMap<string, Value>) => {
    const given =
      named.get('size') ??
      (Array.isArray(args[0]) ? args[0] : args.filter((each) => typeof each !== 'string'));
    return (Array.isArray(given) ? given : [given]).map((each) => dimension(each, 'a dimension'));
  };
  for (const name of ['zeros', 'ones', 'empty', 'randn', 'rand']) add(name, filled);
  for (const name of ['Tensor', 'FloatTensor', 'LongTensor']) {
    add(name, (args, named) =>
      args.length > 0 && args.every((each) => typeof each === 'number')
        ? filled(args, named)
        : nested(args[0]),
    );
  }
  add('full', ([size]) =>
    Array.isArray(size) ? size.map((each) => dimension(each, 'a dimension')) : undefined,
  );
  add('eye', ([n, m]) => [
    dimension(n, 'a dimension'),
    dimension(typeof m === 'number' ? m : n, 'a dimension'),
  ]);
  for (const name of ['tensor', 'as_tensor']) {
    names.set(
      `torch.${name}`,
      new Callable(name, ([value]) => {
        const numbers = Array.isArray(value) ? value : [value];
        const plain = numbers.every((each) => typeof each === 'number') ? numbers : undefined;
        return new Tensor(nested(value), plain);
      }),
    );
  }
  names.set('torch.device', new Callable('device', () => META));
  add('arange', (args) => {
    const [a, b, step = 1] = args;
    const [from, to] = b === undefined ? [0, a] : [a, b];
    if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number') return undefined;
    return [Math.max(0, Math.ceil((to - from) / step))];
  });
  names.set(
    'torch.linspace',
    new Callable('linspace', (args, named) => {
      const [from, to] = [args[0] ?? named.get('start'), args[1] ?? named.get('end')];
      const steps = dimension(args[2] ?? named.get('steps'), 'steps');
      if (typeof from !== 'number' || typeof to !== 'number') return new Tensor([steps]);
      const step = (to - from) / Math.max(1, steps - 1);
      return new Tensor(
        [steps],
        Array.from({ length: Math.min(steps, 4096) }, (_, i) => from + i * step),
      );
    }),
  );
  add('logspace', (args, named) => [dimension(args[2] ?? named.get('steps'), 'steps')]);
  add('normal', (args, named) => {
    const size = named.get('size') ?? args[2];
    return Array.isArray(size) ? size.map((each) => dimension(each, 'a dimension')) : undefined;
  });
  for (const name of [
    'zeros_like',
    'ones_like',
    'full_like',
    'empty_like',
    'exp',
    'log',
    'log1p',
    'expm1',
    'sqrt',
    'sin',
    'cos',
    'abs',
    'clamp',
    'round',
    'tril',
    'triu',
    'flip',
    'sign',
    'pow',
    'softmax',
    'cumprod',
    'cumsum',
    'logit',
  ]) {
    add(name, ([value]) => (value instanceof Tensor ? value.shape : undefined));
  }
  const shapes = (values: Value | undefined) =>
    values instanceof Opaque
      ? [undefined]
      : [...evaluator().iterate(values!)].map((each) => (each instanceof Tensor ? each.shape : undefined));
  for (const name of ['cat', 'concat']) {
    add(name, ([values, axis = 0], named) => {
      const all = shapes(values);
      const first = all[0];
      if (first === undefined || all.includes(undefined)) return undefined;
      const at = integer(named.get('dim') ?? axis, 'dim');
      const index = at < 0 ? first.length + at : at;
      return first.map((size, i) => (i === index ? all.reduce((sum, each) => sum + each![i]!, 0) : size));
    });
  }
  names.set(
    'torch.meshgrid',
    new Callable('meshgrid', (args) => {
      const axes = Array.isArray(args[0]) ? args[0] : args.filter((each) => each instanceof Tensor);
      const sizes = axes.map((each) => (each instanceof Tensor ? each.shape?.[0] : undefined));
      const shape = sizes.includes(undefined) ? undefined : (sizes as number[]);
      return Tuple.with(...axes.map(() => new Tensor(shape)));
    }),
  );
  add('flatten', ([value, from = 0]) =>
    value instanceof Tensor ? value.shape && flattened(value.shape, integer(from, 'an axis')) : undefined,
  );
  add('where', ([, a, b]) => {
    const [left, right] = [a, b].map((each) => (each instanceof Tensor ? each.shape : []));
    return left && right && broadcast(left, right);
  });
  add('einsum', ([equation, ...operands]) => {
    const [inputs = '', output = ''] = text(equation).replaceAll(' ', '').split('->');
    const sizes = new Map<string, number>();
    inputs.split(',').forEach((axes, i) => {
      const operand = operands[i];
      if (operand instanceof Tensor)
        [...axes].forEach((axis, j) => sizes.set(axis, operand.shape?.[j] ?? NaN));
    });
    const shape = [...output].map((axis) => sizes.get(axis) ?? NaN);
    return shape.some(Number.isNaN) ? undefined : shape;
  });
  add('outer', ([a, b]) => {
    const [left, right] = [a, b].map((each) => (each instanceof Tensor ? each.shape?.[0] : undefined));
    return left === undefined || right === undefined ? undefined : [left, right];
  });
  add('stack', ([values, axis = 0], named) => {
    const all = shapes(values);
    const first = all[0];
    if (first === undefined) return undefined;
    const at = integer(named.get('dim') ?? axis, 'dim');
    return first.toSpliced(at < 0 ? first.length + 1 + at : at, 0, all.length);
  });
  for (const name of ['hann_window', 'kaiser_window'])
    add(name, ([length]) => [dimension(length, 'a window')]);
  names.set('torch.finfo', new Callable('finfo', () => new Opaque('a limit of a number type')));
  return names;
}

/** Shape of nested lists of numbers. */
function nested(value: Value | undefined): readonly number[] | undefined {
  if (value instanceof Tensor) return value.shape;
  if (!Array.isArray(value)) return value instanceof Opaque ? undefined : [];
  const inner = value.length === 0 ? [] : nested(value[0]);
  return inner && [value.length, ...inner];
}
