/** What every config class can do. */
import { isConfig, setAttributeOf } from '../attributes';
import type { Evaluator } from '../evaluate';
import type { Instance } from '../values';
import { Class, Dict, text, Unknowable, type NativeMember, type Value } from '../values';
import { fieldsOf } from './fields';
import { CONFIG_NAME } from './classes';

/** The machinery of config classes: fields, further keys, validators. */
export function configMembers(evaluator: Evaluator): void {
  const base = evaluator.global('configuration_utils', CONFIG_NAME);
  if (!(base instanceof Class)) throw new Unknowable('the tables hold no configs');
  base.natives.set('__init__', (self, _args, named) => {
    evaluator.configs.push(self);
    const fields = fieldsOf(self.of);
    const further = new Map(named);
    for (const [name, { cls, fallback }] of fields) {
      further.delete(name);
      const given = named.get(name);
      if (given !== undefined) setAttributeOf(evaluator, self, name, given);
      else if (fallback !== undefined) {
        const scope = { names: new Map<string, Value>(), file: cls.scope!.file };
        setAttributeOf(evaluator, self, name, evaluator.evaluate(fallback, scope));
      }
    }
    evaluator.call(evaluator.attribute(self, '__post_init__'), [], further);
    for (const name of validators(self.of)) {
      const validator = evaluator.lookUp(self.of, name);
      if (validator?.function !== undefined) evaluator.call(validator.function, [self], new Map());
    }
    return null;
  });
  // Plans for splitting a model over devices shape nothing.
  base.values.set('base_model_tp_plan', null);
  const plain: NativeMember = (self) => new Dict(self.attributes);
  base.natives.set('to_dict', plain);
  base.natives.set('to_diff_dict', plain);
  base.natives.set('get_text_config', (self) => textConfig(self));
  for (const name of ['validate', 'validate_rope', 'validate_token_ids']) base.natives.set(name, () => null);
  base.natives.set('from_dict', (self, [values]) =>
    evaluator.call(self, [], new Map([...(values as Dict).map].map(([key, value]) => [text(key), value]))),
  );
  base.natives.set('update', (self, [values]) => {
    if (values instanceof Dict)
      for (const [name, value] of values.map) setAttributeOf(evaluator, self, text(name), value);
    return null;
  });
  base.natives.set('__iter__', (self) => [...self.attributes.keys()]);
}

function validators(cls: Class): string[] {
  const names = new Set<string>();
  for (const each of cls.order) {
    for (const name of Object.keys(each.table?.body ?? {})) if (name.startsWith('validate_')) names.add(name);
  }
  return [...names];
}

/** The text part of a config with several, else itself. */
function textConfig(self: Instance): Instance {
  for (const name of [
    'text_config',
    'decoder',
    'generator',
    'text_encoder',
    'llm_config',
    'thinker_config',
  ]) {
    const part = self.attributes.get(name);
    if (isConfig(part)) return name === 'thinker_config' ? textConfig(part) : part;
  }
  return self;
}
