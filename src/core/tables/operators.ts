/** Python's operators on the evaluator's values. */
import {
  Class,
  Dict,
  equal,
  key,
  Namespace,
  Opaque,
  PySet,
  Refusal,
  Tensor,
  text,
  Tuple,
  typeName,
  Unknowable,
  type Value,
} from './values';

export function binary(operation: string, a: Value, b: Value): Value {
  if (a instanceof Tensor || b instanceof Tensor) return tensorResult(operation, a, b);
  if (a instanceof Opaque) return a;
  if (b instanceof Opaque) return b;
  const left = typeof a === 'boolean' ? Number(a) : a;
  const right = typeof b === 'boolean' ? Number(b) : b;
  if (typeof left === 'number' && typeof right === 'number') return arithmetic(operation, left, right);
  if (operation === '+') {
    if (typeof a === 'string' && typeof b === 'string') return a + b;
    if (Array.isArray(a) && Array.isArray(b))
      return a instanceof Tuple ? Tuple.with(...a, ...b) : [...a, ...b];
  }
  if (operation === '*') {
    const [list, times] = Array.isArray(a) || typeof a === 'string' ? [a, right] : [b, left];
    if (typeof times === 'number') {
      if (typeof list === 'string') return list.repeat(Math.max(0, times));
      if (Array.isArray(list)) {
        if (list.length * times > 1_000_000) throw new Refusal('MemoryError', 'a list is too long');
        const out: Value[] = [];
        for (let i = 0; i < times; i++) out.push(...list);
        return list instanceof Tuple ? Tuple.with(...out) : out;
      }
    }
  }
  if (operation === '|') {
    if (a instanceof Dict && b instanceof Dict) return new Dict([...a.map, ...b.map]);
    if (a instanceof PySet && b instanceof PySet) return new PySet(new Set([...a.set, ...b.set]));
    if (isType(a) && isType(b)) return Tuple.with(a, b);
  }
  if (operation === '-' && a instanceof PySet && b instanceof PySet) {
    return new PySet(new Set([...a.set].filter((each) => !b.set.has(each))));
  }
  if (operation === '&' && a instanceof PySet && b instanceof PySet) {
    return new PySet(new Set([...a.set].filter((each) => b.set.has(each))));
  }
  if (operation === '%' && typeof a === 'string') return a;
  const types = `'${typeName(a)}' and '${typeName(b)}'`;
  throw new Refusal('TypeError', `unsupported operand type(s) for ${operation}: ${types}`);
}

function isType(value: Value): boolean {
  return value === null || value instanceof Class || value instanceof Namespace;
}

function arithmetic(operation: string, a: number, b: number): Value {
  switch (operation) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '**':
      return a ** b;
    case '/':
      return a / nonZero(b);
    case '//':
      return Math.floor(a / nonZero(b));
    case '%':
      return a - b * Math.floor(a / nonZero(b));
    case '<<':
      return a * 2 ** b;
    case '>>':
      return Math.floor(a / 2 ** b);
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    default:
      throw new Unknowable(`the operator ${operation}`);
  }
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new Refusal('ZeroDivisionError', 'division by zero');
  return divisor;
}

/** Shape of an element-wise result; a product's is left open. */
function tensorResult(operation: string, a: Value, b: Value): Value {
  if (operation === '@') return new Tensor(undefined);
  const shapes = [a, b].map((each) => (each instanceof Tensor ? each.shape : []));
  const [left, right] = shapes;
  if (left === undefined || right === undefined) return new Tensor(undefined);
  return new Tensor(broadcast(left, right), numbersOf(operation, a, b));
}

/** Numbers of short lists, calculated with one another. */
function numbersOf(operation: string, a: Value, b: Value): number[] | undefined {
  const [left, right] = [a, b].map((each) =>
    each instanceof Tensor ? each.values : typeof each === 'number' ? [each] : undefined,
  );
  if (left === undefined || right === undefined) return undefined;
  const length = Math.max(left.length, right.length);
  if (![1, length].includes(left.length) || ![1, length].includes(right.length)) return undefined;
  const at = (values: readonly number[], i: number) => values[values.length === 1 ? 0 : i]!;
  return Array.from({ length }, (_, i) => arithmetic(operation, at(left, i), at(right, i)) as number);
}

export function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const length = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 1; i <= length; i++) {
    const [x, y] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.unshift(Math.max(x, y));
  }
  return out;
}

export function compare(operation: string, a: Value, b: Value): boolean {
  switch (operation) {
    case 'is':
      return same(a, b);
    case 'isnt':
      return !same(a, b);
    case 'in':
      return contains(b, a);
    case 'notin':
      return !contains(b, a);
    default:
  }
  for (const value of [a, b]) {
    if (value instanceof Opaque) throw new Unknowable(`it depends on ${value.of}`);
  }
  if (operation === '==') return equal(a, b);
  if (operation === '!=') return !equal(a, b);
  const [left, right] = [a, b].map((each) => (typeof each === 'boolean' ? Number(each) : each));
  const order =
    Array.isArray(left) && Array.isArray(right)
      ? listOrder(left, right)
      : scalarOrder(operation, left!, right!);
  switch (operation) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

function same(a: Value, b: Value): boolean {
  if (a instanceof Namespace && b instanceof Namespace) return a.path === b.path;
  return a === b;
}

function scalarOrder(operation: string, a: Value, b: Value): number {
  if ((typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const types = `'${typeName(a)}' and '${typeName(b)}'`;
  throw new Refusal('TypeError', `'${operation}' not supported between instances of ${types}`);
}

function listOrder(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = scalarOrder('<', a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function contains(container: Value, item: Value): boolean {
  if (typeof container === 'string') return typeof item === 'string' && container.includes(item);
  if (Array.isArray(container)) return container.some((each) => equal(each, item));
  if (container instanceof Dict) return container.map.has(key(item));
  if (container instanceof PySet)
    return container.set.has(item) || [...container.set].some((each) => equal(each, item));
  if (container instanceof Opaque) throw new Unknowable(`it depends on ${container.of}`);
  throw new Refusal('TypeError', `argument of type '${typeName(container)}' is not iterable: ${text(item)}`);
}
