/** Attributes of values: of configs, of modules, of classes; the methods of Python's own types are in methods.ts. */
import type { Evaluator } from './evaluate';
import { methodOf } from './methods';
import { BUFFER, CONFIG_NAME, MODULE, nativeClass } from './natives/classes';
import {
  Callable,
  Class,
  Dict,
  Instance,
  integer,
  Namespace,
  Opaque,
  Refusal,
  Super,
  Tensor,
  text,
  Tuple,
  type Value,
} from './values';

export function isConfig(value: Value | undefined): value is Instance {
  return value instanceof Instance && isConfigClass(value.of);
}

export function isConfigClass(cls: Class): boolean {
  return cls.order.some(({ name }) => name === CONFIG_NAME);
}

export function isModule(value: Value | undefined): value is Instance {
  return value instanceof Instance && value.of.order.includes(MODULE);
}

/** The class's own spelling of a config's attribute. */
export function spelling(evaluator: Evaluator, cls: Class, name: string): string {
  const map = evaluator.member(cls, 'attribute_map');
  const found = map instanceof Dict ? map.map.get(name) : undefined;
  return typeof found === 'string' ? found : name;
}

/** Undefined where there is none. */
export function attributeOf(evaluator: Evaluator, value: Value, name: string): Value | undefined {
  if (value instanceof Instance) return ofInstance(evaluator, value, name);
  if (value instanceof Class) {
    if (name === '__name__' || name === '__qualname__') return value.name;
    return name === '__init__' && isConfigClass(value)
      ? new Callable(name, () => null, undefined, value)
      : evaluator.member(value, name);
  }
  if (value instanceof Super) return ofSuper(evaluator, value, name);
  if (value instanceof Namespace) return evaluator.named(`${value.path}.${name}`);
  if (value instanceof Opaque) return value;
  if (value instanceof Callable) {
    if (name === '__name__') return value.name;
    if (name === '__set__') return new Callable(name, () => null);
    return name === '__func__' ? value : undefined;
  }
  return methodOf(evaluator, value, name);
}

function ofInstance(evaluator: Evaluator, self: Instance, written: string): Value | undefined {
  const config = isConfigClass(self.of);
  const name = config ? spelling(evaluator, self.of, written) : written;
  const member = evaluator.lookUp(self.of, name);
  if (member?.made === 'property') return evaluator.bind(member, self);
  const own = self.attributes.has(name)
    ? self.attributes.get(name)
    : (self.children.get(name) ?? self.parameters.get(name) ?? self.buffers.get(name)?.tensor);
  if (own !== undefined) {
    if (config) self.read.add(name);
    return own;
  }
  if (member !== undefined) return evaluator.bind(member, self);
  if (isModule(self)) {
    if (name === '_modules') return Dict.over(self.children);
    if (name === 'training') return true;
    if (name === 'dtype' || name === 'device') return new Namespace(`torch.${name}`);
  }
  if (config && name === 'per_layer_config') return layerConfigs(evaluator, self);
  if (name === 'compute_default_rope_parameters') return new Opaque('rotary angles');
  if (name === '__class__') return self.of;
  if (name === '__dict__') return new Dict(self.attributes);
  const fallback = evaluator.lookUp(self.of, '__getattr__');
  return fallback === undefined
    ? undefined
    : evaluator.call(evaluator.bind(fallback, self), [name], new Map());
}

/** What the classes after one have; the methods that every object has do nothing more. */
function ofSuper(evaluator: Evaluator, { self, after, order }: Super, name: string): Value | undefined {
  const member = evaluator.lookUp(after, name, after, order);
  if (member !== undefined) return evaluator.bind(member, self);
  if (name === '__setattr__') {
    return new Callable(name, ([key, value]) => {
      if (self instanceof Instance) self.attributes.set(text(key), value ?? null);
      return null;
    });
  }
  if (name === '__getattribute__') {
    return new Callable(name, ([key]) =>
      self instanceof Instance ? (ofInstance(evaluator, self, text(key)) ?? null) : null,
    );
  }
  if (name === '__new__') return new Callable(name, ([cls]) => new Instance(cls as Class));
  return name.startsWith('__') || name.startsWith('validate_') ? new Callable(name, () => null) : undefined;
}

export function setAttributeOf(evaluator: Evaluator, target: Value, written: string, value: Value): void {
  if (target instanceof Class) {
    target.values.set(written, value);
    return;
  }
  if (!(target instanceof Instance)) return;
  const config = isConfigClass(target.of);
  const name = config ? spelling(evaluator, target.of, written) : written;
  if (config && name === 'per_layer_config') {
    if (value === null) target.attributes.delete(LAYERS);
    else target.attributes.set(LAYERS, value);
    return;
  }
  const setter = evaluator.lookUp(target.of, `${name}=`);
  const shadowing = setter && evaluator.lookUp(target.of, name);
  if (setter !== undefined && (shadowing === undefined || shadowing.made === 'property')) {
    evaluator.call(evaluator.bind({ function: setter.function! }, target), [value], new Map());
    return;
  }
  if (!target.of.order.includes(MODULE)) {
    target.attributes.set(name, value);
    return;
  }
  if (value instanceof Instance && value.of === BUFFER) {
    const tensor = value.attributes.get('tensor') as Tensor;
    register(target, target.buffers, name, {
      tensor,
      persistent: value.attributes.get('persistent') === true,
    });
  } else if (value instanceof Tensor && value.parameter) register(target, target.parameters, name, value);
  else if (isModule(value)) register(target, target.children, name, value);
  else if (value instanceof Tensor && target.buffers.has(name)) {
    target.buffers.set(name, { tensor: value, persistent: target.buffers.get(name)!.persistent });
  } else {
    target.children.delete(name);
    target.parameters.delete(name);
    target.attributes.set(name, value);
  }
}

/** Puts a value under one of a module's kinds of names, and takes it from the others. */
function register<T>(module: Instance, into: Map<string, T>, name: string, value: T): void {
  for (const names of [module.attributes, module.parameters, module.children, module.buffers]) {
    if (names !== (into as unknown)) names.delete(name);
  }
  into.set(name, value);
}

const LAYERS = '_heterogeneity_spec';

/** A config for each layer: the model's own with that layer's values in the place of its. */
function layerConfigs(evaluator: Evaluator, config: Instance): Instance {
  const given = config.attributes.get(LAYERS);
  const overrides = new Map<number, Value>();
  if (given instanceof Dict) for (const [layer, values] of given.map) overrides.set(Number(layer), values);
  const at = (layer: number): Value => {
    if (overrides.size === 0) return config;
    const copy = shallowCopy(config) as Instance;
    copy.attributes.delete(LAYERS);
    copy.attributes.set('skip', []);
    const own = overrides.get(layer);
    if (own instanceof Dict)
      for (const [name, value] of own.map) setAttributeOf(evaluator, copy, text(name), value);
    return copy;
  };
  const layers = () => integer(evaluator.attribute(config, 'num_hidden_layers'), 'num_hidden_layers');
  const view = nativeClass('LayerConfigs', [], {
    __getitem__: (_, [index]) => {
      if (typeof index !== 'string') return at(integer(index, 'a layer'));
      const types = evaluator.attribute(config, 'layer_types');
      const layer = Array.isArray(types) ? types.indexOf(index) : -1;
      if (layer < 0) throw new Refusal('ValueError', `there is no layer of type ${index}`);
      return at(layer);
    },
    __len__: layers,
    __iter__: () => Array.from({ length: layers() }, (_, i) => at(i)),
  });
  return new Instance(view);
}

/** A copy that shares what it holds. */
export function shallowCopy(value: Value): Value {
  if (value instanceof Dict) return new Dict(value.map);
  if (Array.isArray(value)) return value instanceof Tuple ? value : [...value];
  if (!(value instanceof Instance)) return value;
  const copy = new Instance(value.of);
  copy.arguments = value.arguments;
  if (value.origin !== undefined) copy.origin = value.origin;
  for (const [name, each] of value.attributes) copy.attributes.set(name, each);
  for (const [name, each] of value.parameters) copy.parameters.set(name, each);
  for (const [name, each] of value.children) copy.children.set(name, each);
  for (const [name, each] of value.buffers) copy.buffers.set(name, each);
  // What is read of a copy is read of the config that it was made from.
  if (isConfigClass(value.of)) Object.defineProperty(copy, 'read', { value: value.read });
  return copy;
}

/** A copy with nothing shared but classes and functions; tensors of the copy are its own. */
export function deepCopy(value: Value, known = new Map<Value, Value>()): Value {
  const done = known.get(value);
  if (done !== undefined) return done;
  if (value instanceof Tensor) {
    const copy = new Tensor(value.shape);
    copy.parameter = value.parameter;
    known.set(value, copy);
    return copy;
  }
  if (value instanceof Tuple) return Tuple.with(...value.map((each) => deepCopy(each, known)));
  if (Array.isArray(value)) {
    const copy: Value[] = [];
    known.set(value, copy);
    for (const each of value) copy.push(deepCopy(each, known));
    return copy;
  }
  if (value instanceof Dict) {
    const copy = new Dict([...value.map].map(([key, each]) => [key, deepCopy(each, known)] as const));
    if (value.origin !== undefined) copy.origin = value.origin;
    return copy;
  }
  if (!(value instanceof Instance)) return value;
  const copy = new Instance(value.of);
  known.set(value, copy);
  copy.arguments = value.arguments;
  if (value.origin !== undefined) copy.origin = value.origin;
  for (const [name, each] of value.attributes) copy.attributes.set(name, deepCopy(each, known));
  for (const [name, each] of value.parameters) copy.parameters.set(name, deepCopy(each, known) as Tensor);
  for (const [name, each] of value.children) copy.children.set(name, deepCopy(each, known) as Instance);
  for (const [name, { tensor, persistent }] of value.buffers) {
    copy.buffers.set(name, { tensor: deepCopy(tensor, known) as Tensor, persistent });
  }
  return copy;
}
