/** Calls: functions of the tables, classes, and what lies outside. */
import type { Evaluator } from './evaluate';
import { execute } from './statements';
import type { Expression } from './format';
import {
  Callable,
  Class,
  Dict,
  Instance,
  Namespace,
  Opaque,
  Refusal,
  Super,
  Tensor,
  text,
  Tuple,
  typeName,
  Unknowable,
  type Scope,
  type TableFunction,
  type Value,
} from './values';

const MAX_DEPTH = 400;

export function callExpression(evaluator: Evaluator, parts: readonly Expression[], scope: Scope): Value {
  const [callee, positional, keywords = []] = parts as unknown as [
    Expression,
    readonly Expression[],
    (readonly [string, Expression][])?,
  ];
  if (callee === 'super') return superOf(evaluator, positional, scope);
  const target = evaluator.evaluate(callee, scope);
  const args = evaluator.items(positional, scope);
  const named = new Map<string, Value>();
  let origin: string | undefined;
  for (const [name, expression] of keywords) {
    const value = evaluator.evaluate(expression, scope);
    if (name !== '**') named.set(name, value);
    else if (value instanceof Dict) {
      if (keywords.length === 1) origin = value.origin;
      for (const [each, item] of value.map) named.set(text(each), item);
    } else if (value instanceof Instance && evaluator.lookUp(value.of, 'items') !== undefined) {
      for (const pair of evaluator.iterate(
        evaluator.call(evaluator.attribute(value, 'items'), [], new Map()),
      )) {
        const [each, item] = evaluator.iterate(pair);
        named.set(text(each), item!);
      }
    } else if (value instanceof Opaque) throw new Unknowable(`arguments depend on ${value.of}`);
    else throw new Refusal('TypeError', `argument after ** must be a mapping, not ${typeName(value)}`);
  }
  return evaluator.call(target, args, named, origin);
}

function superOf(evaluator: Evaluator, args: readonly Expression[], scope: Scope): Value {
  const from = args.length > 0 ? evaluator.evaluate(args[0], scope) : ownerOf(scope);
  const self = args.length > 1 ? evaluator.evaluate(args[1], scope) : selfOf(scope);
  if (!(from instanceof Class)) throw new Unknowable('super() outside a class');
  const order = self instanceof Instance ? self.of.order : self instanceof Class ? self.order : from.order;
  return new Super(self ?? null, from, order);
}

export function call(
  evaluator: Evaluator,
  target: Value,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
  origin?: string,
): Value {
  if (target instanceof Callable) {
    const all = target.self === undefined ? args : [target.self, ...args];
    return typeof target.run === 'function'
      ? target.run(all, named)
      : apply(evaluator, target.run, all, named);
  }
  if (target instanceof Class) return evaluator.construct(target, args, named, origin);
  if (target instanceof Namespace) return unknownCall(target);
  if (target instanceof Opaque && target.of.startsWith('the name '))
    throw new Unknowable(`${target.of} is not known`);
  if (target instanceof Opaque || target instanceof Tensor) return new Opaque('a computed value');
  if (target instanceof Instance) {
    const call = evaluator.lookUp(target.of, '__call__');
    if (call !== undefined) return evaluator.call(evaluator.bind(call, target), args, named);
    return new Opaque(`what ${target.of.name} computes`);
  }
  throw new Refusal('TypeError', `'${typeName(target)}' object is not callable`);
}

/** A call outside the tables: of no matter, unless it makes a module. */
function unknownCall({ path }: Namespace): Value {
  if (/^(torch\.nn\.[A-Z]|timm|detectron2|natten|@(?!\.?initialization|generation))/.test(path))
    throw new Unknowable(`${path} is not known`);
  return new Opaque(path);
}

export function construct(
  evaluator: Evaluator,
  cls: Class,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
  origin?: string,
): Value {
  const maker = evaluator.lookUp(cls, '__new__');
  if (maker?.native !== undefined) return maker.native(new Instance(cls), args, named);
  if (maker?.function !== undefined) {
    const made = evaluator.call(maker.function, [cls, ...args], named);
    if (made !== null) return made;
  }
  const made = new Instance(cls);
  if (origin !== undefined) made.origin = origin;
  const initialise = evaluator.lookUp(cls, '__init__');
  if (initialise !== undefined) evaluator.call(evaluator.bind(initialise, made), args, named);
  return made;
}

function apply(
  evaluator: Evaluator,
  run: TableFunction,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value {
  if (++evaluator.depth > MAX_DEPTH) throw new Refusal('RecursionError', 'the model is nested too deep');
  try {
    const scope: Scope = {
      names: new Map(),
      parent: run.scope,
      file: run.scope.file,
      ...(run.owner === undefined ? {} : { owner: run.owner }),
      ...(run.owner === undefined || args[0] === undefined ? {} : { self: args[0] }),
    };
    bindArguments(evaluator, run, args, named, scope);
    if (!('length' in run.body)) return evaluator.evaluate(run.body.value, scope);
    const outcome = execute(evaluator, run.body, scope);
    return typeof outcome === 'object' ? outcome.value : null;
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unknowable)
      error.where.push(run.owner?.name ?? run.scope.file);
    throw error;
  } finally {
    evaluator.depth--;
  }
}

function bindArguments(
  evaluator: Evaluator,
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
    } else scope.names.set(name, evaluator.evaluate(fallback, run.scope));
  }
  if (rest !== undefined) scope.names.set(rest, new Dict([...left]));
  else if (left.size > 0 && !run.parameters.length) {
    throw new Refusal('TypeError', `got an unexpected keyword argument '${[...left.keys()][0]}'`);
  }
}

function ownerOf(scope: Scope | undefined): Class | undefined {
  return scope === undefined ? undefined : (scope.owner ?? ownerOf(scope.parent));
}

function selfOf(scope: Scope | undefined): Value | undefined {
  return scope === undefined ? undefined : (scope.self ?? selfOf(scope.parent));
}
