/** Fields of config classes. */
import type { Expression } from '../format';
import type { Class } from '../values';

export interface Field {
  readonly cls: Class;
  readonly annotation: string;
  readonly fallback: Expression | undefined;
}

/** Annotated fields of a config class by name, bases first. */
export function fieldsOf(cls: Class): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  for (const each of [...cls.order].reverse()) {
    for (const [name, table] of Object.entries(each.table?.body ?? {})) {
      if (table[0] === 'field') fields.set(name, { cls: each, annotation: table[1], fallback: table[2] });
    }
  }
  return fields;
}
