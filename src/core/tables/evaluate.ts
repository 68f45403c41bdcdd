/** Evaluates the class tables: expressions, statements, calls. What Python's and PyTorch's names mean is in natives. */
import { attributeOf, setAttributeOf } from './attributes';
import type { Expression, FunctionTable, Part, Statement, TableStore } from './format';
import { binary, compare } from './operators';
import {
  Callable,
  Class,
  Dict,
  elementsOf,
  Instance,
  integer,
  isFunctionTable,
  key,
  Namespace,
  Opaque,
  PySet,
  Refusal,
  Slice,
  Super,
  Tensor,
  text,
  truth,
  Tuple,
  typeName,
  Unknowable,
  type Scope,
  type TableFunction,
  type Value,
} from './values';

/** Far more than any real config needs; a hostile one ends here. */
const MAX_STEPS = 30_000_000;
const MAX_DEPTH = 400;

/** Native members that are called on the class. */
const CLASS_METHODS: ReadonlySet<string> = new Set(['_from_config', 'from_dict']);

/** Comparisons that go element by element. */
const ORDERINGS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '==', '!=']);

type Outcome = undefined | 'break' | 'continue' | { readonly value: Value };

export class Evaluator {
  private steps = 0;
  private depth = 0;
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
    if (known === undefined) this.globals.set(file, (known = new Map()));
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
    const classes = bases
      .map((base) => this.evaluate(base, scope))
      .filter((base) => base instanceof Class);
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
        return this.callExpression(parts, scope);
      case 'cmp':
        return this.comparison(parts, scope);
      case 'not':
        return !truth(this.evaluate(parts[0], scope));
      case 'neg':
        return binary('-', 0, this.evaluate(parts[0], scope));
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
        this.generate(parts[1] as unknown as Generators, inner, () => out.push(this.evaluate(parts[0], inner)));
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
          body: isBody ? (body[1] as unknown as readonly Statement[]) : { value: body },
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
        return binary(operation, this.evaluate(parts[0], scope), this.evaluate(parts[1], scope));
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

  private items(parts: readonly Part[], scope: Scope): Value[] {
    const out: Value[] = [];
    for (const part of parts as readonly Expression[]) {
      if (isStarred(part)) out.push(...elementsOf(this.evaluate(part[1] as Expression, scope)));
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
      this.assign(target!, value, scope);
      if (conditions.every((condition) => truth(this.evaluate(condition, scope)))) this.generate(rest, scope, each);
    }
  }

  private comparison(parts: readonly Expression[], scope: Scope): Value {
    let left = this.evaluate(parts[0], scope);
    for (let i = 1; i < parts.length; i += 2) {
      const right = this.containerOf(this.evaluate(parts[i + 1], scope), parts[i] as string, left);
      if ((left instanceof Tensor || right instanceof Tensor) && ORDERINGS.has(parts[i] as string)) {
        return new Tensor((left instanceof Tensor ? left : (right as Tensor)).shape);
      }
      if (!compare(parts[i] as string, left, right)) return false;
      left = right;
    }
    return true;
  }

  /** What `in` looks through: objects say themselves whether they hold something. */
  private containerOf(value: Value, operation: string, item: Value): Value {
    if (!(value instanceof Instance) || (operation !== 'in' && operation !== 'notin')) return value;
    const member = this.lookUp(value.of, '__contains__');
    if (member === undefined) return [...this.iterate(value)];
    return truth(this.call(this.bind(member, value), [item], new Map())) ? [item] : [];
  }

  private callExpression(parts: readonly Expression[], scope: Scope): Value {
    const [callee, positional, keywords = []] = parts as unknown as [
      Expression,
      readonly Expression[],
      (readonly [string, Expression][])?,
    ];
    if (callee === 'super') return this.superOf(positional, scope);
    const target = this.evaluate(callee, scope);
    const args = this.items(positional, scope);
    const named = new Map<string, Value>();
    let origin: string | undefined;
    for (const [name, expression] of keywords) {
      const value = this.evaluate(expression, scope);
      if (name !== '**') named.set(name, value);
      else if (value instanceof Dict) {
        if (keywords.length === 1) origin = value.origin;
        for (const [each, item] of value.map) named.set(String(each), item);
      } else if (value instanceof Opaque) throw new Unknowable(`arguments depend on ${value.of}`);
      else throw new Refusal('TypeError', `argument after ** must be a mapping, not ${typeName(value)}`);
    }
    return this.call(target, args, named, origin);
  }

  private superOf(args: readonly Expression[], scope: Scope): Value {
    const from = args.length > 0 ? this.evaluate(args[0], scope) : ownerOf(scope);
    const self = args.length > 1 ? this.evaluate(args[1], scope) : selfOf(scope);
    if (!(from instanceof Class)) throw new Unknowable('super() outside a class');
    const order = self instanceof Instance ? self.of.order : self instanceof Class ? self.order : from.order;
    return new Super(self ?? null, from, order);
  }

  // --- calls

  call(target: Value, args: readonly Value[], named: ReadonlyMap<string, Value>, origin?: string): Value {
    if (target instanceof Callable) {
      const all = target.self === undefined ? args : [target.self, ...args];
      return typeof target.run === 'function' ? target.run(all, named) : this.apply(target.run, all, named);
    }
    if (target instanceof Class) return this.construct(target, args, named, origin);
    if (target instanceof Namespace) return this.unknownCall(target);
    if (target instanceof Opaque && target.of.startsWith('the name ')) throw new Unknowable(`${target.of} is not known`);
    if (target instanceof Opaque || target instanceof Tensor) return new Opaque('a computed value');
    if (target instanceof Instance) {
      const call = this.lookUp(target.of, '__call__');
      if (call !== undefined) return this.call(this.bind(call, target), args, named);
      return new Opaque(`what ${target.of.name} computes`);
    }
    throw new Refusal('TypeError', `'${typeName(target)}' object is not callable`);
  }

  /** A call outside the tables: of no matter, unless it makes a module. */
  private unknownCall({ path }: Namespace): Value {
    if (/^(torch\.nn\.[A-Z]|timm|detectron2|natten|@(?!\.?initialization|generation))/.test(path)) throw new Unknowable(`${path} is not known`);
    return new Opaque(path);
  }

  construct(cls: Class, args: readonly Value[], named: ReadonlyMap<string, Value>, origin?: string): Value {
    const maker = this.lookUp(cls, '__new__');
    if (maker?.native !== undefined) return maker.native(new Instance(cls), args, named);
    if (maker?.function !== undefined) {
      const made = this.call(maker.function, [cls, ...args], named);
      if (made !== null) return made;
    }
    const made = new Instance(cls);
    if (origin !== undefined) made.origin = origin;
    const initialise = this.lookUp(cls, '__init__');
    if (initialise !== undefined) this.call(this.bind(initialise, made), args, named);
    return made;
  }

  private apply(run: TableFunction, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    if (++this.depth > MAX_DEPTH) throw new Refusal('RecursionError', 'the model is nested too deep');
    try {
      const scope: Scope = {
        names: new Map(),
        parent: run.scope,
        file: run.scope.file,
        ...(run.owner === undefined ? {} : { owner: run.owner }),
        ...(run.owner === undefined || args[0] === undefined ? {} : { self: args[0] }),
      };
      this.bindArguments(run, args, named, scope);
      if (!('length' in run.body)) return this.evaluate(run.body.value, scope);
      const outcome = this.execute(run.body, scope);
      return typeof outcome === 'object' ? outcome.value : null;
    } catch (error) {
      if (error instanceof Refusal || error instanceof Unknowable) error.where.push(run.owner?.name ?? run.scope.file);
      throw error;
    } finally {
      this.depth--;
    }
  }

  private bindArguments(
    run: TableFunction,
    args: readonly Value[],
    named: ReadonlyMap<string, Value>,
    scope: Scope,
  ): void {
    const left = new Map(named);
    let next = 0;
    let positional = true;
    let rest: string | undefined;
    for (const parameter of run.parameters) {
      const [name, fallback] = typeof parameter === 'string' ? [parameter] : parameter;
      if (typeof parameter !== 'string' && name === '*') {
        positional = false;
        if (fallback !== null) scope.names.set(fallback as string, Tuple.with(...args.slice(next)));
        next = args.length;
      } else if (typeof parameter !== 'string' && name === '**') rest = fallback as string;
      else if (positional && next < args.length) scope.names.set(name, args[next++]!);
      else if (left.has(name)) {
        scope.names.set(name, left.get(name)!);
        left.delete(name);
      } else if (fallback === undefined) {
        throw new Refusal('TypeError', `missing 1 required positional argument: '${name}'`);
      } else scope.names.set(name, this.evaluate(fallback, run.scope));
    }
    if (rest !== undefined) scope.names.set(rest, new Dict(left));
    else if (left.size > 0 && !run.parameters.length) {
      throw new Refusal('TypeError', `got an unexpected keyword argument '${[...left.keys()][0]}'`);
    }
  }

  // --- classes and attributes

  /** A member of a class, along its bases: a function, a property, a value. */
  lookUp(cls: Class, name: string, after?: Class, order = cls.order): Member | undefined {
    const from = after === undefined ? 0 : order.indexOf(after) + 1;
    for (let i = from; i < order.length; i++) {
      const each = order[i]!;
      const native = each.natives.get(name);
      if (native !== undefined) return { native };
      const table = each.table?.body;
      if (table === undefined || !Object.hasOwn(table, name)) {
        const set = each.values.get(name);
        if (set !== undefined) return { value: set };
        continue;
      }
      const found = table[name]!;
      if (isFunctionTable(found)) {
        const run = this.fromTable(found, each.scope!, each);
        return { function: new Callable(name, run), ...(found[3] === undefined ? {} : { made: found[3] }) };
      }
      const value = this.classValue(each, name);
      if (value !== undefined) return { value };
    }
    return undefined;
  }

  /** A class's own value: `model_type`, a field's default. */
  private classValue(cls: Class, name: string): Value | undefined {
    const known = cls.values.get(name);
    if (known !== undefined) return known;
    const table = cls.table!.body[name]!;
    const expression = table[0] === 'field' ? table[2] : (table[1] as Expression);
    if (table[0] === 'field' && table.length < 3) return undefined;
    const names = { names: new Map<string, Value>(), ...(cls.scope && { parent: cls.scope }), file: cls.scope!.file };
    for (const other of Object.keys(cls.table!.body)) {
      const value = cls.values.get(other);
      if (value !== undefined) names.names.set(other, value);
    }
    const value = this.evaluate(expression, names);
    cls.values.set(name, value);
    return value;
  }

  /** A member as an object's attribute. */
  bind(member: Member, self: Value): Value {
    if (member.native !== undefined) {
      const native = member.native;
      return new Callable('native', (args, named) => native(args[0] as Instance, args.slice(1), named), self);
    }
    if (member.function === undefined) return member.value ?? null;
    if (member.made === 'staticmethod') return member.function;
    if (member.made === 'property') return this.call(member.function, [self], new Map());
    const first = member.made === 'classmethod' && self instanceof Instance ? self.of : self;
    return new Callable(member.function.name, member.function.run, first);
  }

  /** A member of the class itself. */
  member(cls: Class, name: string): Value | undefined {
    const found = this.lookUp(cls, name);
    if (found === undefined) return undefined;
    if (found.native !== undefined && !CLASS_METHODS.has(name)) {
      const native = found.native;
      return new Callable(name, (args, named) => native(args[0] as Instance, args.slice(1), named));
    }
    if (found.native !== undefined || found.made === 'classmethod') return this.bind(found, cls);
    return found.function ?? found.value;
  }

  attribute(value: Value, name: string): Value {
    const found = attributeOf(this, value, name);
    if (found === undefined) {
      throw new Refusal('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`);
    }
    return found;
  }

  item(value: Value, index: Value): Value {
    return this.itemOf(value, index);
  }

  private itemOf(value: Value, index: Value): Value {
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
      const getter = this.lookUp(value.of, '__getitem__');
      if (getter !== undefined) return this.call(this.bind(getter, value), [index], new Map());
    }
    if (value instanceof Class || value instanceof Namespace) return value;
    if (value instanceof Tensor) return new Tensor(value.shape && indexed(value.shape, index));
    if (value instanceof Opaque) return value;
    throw new Refusal('TypeError', `'${typeName(value)}' object is not subscriptable`);
  }

  /** What a loop over a value meets. */
  iterate(value: Value): readonly Value[] {
    if (value instanceof Instance) {
      const iterator = this.lookUp(value.of, '__iter__');
      if (iterator !== undefined) return elementsOf(this.call(this.bind(iterator, value), [], new Map()));
    }
    if (value instanceof Tensor && value.shape !== undefined) {
      const { shape, values } = value;
      return Array.from({ length: shape[0] ?? 0 }, (_, i) => new Tensor(shape.slice(1), values && [values[i]!]));
    }
    return elementsOf(value);
  }

  // --- statements

  private execute(statements: readonly Statement[], scope: Scope): Outcome {
    for (const statement of statements) {
      const outcome = this.statement(statement, scope);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  private statement(statement: Statement, scope: Scope): Outcome {
    const [kind, ...parts] = statement as readonly [string, ...Expression[]];
    switch (kind) {
      case 'e':
        this.evaluate(parts[0], scope);
        return undefined;
      case '=':
        this.assign(parts[0]!, this.evaluate(parts[1], scope), scope);
        return undefined;
      case 'if': {
        const branch = truth(this.evaluate(parts[0], scope)) ? parts[1] : parts[2];
        return branch === undefined ? undefined : this.execute(branch as unknown as readonly Statement[], scope);
      }
      case 'for':
        for (const value of this.iterate(this.evaluate(parts[1], scope))) {
          this.assign(parts[0]!, value, scope);
          const outcome = this.execute(parts[2] as unknown as readonly Statement[], scope);
          if (outcome === 'break') break;
          if (typeof outcome === 'object') return outcome;
        }
        return undefined;
      case 'while':
        while (truth(this.evaluate(parts[0], scope))) {
          const outcome = this.execute(parts[1] as unknown as readonly Statement[], scope);
          if (outcome === 'break') break;
          if (typeof outcome === 'object') return outcome;
        }
        return undefined;
      case 'return':
        return { value: this.evaluate(parts[0], scope) };
      case 'raise':
        throw new Refusal(parts[0] as string, text(this.evaluate(parts[1] ?? null, scope)));
      case 'try':
        try {
          return this.execute(parts[0] as unknown as readonly Statement[], scope);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return this.execute(parts[1] as unknown as readonly Statement[], scope);
        }
      case 'break':
      case 'continue':
        return kind;
      case 'del':
        this.remove(parts[0]!, scope);
        return undefined;
      default:
        throw new Unknowable(`the statement ${kind}`);
    }
  }

  private assign(target: Expression, value: Value, scope: Scope): void {
    if (typeof target === 'string') {
      scope.names.set(target, value);
      return;
    }
    const [kind, ...parts] = target as readonly [string, ...Expression[]];
    if (kind === '.') setAttributeOf(this, this.evaluate(parts[0], scope), parts[1] as string, value);
    else if (kind === '[]') this.setItem(this.evaluate(parts[0], scope), this.evaluate(parts[1], scope), value);
    else this.unpack(parts, value, scope);
  }

  private unpack(targets: readonly Expression[], value: Value, scope: Scope): void {
    if (value instanceof Opaque) {
      for (const target of targets) this.assign(isStarred(target) ? target[1] : target, value, scope);
      return;
    }
    const values = this.iterate(value);
    const star = targets.findIndex(isStarred);
    if (star < 0 ? values.length !== targets.length : values.length < targets.length - 1) {
      throw new Refusal('ValueError', `expected ${targets.length} values, found ${values.length}`);
    }
    const surplus = values.length - targets.length + 1;
    targets.forEach((target, i) => {
      if (i === star) this.assign((target as readonly Expression[])[1]!, values.slice(i, i + surplus), scope);
      else this.assign(target, values[star >= 0 && i > star ? i + surplus - 1 : i]!, scope);
    });
  }

  private setItem(value: Value, index: Value, item: Value): void {
    if (value instanceof Dict) value.map.set(key(index), item);
    else if (Array.isArray(value)) {
      const at = integer(index, 'an index');
      value[at < 0 ? value.length + at : at] = item;
    } else if (value instanceof Instance) {
      const setter = this.lookUp(value.of, '__setitem__');
      if (setter === undefined) throw new Refusal('TypeError', `${value.of.name} does not support item assignment`);
      this.call(this.bind(setter, value), [index, item], new Map());
    }
  }

  private remove(target: Expression, scope: Scope): void {
    if (typeof target === 'string') {
      scope.names.delete(target);
      return;
    }
    const [kind, object, name] = target as readonly [string, Expression, Expression];
    const value = this.evaluate(object, scope);
    if (kind === '.' && value instanceof Instance) {
      for (const names of [value.attributes, value.children, value.parameters, value.buffers]) names.delete(name as string);
    } else if (kind === '[]' && value instanceof Dict) value.map.delete(key(this.evaluate(name, scope)));
  }
}

type FileImports = ReturnType<TableStore['file']>['imports'];
type FileDefinition = ReturnType<TableStore['file']>['names'][string];
type Generators = readonly (readonly Expression[])[];

/** What a class has under a name. */
export interface Member {
  readonly native?: NonNullable<ReturnType<Class['natives']['get']>>;
  readonly function?: Callable;
  readonly made?: 'property' | 'staticmethod' | 'classmethod';
  readonly value?: Value;
}

/** `*values` has one operand, a product two. */
function isStarred(part: Expression): part is readonly ['*', Expression] {
  return Array.isArray(part) && part[0] === '*' && part.length === 2;
}

function child(scope: Scope): Scope {
  return { names: new Map(), parent: scope, file: scope.file };
}

/** A comprehension's `:=` belongs to the function around it. */
function functionScope(scope: Scope): Scope {
  return scope.owner === undefined && scope.parent?.parent !== undefined ? scope.parent : scope;
}

function ownerOf(scope: Scope | undefined): Class | undefined {
  return scope === undefined ? undefined : (scope.owner ?? ownerOf(scope.parent));
}

function selfOf(scope: Scope | undefined): Value | undefined {
  return scope === undefined ? undefined : (scope.self ?? selfOf(scope.parent));
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
    given === undefined ? fallback : Math.max(step < 0 ? -1 : 0, Math.min(length, given < 0 ? length + given : given));
  const start = bound(from, step < 0 ? length - 1 : 0);
  const end = bound(to, step < 0 ? -1 : length);
  const picked: Value[] = [];
  for (let i = start; step < 0 ? i > end : i < end; i += step) if (value[i] !== undefined) picked.push(value[i]!);
  if (typeof value === 'string') return picked.join('');
  return value instanceof Tuple ? Tuple.with(...picked) : picked;
}
