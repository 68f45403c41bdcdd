/** Evaluates the class tables' expressions. What Python's and PyTorch's names mean is in natives. */
import { attributeOf } from './attributes';
import { call, callExpression, construct } from './calls';
import { containerOf, itemOf, iterate } from './items';
import { bind, lookUp, member, type Member } from './members';
import { binary, compare } from './operators';
import { assign } from './statements';
import type { Expression, FunctionTable, Part, Statement, TableStore } from './format';
import type { Instance } from './values';
import {
  Callable,
  Class,
  Dict,
  elementsOf,
  integer,
  isFunctionTable,
  key,
  Namespace,
  Opaque,
  PySet,
  Refusal,
  Slice,
  Tensor,
  text,
  truth,
  Tuple,
  typeName,
  type Scope,
  type TableFunction,
  type Value,
} from './values';

/** Far more than any real config needs; a hostile one ends here. */
const MAX_STEPS = 12_000_000;

/** Comparisons that go element by element. */
const ORDERINGS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '==', '!=']);

export class Evaluator {
  private steps = 0;
  /** Calls within calls. */
  depth = 0;
  /** Config objects made since the beginning of this evaluation. */
  configs: Instance[] = [];
  private readonly globals = new Map<string, Map<string, Value>>();

  constructor(
    readonly store: TableStore,
    /** Names of Python itself. */
    private readonly builtins: ReadonlyMap<string, Value>,
    /** Dotted names outside the tables that have a meaning here. */
    private readonly outside: ReadonlyMap<string, Value>,
  ) {}

  /** A definition of a file. */
  global(file: string, name: string): Value | undefined {
    let known = this.globals.get(file);
    if (known === undefined) this.globals.set(file, (known = new Map<string, Value>()));
    const found = known.get(name);
    if (found !== undefined) return found;
    const table = this.store.file(file);
    const own = Object.hasOwn(table.names, name) ? table.names[name] : undefined;
    const value = own === undefined ? this.imported(table.imports, name) : this.define(file, name, own);
    if (value !== undefined) known.set(name, value);
    return value;
  }

  /** Something outside the tables by its dotted name. */
  named(path: string): Value {
    return this.outside.get(path) ?? new Namespace(path);
  }

  private imported(imports: FileImports, name: string): Value | undefined {
    const target = Object.hasOwn(imports, name) ? imports[name] : undefined;
    if (target === undefined) return undefined;
    return typeof target === 'string' ? this.named(target) : this.global(target[0], target[1]);
  }

  private define(file: string, name: string, table: FileDefinition): Value {
    const scope: Scope = { names: new Map(), file };
    if (isFunctionTable(table)) return new Callable(name, this.fromTable(table, scope));
    if (Array.isArray(table)) return this.evaluate(table[1] as Expression, scope);
    const { bases } = table as Extract<FileDefinition, { bases: unknown }>;
    const classes = bases.map((base) => this.evaluate(base, scope)).filter((base) => base instanceof Class);
    return new Class(name, classes, table as Extract<FileDefinition, { bases: unknown }>, scope);
  }

  /** Begins a new evaluation, with all its steps before it. */
  begin(): void {
    this.steps = 0;
    this.depth = 0;
    this.configs = [];
  }

  fromTable(table: FunctionTable, scope: Scope, owner?: Class): TableFunction {
    const [, parameters, body] = table;
    return { parameters, body, scope, ...(owner === undefined ? {} : { owner }) };
  }

  // --- expressions

  evaluate(expression: Expression | undefined, scope: Scope): Value {
    if (++this.steps > MAX_STEPS) throw new Refusal('MemoryError', 'the model is too large to build');
    if (expression === undefined || expression === null) return null;
    if (typeof expression === 'string') return this.name(expression, scope);
    if (!Array.isArray(expression)) return expression as number | boolean;
    const [operation, ...parts] = expression as readonly [string, ...Expression[]];
    switch (operation) {
      case 's':
        return parts[0] as string;
      case 'fl':
        return parts[0] as number;
      case 'inf':
        return Infinity;
      case '.':
        return this.attribute(this.evaluate(parts[0], scope), parts[1] as string);
      case '[]':
        return this.item(this.evaluate(parts[0], scope), this.evaluate(parts[1], scope));
      case '[:]': {
        const bounds = parts.slice(1).map((part) => this.evaluate(part, scope));
        const [from, to, step] = bounds.map((each) => (each === null ? undefined : integer(each, 'a slice')));
        return this.item(this.evaluate(parts[0], scope), new Slice(from, to, step ?? 1));
      }
      case '()':
        return callExpression(this, parts, scope);
      case 'cmp':
        return this.comparison(parts, scope);
      case 'not':
        return !truth(this.evaluate(parts[0], scope));
      case 'neg':
        return this.operate('-', 0, this.evaluate(parts[0], scope));
      case 'and':
      case 'or': {
        let value: Value = null;
        for (const part of parts) {
          value = this.evaluate(part, scope);
          if (truth(value) === (operation === 'or')) return value;
        }
        return value;
      }
      case '?':
        return this.evaluate(truth(this.evaluate(parts[0], scope)) ? parts[1] : parts[2], scope);
      case 'l':
        return this.items(parts, scope);
      case 't':
        return Tuple.with(...this.items(parts, scope));
      case 'set':
        return new PySet(new Set(this.items(parts, scope)));
      case 'd':
        return this.dictionary(parts as unknown as readonly (readonly Expression[])[], scope);
      case 'lc': {
        const out: Value[] = [];
        const inner = child(scope);
        this.generate(parts[1] as unknown as Generators, inner, () =>
          out.push(this.evaluate(parts[0], inner)),
        );
        return out;
      }
      case 'dc': {
        const out = new Dict();
        const inner = child(scope);
        this.generate(parts[2] as unknown as Generators, inner, () =>
          out.map.set(key(this.evaluate(parts[0], inner)), this.evaluate(parts[1], inner)),
        );
        return out;
      }
      case 'f':
        return parts.map((part) => text(this.evaluate(part, scope))).join('');
      case 'lambda': {
        const [parameters, body] = parts as unknown as [TableFunction['parameters'], Expression];
        const isBody = Array.isArray(body) && body[0] === 'body';
        return new Callable('<lambda>', {
          parameters,
          body: isBody ? (body[1] as readonly Statement[]) : { value: body },
          scope,
          ...(scope.owner === undefined ? {} : { owner: scope.owner }),
        });
      }
      case ':=': {
        const value = this.evaluate(parts[1], scope);
        functionScope(scope).names.set(parts[0] as string, value);
        return value;
      }
      case 'slice': {
        const [from, to, step] = parts.map((part) => this.evaluate(part, scope));
        const bound = (each: Value | undefined) => (typeof each === 'number' ? each : undefined);
        return new Slice(bound(from), bound(to), bound(step) ?? 1);
      }
      case '...':
        return new Namespace('...');
      case 'opaque':
        return new Opaque('a part of a tensor');
      default:
        return this.operate(operation, this.evaluate(parts[0], scope), this.evaluate(parts[1], scope));
    }
  }

  private name(name: string, scope: Scope): Value {
    for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) {
      const found = each.names.get(name);
      if (found !== undefined) return found;
    }
    const global = this.global(scope.file, name);
    return global === undefined ? (this.builtins.get(name) ?? new Opaque(`the name ${name}`)) : global;
  }

  items(parts: readonly Part[], scope: Scope): Value[] {
    const out: Value[] = [];
    for (const part of parts as readonly Expression[]) {
      if (isStarred(part)) out.push(...elementsOf(this.evaluate(part[1], scope)));
      else out.push(this.evaluate(part, scope));
    }
    return out;
  }

  private dictionary(pairs: readonly (readonly Expression[])[], scope: Scope): Dict {
    const out = new Dict();
    for (const [name, value] of pairs) {
      const taken = this.evaluate(value, scope);
      if (Array.isArray(name) && name[0] === '**') {
        if (!(taken instanceof Dict)) throw new Refusal('TypeError', `${typeName(taken)} is not a mapping`);
        for (const [k, v] of taken.map) out.map.set(k, v);
      } else out.map.set(key(this.evaluate(name, scope)), taken);
    }
    return out;
  }

  private generate(generators: Generators, scope: Scope, each: () => void): void {
    const [first, ...rest] = generators;
    if (first === undefined) return each();
    const [target, iterable, ...conditions] = first;
    for (const value of this.iterate(this.evaluate(iterable, scope))) {
      assign(this, target!, value, scope);
      if (conditions.every((condition) => truth(this.evaluate(condition, scope))))
        this.generate(rest, scope, each);
    }
  }

  private comparison(parts: readonly Expression[], scope: Scope): Value {
    let left = this.evaluate(parts[0], scope);
    for (let i = 1; i < parts.length; i += 2) {
      const right = containerOf(this, this.evaluate(parts[i + 1], scope), parts[i] as string, left);
      const elements = ORDERINGS.has(parts[i] as string)
        ? this.related(parts[i] as string, left, right)
        : undefined;
      if (elements !== undefined) return elements;
      if (!compare(parts[i] as string, left, right)) return false;
      left = right;
    }
    return true;
  }

  /** An operator between two values. */
  operate(operation: string, a: Value, b: Value): Value {
    return binary(operation, a, b);
  }

  /** A comparison element by element; undefined where neither value is a tensor. */
  related(_operation: string, a: Value, b: Value): Value | undefined {
    const tensor = a instanceof Tensor ? a : b;
    return tensor instanceof Tensor ? new Tensor(tensor.shape) : undefined;
  }

  /** Puts a value into a tensor; false where it is none that keeps track. */
  overwrite(_target: Value, _index: Value, _item: Value): boolean {
    return false;
  }

  attribute(value: Value, name: string): Value {
    const found = attributeOf(this, value, name);
    if (found === undefined) {
      throw new Refusal('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`);
    }
    return found;
  }

  item(value: Value, index: Value): Value {
    return itemOf(this, value, index);
  }

  /** What a loop over a value meets. */
  iterate(value: Value): readonly Value[] {
    return iterate(this, value);
  }

  call(target: Value, args: readonly Value[], named: ReadonlyMap<string, Value>, origin?: string): Value {
    return call(this, target, args, named, origin);
  }

  construct(cls: Class, args: readonly Value[], named: ReadonlyMap<string, Value>, origin?: string): Value {
    return construct(this, cls, args, named, origin);
  }

  lookUp(cls: Class, name: string, after?: Class, order?: readonly Class[]): Member | undefined {
    return lookUp(this, cls, name, after, order);
  }

  bind(found: Member, self: Value): Value {
    return bind(this, found, self);
  }

  member(cls: Class, name: string): Value | undefined {
    return member(this, cls, name);
  }
}

type FileImports = ReturnType<TableStore['file']>['imports'];
type FileDefinition = ReturnType<TableStore['file']>['names'][string];
type Generators = readonly (readonly Expression[])[];

/** `*values` has one operand, a product two. */
export function isStarred(part: Expression): part is readonly ['*', Expression] {
  return Array.isArray(part) && part[0] === '*' && part.length === 2;
}

function child(scope: Scope): Scope {
  return { names: new Map(), parent: scope, file: scope.file };
}

/** A comprehension's `:=` belongs to the function around it. */
function functionScope(scope: Scope): Scope {
  return scope.owner === undefined && scope.parent?.parent !== undefined ? scope.parent : scope;
}
