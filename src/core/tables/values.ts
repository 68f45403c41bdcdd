/** Values of the evaluator: Python's, as far as constructors need them. */
import type { ClassTable, Expression, FunctionTable, ParameterTable, Statement } from './format';

/** None is null; lists are arrays; numbers do not tell 2 from 2.0. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | Dict
  | PySet
  | Slice
  | Tensor
  | Instance
  | Class
  | Callable
  | Super
  | Namespace
  | Opaque;

/** An immutable list. */
export class Tuple extends Array<Value> {
  static with(...items: Value[]): Tuple {
    const tuple = new Tuple();
    for (const item of items) tuple.push(item);
    return tuple;
  }
}

export class Dict {
  readonly map: Map<Value, Value>;
  /** Path of the object in the config that it was read from. */
  origin?: string;

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    this.map = new Map(entries);
  }

  /** A dictionary that shows and changes `map` itself. */
  static over(map: Map<Value, Value>): Dict {
    const view = new Dict();
    (view as { map: Map<Value, Value> }).map = map;
    return view;
  }
}

/** Tuples are equal as keys when their items are: one of equals stands for all. */
const tuples = new Map<string, Tuple>();

export function key(value: Value): Value {
  if (!(value instanceof Tuple)) return value;
  const spelled = text(value);
  const known = tuples.get(spelled);
  if (known !== undefined) return known;
  if (tuples.size > 200_000) tuples.clear();
  tuples.set(spelled, value);
  return value;
}

export class PySet {
  constructor(readonly set: Set<Value> = new Set()) {}
}

export class Slice {
  constructor(
    readonly from: number | undefined,
    readonly to: number | undefined,
    readonly step: number,
  ) {}
}

/** A tensor of which only the shape is known; undefined where not even that. */
export class Tensor {
  /** Set for nn.Parameter. */
  parameter = false;
  constructor(
    readonly shape: readonly number[] | undefined,
    /** Numbers of a short list (drop rates by layer). */
    readonly values?: readonly number[],
  ) {}
}

/** A value that no structure should depend on; asking what it is ends the evaluation. */
export class Opaque {
  constructor(readonly of: string) {}
}

/** Something outside the tables by its dotted name: `torch.nn`. */
export class Namespace {
  constructor(readonly path: string) {}
}

export type Native = (args: readonly Value[], named: ReadonlyMap<string, Value>) => Value;

/** A function: of the tables, or native. */
export class Callable {
  constructor(
    readonly name: string,
    readonly run: Native | TableFunction,
    readonly self?: Value,
    /** The class whose constructor it is. */
    readonly constructs?: Class,
  ) {}
}

export interface TableFunction {
  readonly parameters: readonly ParameterTable[];
  readonly body: readonly Statement[] | { readonly value: Expression };
  readonly scope: Scope;
  /** The class whose body it stands in, for `super()`. */
  readonly owner?: Class;
}

/** A class of the tables, or a native one. */
export class Class {
  readonly order: readonly Class[];
  /** Methods and values that native classes have. */
  readonly natives = new Map<string, NativeMember>();
  /** Values of the class body, once they have been asked for. */
  readonly values = new Map<string, Value>();

  constructor(
    readonly name: string,
    readonly bases: readonly Class[],
    readonly table?: ClassTable,
    readonly scope?: Scope,
  ) {
    this.order = [this, ...merge([...bases.map(({ order }) => [...order]), [...bases]])];
  }

  inherits(other: Class): boolean {
    return this.order.includes(other);
  }
}

export type NativeMember = (
  self: Instance,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
) => Value;

/** Python's order of bases (C3). */
function merge(lists: Class[][]): Class[] {
  const out: Class[] = [];
  for (;;) {
    const left = lists.filter((list) => list.length > 0);
    if (left.length === 0) return out;
    const next = left.map(([first]) => first!).find((head) => left.every((list) => list.indexOf(head) <= 0));
    // A hierarchy without an order is Python's own error; here any order will do.
    const chosen = next ?? left[0]![0]!;
    out.push(chosen);
    lists = left.map((list) => list.filter((each) => each !== chosen));
  }
}

/** An object of a class. Modules keep their parameters, buffers and children in the order of assignment. */
export class Instance {
  readonly attributes = new Map<string, Value>();
  readonly parameters = new Map<string, Tensor>();
  readonly buffers = new Map<string, { readonly tensor: Tensor; readonly persistent: boolean }>();
  readonly children = new Map<string, Instance>();
  /** What a native module was made with, for the tree. */
  arguments: Readonly<Record<string, Value>> = {};
  /** Of a config: path of its object in the file. */
  origin?: string;
  /** Of a config: names that were read. */
  readonly read = new Set<string>();

  constructor(readonly of: Class) {}
}

export class Super {
  constructor(
    readonly self: Value,
    readonly after: Class,
    readonly order: readonly Class[],
  ) {}
}

/** Names of a function under evaluation. */
export interface Scope {
  readonly names: Map<string, Value>;
  readonly parent?: Scope;
  /** The file whose names are looked up last. */
  readonly file: string;
  readonly owner?: Class;
  readonly self?: Value;
}

/** What a class refuses, in its own words. */
export class Refusal extends Error {
  /** Functions that were being evaluated, innermost first. */
  readonly where: string[] = [];

  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** The tables do not hold what this config asks for. */
export class Unknowable extends Error {
  /** Functions that were being evaluated, innermost first. */
  readonly where: string[] = [];
}

export function isFunctionTable(table: unknown): table is FunctionTable {
  return Array.isArray(table) && table[0] === 'def';
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  if (value instanceof Tuple) return 'tuple';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Dict) return 'dict';
  if (value instanceof PySet) return 'set';
  if (value instanceof Instance) return value.of.name;
  if (value instanceof Tensor) return 'Tensor';
  return value instanceof Class ? 'type' : 'object';
}

export function truth(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Dict) return value.map.size > 0;
  if (value instanceof PySet) return value.set.size > 0;
  if (value instanceof Opaque) throw new Unknowable(`it depends on ${value.of}`);
  if (value instanceof Tensor) {
    if (value.values?.length !== 1) throw new Unknowable('it depends on the numbers of a tensor');
    return value.values[0] !== 0;
  }
  return true;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    const number = (value: Value) => (typeof value === 'boolean' ? Number(value) : value);
    return number(a) === number(b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return (
      a instanceof Tuple === b instanceof Tuple &&
      a.length === b.length &&
      a.every((each, i) => equal(each, b[i]!))
    );
  }
  if (a instanceof Dict && b instanceof Dict) {
    return (
      a.map.size === b.map.size &&
      [...a.map].every(([key, value]) => b.map.has(key) && equal(value, b.map.get(key)!))
    );
  }
  if (a instanceof PySet && b instanceof PySet) {
    return a.set.size === b.set.size && [...a.set].every((each) => b.set.has(each));
  }
  if (a instanceof Namespace && b instanceof Namespace) return a.path === b.path;
  return false;
}

/** Python's str(); a missing argument is None. */
export function text(value: Value | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  if (value instanceof Tuple) return `(${value.map(quoted).join(', ')})`;
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`;
  if (value instanceof Dict)
    return `{${[...value.map].map(([k, v]) => `${quoted(k)}: ${quoted(v)}`).join(', ')}}`;
  return `<${typeName(value)}>`;
}

function quoted(value: Value): string {
  return typeof value === 'string' ? `'${value}'` : text(value);
}

/** The elements that a loop over a value meets. */
export function elementsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (value instanceof Dict) return [...value.map.keys()];
  if (value instanceof PySet) return [...value.set];
  if (value instanceof Instance && value.of.natives.size >= 0) return [...value.children.values()];
  if (value instanceof Opaque) throw new Unknowable(`it depends on ${value.of}`);
  throw new Refusal('TypeError', `'${typeName(value)}' object is not iterable`);
}

/** A whole number, as a size has to be. */
export function integer(value: Value | undefined, what: string): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (value instanceof Opaque) throw new Unknowable(`${what} depends on ${value.of}`);
  throw new Refusal(
    'TypeError',
    `${what} must be a whole number, found ${value === undefined ? 'nothing' : text(value)}`,
  );
}
