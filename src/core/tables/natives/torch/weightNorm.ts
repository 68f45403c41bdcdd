/** Weight normalisation. */
import { isModule } from '../../attributes';
import { Instance, integer, Refusal, text, Unknowable, type Value } from '../../values';
import { MODULE } from '../classes';
import { parameter } from './sizes';

/** Weight normalisation: a magnitude and a direction in the place of the weight. */
export function parametrised(args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
  const [module, name = 'weight'] = args as [Value, Value?];
  const axis = integer(args[2] ?? named.get('dim') ?? 0, 'dim');
  if (!isModule(module)) throw new Unknowable('weight_norm of what is no module');
  const key = text(named.get('name') ?? name);
  const { shape } = module.parameters.get(key) ?? {};
  if (shape === undefined) throw new Refusal('AttributeError', `${module.of.name} has no parameter ${key}`);
  module.parameters.delete(key);
  const holder = new Instance(MODULE);
  parameter(holder, 'original0', ...shape.map((size, i) => (i === axis ? size : 1)));
  parameter(holder, 'original1', ...shape);
  const list = new Instance(MODULE);
  list.children.set(key, holder);
  module.children.set('parametrizations', list);
  return module;
}
