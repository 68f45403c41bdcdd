/** Arguments of PyTorch's functions, by position or by name. */
import { Opaque, Tensor, Unknowable, integer, truth, type Value } from '../values';
import type { Flowing } from './tensor';
import { flowing } from './tensor';
import type { Tally } from './tally';
import type { Evaluator } from '../evaluate';

export interface Context {
  readonly tally: Tally;
  readonly evaluator: Evaluator;
}

/** The arguments of one call. */
export class Given {
  constructor(
    readonly args: readonly Value[],
    readonly named: ReadonlyMap<string, Value>,
  ) {}

  /** Undefined where it was left out or is None. */
  at(position: number, name: string): Value | undefined {
    const found = this.args[position] ?? this.named.get(name) ?? undefined;
    return found === null ? undefined : found;
  }

  tensor(position = 0, name = 'input'): Flowing {
    return flowing(this.at(position, name), name);
  }

  optional(position: number, name: string): Flowing | undefined {
    const found = this.at(position, name);
    return found === undefined ? undefined : flowing(found, name);
  }

  whole(position: number, name: string, fallback?: number): number {
    const found = this.at(position, name);
    if (found === undefined && fallback !== undefined) return fallback;
    return whole(found, name);
  }

  flag(position: number, name: string, fallback: boolean): boolean {
    const found = this.at(position, name);
    return found === undefined ? fallback : truth(found);
  }

  /** Sizes given one after the other from a position on, or as a list. */
  sizes(position: number, name: string): number[] {
    const found = this.at(position, name);
    const list = Array.isArray(found) ? found : found === undefined ? [] : this.args.slice(position);
    return (list.length === 0 && found !== undefined && !Array.isArray(found) ? [found] : list).map((each) =>
      whole(each, name),
    );
  }

  list(position: number, name: string): readonly Value[] {
    const found = this.at(position, name);
    if (Array.isArray(found)) return found;
    if (found instanceof Opaque || found === undefined) throw new Unknowable(`${name} is not known`);
    return this.args.slice(position);
  }
}

/** A whole number, also of a tensor that is one. */
export function whole(value: Value | undefined, what: string): number {
  if (value instanceof Tensor) {
    const { numbers } = flowing(value);
    if (numbers?.length !== 1) throw new Unknowable(`${what} depends on the numbers of a tensor`);
    return numbers[0]!;
  }
  return integer(value, what);
}

/** A number for each of some axes, from one or a list. */
export function each(value: Value | undefined, axes: number, fallback: number): number[] {
  if (value === undefined || value === null) return Array.from({ length: axes }, () => fallback);
  if (!Array.isArray(value)) return Array.from({ length: axes }, () => whole(value, 'a size'));
  const list = value.map((item) => whole(item, 'a size'));
  return list.length === 1 ? Array.from({ length: axes }, () => list[0]!) : list;
}
