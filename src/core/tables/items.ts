/** What values hold: by index, by slice, one after the other. */
import type { Evaluator } from './evaluate';
import {
  Class,
  Dict,
  elementsOf,
  Instance,
  integer,
  key,
  Namespace,
  Opaque,
  Refusal,
  Slice,
  Tensor,
  text,
  truth,
  Tuple,
  typeName,
  type Value,
} from './values';

export function itemOf(evaluator: Evaluator, value: Value, index: Value): Value {
  if (value instanceof Dict) {
    const found = value.map.get(key(index));
    if (found === undefined) throw new Refusal('KeyError', text(index));
    return found;
  }
  if (Array.isArray(value) || typeof value === 'string') {
    if (index instanceof Slice) return sliced(value, index);
    const at = integer(index, 'an index');
    const found = value[at < 0 ? value.length + at : at];
    if (found === undefined) throw new Refusal('IndexError', `${typeName(value)} index out of range`);
    return found;
  }
  if (value instanceof Instance) {
    const getter = evaluator.lookUp(value.of, '__getitem__');
    if (getter !== undefined) return evaluator.call(evaluator.bind(getter, value), [index], new Map());
  }
  if (value instanceof Class || value instanceof Namespace) return value;
  if (value instanceof Tensor) return new Tensor(value.shape && indexed(value.shape, index));
  if (value instanceof Opaque) return value;
  throw new Refusal('TypeError', `'${typeName(value)}' object is not subscriptable`);
}

/** What a loop over a value meets. */
export function iterate(evaluator: Evaluator, value: Value): readonly Value[] {
  if (value instanceof Instance) {
    const iterator = evaluator.lookUp(value.of, '__iter__');
    if (iterator !== undefined)
      return elementsOf(evaluator.call(evaluator.bind(iterator, value), [], new Map()));
  }
  if (value instanceof Tensor && value.shape !== undefined) {
    const { shape, values } = value;
    return Array.from(
      { length: shape[0] ?? 0 },
      (_, i) => new Tensor(shape.slice(1), values && [values[i]!]),
    );
  }
  return elementsOf(value);
}

/** What `in` looks through: objects say themselves whether they hold something. */
export function containerOf(evaluator: Evaluator, value: Value, operation: string, item: Value): Value {
  if (!(value instanceof Instance) || (operation !== 'in' && operation !== 'notin')) return value;
  const member = evaluator.lookUp(value.of, '__contains__');
  if (member === undefined) return [...evaluator.iterate(value)];
  return truth(evaluator.call(evaluator.bind(member, value), [item], new Map())) ? [item] : [];
}

/** Shape of `tensor[index]`; undefined where it depends on values. */
function indexed(shape: readonly number[], index: Value): readonly number[] | undefined {
  const parts = Array.isArray(index) ? [...index] : [index];
  const taken = parts.filter((part) => part !== null && !(part instanceof Namespace)).length;
  const out: number[] = [];
  let axis = 0;
  for (const part of parts) {
    if (part === null) out.push(1);
    else if (part instanceof Namespace) {
      const skipped = shape.length - taken;
      out.push(...shape.slice(axis, axis + skipped));
      axis += skipped;
    } else if (part instanceof Slice) {
      const size = shape[axis++];
      if (size === undefined) return undefined;
      out.push(sizeOfSlice(size, part));
    } else if (typeof part === 'number') axis++;
    else return undefined;
  }
  return [...out, ...shape.slice(axis)];
}

function sizeOfSlice(length: number, { from, to, step }: Slice): number {
  const bound = (given: number | undefined, fallback: number) =>
    given === undefined ? fallback : Math.max(0, Math.min(length, given < 0 ? length + given : given));
  return Math.max(0, Math.ceil((bound(to, length) - bound(from, 0)) / Math.abs(step)));
}

/** Elements of a slice, as Python counts them. */
export function sliced(value: string | Value[], { from, to, step }: Slice): Value {
  const { length } = value;
  const bound = (given: number | undefined, fallback: number) =>
    given === undefined
      ? fallback
      : Math.max(step < 0 ? -1 : 0, Math.min(length, given < 0 ? length + given : given));
  const start = bound(from, step < 0 ? length - 1 : 0);
  const end = bound(to, step < 0 ? -1 : length);
  const picked: Value[] = [];
  for (let i = start; step < 0 ? i > end : i < end; i += step)
    if (value[i] !== undefined) picked.push(value[i]!);
  if (typeof value === 'string') return picked.map(text).join('');
  return value instanceof Tuple ? Tuple.with(...picked) : picked;
}
