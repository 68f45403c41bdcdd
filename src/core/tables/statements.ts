/** Statements and assignments. */
import { setAttributeOf } from './attributes';
import type { Evaluator } from './evaluate';
import { isStarred } from './evaluate';
import type { Expression, Statement } from './format';
import {
  Dict,
  Instance,
  integer,
  key,
  Opaque,
  Refusal,
  text,
  truth,
  Unknowable,
  type Scope,
  type Value,
} from './values';

/** How a statement left its body. */
export type Outcome = undefined | 'break' | 'continue' | { readonly value: Value };

export function execute(evaluator: Evaluator, statements: readonly Statement[], scope: Scope): Outcome {
  for (const statement of statements) {
    const outcome = run(evaluator, statement, scope);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

function run(evaluator: Evaluator, statement: Statement, scope: Scope): Outcome {
  const [kind, ...parts] = statement as readonly [string, ...Expression[]];
  switch (kind) {
    case 'e':
      evaluator.evaluate(parts[0], scope);
      return undefined;
    case '=':
      assign(evaluator, parts[0]!, evaluator.evaluate(parts[1], scope), scope);
      return undefined;
    case 'if': {
      const branch = truth(evaluator.evaluate(parts[0], scope)) ? parts[1] : parts[2];
      return branch === undefined
        ? undefined
        : execute(evaluator, branch as unknown as readonly Statement[], scope);
    }
    case 'for':
      for (const value of evaluator.iterate(evaluator.evaluate(parts[1], scope))) {
        assign(evaluator, parts[0]!, value, scope);
        const outcome = execute(evaluator, parts[2] as unknown as readonly Statement[], scope);
        if (outcome === 'break') break;
        if (typeof outcome === 'object') return outcome;
      }
      return undefined;
    case 'while':
      while (truth(evaluator.evaluate(parts[0], scope))) {
        const outcome = execute(evaluator, parts[1] as unknown as readonly Statement[], scope);
        if (outcome === 'break') break;
        if (typeof outcome === 'object') return outcome;
      }
      return undefined;
    case 'return':
      return { value: evaluator.evaluate(parts[0], scope) };
    case 'raise':
      throw new Refusal(parts[0] as string, text(evaluator.evaluate(parts[1] ?? null, scope)));
    case 'try':
      try {
        return execute(evaluator, parts[0] as unknown as readonly Statement[], scope);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return execute(evaluator, parts[1] as unknown as readonly Statement[], scope);
      }
    case 'break':
    case 'continue':
      return kind;
    case 'del':
      remove(evaluator, parts[0]!, scope);
      return undefined;
    default:
      throw new Unknowable(`the statement ${kind}`);
  }
}

export function assign(evaluator: Evaluator, target: Expression, value: Value, scope: Scope): void {
  if (typeof target === 'string') {
    scope.names.set(target, value);
    return;
  }
  const [kind, ...parts] = target as readonly [string, ...Expression[]];
  if (kind === '.') setAttributeOf(evaluator, evaluator.evaluate(parts[0], scope), parts[1] as string, value);
  else if (kind === '[]')
    setItem(evaluator, evaluator.evaluate(parts[0], scope), evaluator.evaluate(parts[1], scope), value);
  else unpack(evaluator, parts, value, scope);
}

function unpack(evaluator: Evaluator, targets: readonly Expression[], value: Value, scope: Scope): void {
  if (value instanceof Opaque) {
    for (const target of targets) assign(evaluator, isStarred(target) ? target[1] : target, value, scope);
    return;
  }
  const values = evaluator.iterate(value);
  const star = targets.findIndex(isStarred);
  if (star < 0 ? values.length !== targets.length : values.length < targets.length - 1) {
    throw new Refusal('ValueError', `expected ${targets.length} values, found ${values.length}`);
  }
  const surplus = values.length - targets.length + 1;
  targets.forEach((target, i) => {
    if (i === star)
      assign(evaluator, (target as readonly Expression[])[1]!, values.slice(i, i + surplus), scope);
    else assign(evaluator, target, values[star >= 0 && i > star ? i + surplus - 1 : i]!, scope);
  });
}

function setItem(evaluator: Evaluator, value: Value, index: Value, item: Value): void {
  if (evaluator.overwrite(value, index, item)) return;
  if (value instanceof Dict) value.map.set(key(index), item);
  else if (Array.isArray(value)) {
    const at = integer(index, 'an index');
    value[at < 0 ? value.length + at : at] = item;
  } else if (value instanceof Instance) {
    const setter = evaluator.lookUp(value.of, '__setitem__');
    if (setter === undefined)
      throw new Refusal('TypeError', `${value.of.name} does not support item assignment`);
    evaluator.call(evaluator.bind(setter, value), [index, item], new Map());
  }
}

function remove(evaluator: Evaluator, target: Expression, scope: Scope): void {
  if (typeof target === 'string') {
    scope.names.delete(target);
    return;
  }
  const [kind, object, name] = target as readonly [string, Expression, Expression];
  const value = evaluator.evaluate(object, scope);
  if (kind === '.' && value instanceof Instance) {
    for (const names of [value.attributes, value.children, value.parameters, value.buffers])
      names.delete(name as string);
  } else if (kind === '[]' && value instanceof Dict) value.map.delete(key(evaluator.evaluate(name, scope)));
}
