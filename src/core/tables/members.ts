/** Members of classes, along their bases. */
import type { Evaluator } from './evaluate';
import type { Expression } from './format';
import type { Class } from './values';
import { Callable, Instance, isFunctionTable, type NativeMember, type Value } from './values';

/** Native members that are called on the class. */
const CLASS_METHODS: ReadonlySet<string> = new Set(['_from_config', 'from_dict']);

/** What a class has under a name. */
export interface Member {
  readonly native?: NativeMember;
  readonly function?: Callable;
  readonly made?: 'property' | 'staticmethod' | 'classmethod';
  readonly value?: Value;
}

/** A member of a class, along its bases: a function, a property, a value. */
export function lookUp(
  evaluator: Evaluator,
  cls: Class,
  name: string,
  after?: Class,
  order = cls.order,
): Member | undefined {
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
      const run = evaluator.fromTable(found, each.scope!, each);
      return { function: new Callable(name, run), ...(found[3] === undefined ? {} : { made: found[3] }) };
    }
    const value = classValue(evaluator, each, name);
    if (value !== undefined) return { value };
  }
  return undefined;
}

/** A class's own value: `model_type`, a field's default. */
function classValue(evaluator: Evaluator, cls: Class, name: string): Value | undefined {
  const known = cls.values.get(name);
  if (known !== undefined) return known;
  const table = cls.table!.body[name]!;
  const expression = table[0] === 'field' ? table[2] : (table[1] as Expression);
  if (table[0] === 'field' && table.length < 3) return undefined;
  const names = {
    names: new Map<string, Value>(),
    ...(cls.scope && { parent: cls.scope }),
    file: cls.scope!.file,
  };
  for (const other of Object.keys(cls.table!.body)) {
    const value = cls.values.get(other);
    if (value !== undefined) names.names.set(other, value);
  }
  const value = evaluator.evaluate(expression, names);
  cls.values.set(name, value);
  return value;
}

/** A member as an object's attribute. */
export function bind(evaluator: Evaluator, member: Member, self: Value): Value {
  if (member.native !== undefined) {
    const native = member.native;
    return new Callable('native', (args, named) => native(args[0] as Instance, args.slice(1), named), self);
  }
  if (member.function === undefined) return member.value ?? null;
  if (member.made === 'staticmethod') return member.function;
  if (member.made === 'property') return evaluator.call(member.function, [self], new Map());
  const first = member.made === 'classmethod' && self instanceof Instance ? self.of : self;
  return new Callable(member.function.name, member.function.run, first);
}

/** A member of the class itself. */
export function member(evaluator: Evaluator, cls: Class, name: string): Value | undefined {
  const found = evaluator.lookUp(cls, name);
  if (found === undefined) return undefined;
  if (found.native !== undefined && !CLASS_METHODS.has(name)) {
    const native = found.native;
    return new Callable(name, (args, named) => native(args[0] as Instance, args.slice(1), named));
  }
  if (found.native !== undefined || found.made === 'classmethod') return evaluator.bind(found, cls);
  return found.function ?? found.value;
}
