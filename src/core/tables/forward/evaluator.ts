/** An evaluator of forward passes: tensors have shapes, modules run, and what it does not know ends the evaluation. */
import { isModule } from '../attributes';
import { Evaluator } from '../evaluate';
import { configMembers } from '../natives/configs';
import { fieldsOf } from '../natives/fields';
import { libraryNames } from '../natives/library';
import { pythonNames } from '../natives/python';
import { standardLibrary } from '../natives/standard';
import { torchNames } from '../natives/torch/layers';
import { moduleMembers } from '../natives/torch/modules';
import { META } from '../tensors';
import type { TableStore } from '../format';
import {
  Callable,
  Class,
  Dict,
  Instance,
  Namespace,
  Opaque,
  Tensor,
  Tuple,
  Unknowable,
  type Value,
} from '../values';
import { Given, type Context } from './arguments';
import { attribute, Recorder, requested } from './capture';
import { elementwise } from './elementwise';
import { callFunction, functionOf, operationOf } from './functions';
import { experts, forwardLibrary, modelMembers } from './library';
import { takes } from './inputs';
import { moduleForwards } from './modules';
import { Pair } from './operations/sums';
import { sliceOf, unbound } from './operations/made';
import { matmul } from './products';
import { CONTEXT, forwardPython, isUnknown } from './python';
import { broadcast, indexed } from './shapes';
import { Tally } from './tally';
import { dtypeOf, Flowing, flowing } from './tensor';

export class ForwardEvaluator extends Evaluator implements Context {
  tally = new Tally();
  /** Whether models make the caches that their configs ask for. */
  cached = true;
  /** What hooks of running models take from modules: the innermost last. */
  private readonly recorders: Recorder[] = [];

  get evaluator(): Evaluator {
    return this;
  }

  override named(path: string): Value {
    return path === 'numpy.newaxis' ? null : super.named(path);
  }

  override attribute(value: Value, name: string): Value {
    return this.known(value, name) ?? super.attribute(value, name);
  }

  /** Attributes that differ from what constructors see. */
  known(value: Value, name: string): Value | undefined {
    if (value instanceof Tensor && !(this.constructing > 0 && isUnknown(value, name)))
      return this.ofTensor(flowing(value, `${name} of a tensor`), name);
    if (value instanceof Pair && (name === 'values' || name === 'indices'))
      return value[name === 'values' ? 0 : 1]!;
    if (value instanceof Class && name === 'apply' && value.order.some((cls) => cls.name === 'Function'))
      return this.applied(value);
    if (isModule(value)) {
      if (name === 'training' || name === 'is_gradient_checkpointing') return false;
      if (name === 'device') return META;
      if (name === 'dtype') return new Namespace('torch.float32');
    }
    return undefined;
  }

  /** A function with a backward pass of its own. */
  private applied(cls: Class): Value {
    return new Callable('apply', (args, named) =>
      this.call(super.attribute(cls, 'forward'), [new Instance(CONTEXT), ...args], named),
    );
  }

  private ofTensor(x: Flowing, name: string): Value | undefined {
    switch (name) {
      case 'shape':
        return Tuple.with(...x.shape);
      case 'ndim':
        return x.shape.length;
      case 'dtype':
        return dtypeOf(x);
      case 'device':
        return META;
      case 'requires_grad':
        return x.gradient;
      case 'is_cuda':
      case 'is_sparse':
      case 'is_nested':
        return false;
      case 'is_meta':
        return true;
      case 'data':
      case 'real':
      case 'imag':
        return new Flowing(x.shape, { values: x.numbers, kind: x.kind });
      case 'T':
        return x.view([...x.shape].reverse());
      case 'mT':
        return x.view([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!]);
      default: {
        const run = operationOf(name);
        if (run === undefined) throw new Unknowable(`the method ${name} of tensors`);
        return new Callable(name, (args, named) => run(this, new Given([x, ...args], named)));
      }
    }
  }

  override item(value: Value, index: Value): Value {
    if (!(value instanceof Tensor) || (this.constructing > 0 && value.shape === undefined))
      return super.item(value, unwrapped(index));
    const x = flowing(value);
    return sliceOf(x, index) ?? new Flowing(indexed(x.shape, index), { kind: x.kind, gradient: x.gradient });
  }

  override overwrite(value: Value, index: Value, item: Value): boolean {
    if (!(value instanceof Tensor)) return false;
    const x = flowing(value);
    if (item instanceof Tensor) broadcast(indexed(x.shape, index), flowing(item).shape);
    if (value instanceof Flowing) value.overwrite(item);
    return true;
  }

  override iterate(value: Value): readonly Value[] {
    if (value instanceof Tensor) return unbound(flowing(value), 0);
    return super.iterate(value);
  }

  override operate(operation: string, a: Value, b: Value): Value {
    if (!(a instanceof Tensor) && !(b instanceof Tensor)) return super.operate(operation, a, b);
    if (this.constructing > 0 && [a, b].some((each) => each instanceof Tensor && each.shape === undefined))
      return super.operate(operation, a, b);
    if (a instanceof Opaque || b instanceof Opaque) {
      // A number that is not known leaves the shape as it is.
      const tensor = flowing(a instanceof Opaque ? b : a);
      return new Flowing(tensor.shape, { kind: tensor.kind, gradient: tensor.gradient });
    }
    if (operation === '@') return matmul(this.tally, flowing(a), flowing(b));
    return elementwise(operation, a, b);
  }

  override related(operation: string, a: Value, b: Value): Value | undefined {
    if (!(a instanceof Tensor) && !(b instanceof Tensor)) return undefined;
    if (a instanceof Opaque || b instanceof Opaque)
      return new Flowing(flowing(a instanceof Opaque ? b : a).shape, { kind: 'bool' });
    if (!numeric(a) || !numeric(b)) return undefined;
    return elementwise(operation, a, b);
  }

  override call(
    target: Value,
    args: readonly Value[],
    named: ReadonlyMap<string, Value>,
    origin?: string,
  ): Value {
    if (isModule(target)) return this.runModule(target, args, named);
    if (target instanceof Namespace) return this.outsideCall(target.path, args, named);
    if (target instanceof Opaque) throw new Unknowable(`${target.of} is called`);
    return super.call(target, args, named, origin);
  }

  private outsideCall(path: string, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    if (this.constructing > 0 && functionOf(path) === undefined)
      return super.call(new Namespace(path), args, named);
    return callFunction(this, path, args, named);
  }

  /** Constructors that are running: what they compute shapes nothing. */
  private constructing = 0;

  override construct(
    cls: Class,
    args: readonly Value[],
    named: ReadonlyMap<string, Value>,
    origin?: string,
  ): Value {
    if (cls.order.some(({ table }) => table?.dataclass) && this.lookUp(cls, '__init__') === undefined)
      return this.record(cls, args, named);
    this.constructing++;
    try {
      return super.construct(cls, args, named, origin);
    } finally {
      this.constructing--;
    }
  }

  /** An object of a dataclass: its fields in their order. */
  private record(cls: Class, args: readonly Value[], named: ReadonlyMap<string, Value>): Instance {
    const made = new Instance(cls);
    [...fieldsOf(cls)].forEach(([name, { cls: owner, fallback }], i) => {
      const given = args[i] ?? named.get(name);
      const scope = { names: new Map<string, Value>(), file: owner.scope!.file };
      made.attributes.set(name, given ?? (fallback === undefined ? null : this.evaluate(fallback, scope)));
    });
    const after = this.lookUp(cls, '__post_init__');
    if (after !== undefined) this.call(this.bind(after, made), [], new Map());
    return made;
  }

  private runModule(module: Instance, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    return this.tally.run(module, () => {
      const options = this.lookUp(module.of, '_experts')?.value;
      const out =
        options instanceof Dict
          ? experts(this, module, options, new Given(args, named))
          : this.forward(module, args, named);
      for (const recorder of this.recorders.slice(-1)) recorder.take(module, args, out);
      return out;
    });
  }

  /** Runs a model that adds outputs of its layers to what it returns. */
  private capturing(
    module: Instance,
    options: Dict,
    run: () => Value,
    named: ReadonlyMap<string, Value>,
  ): Value {
    const recorder = new Recorder(this, module, requested(this, module, named));
    this.recorders.push(recorder);
    try {
      const out = run();
      const config = module.attributes.get('config');
      const own =
        config instanceof Instance ? (attribute(this, config, 'tie_last_hidden_states') ?? null) : null;
      recorder.into(out, own === null ? options.map.get('tie_last') !== false : own === true);
      return out;
    } finally {
      this.recorders.pop();
    }
  }

  private forward(module: Instance, args: readonly Value[], given: ReadonlyMap<string, Value>): Value {
    // Backbones make their maps of all their layers.
    const backbone = module.of.order.some(({ name }) => name === 'BackboneMixin');
    const named = new Map(backbone ? [...given, ['output_hidden_states', true] as const] : given);
    const cache =
      this.cached && (named.get('use_cache') ?? null) === null ? cacheOf(this, module) : undefined;
    if (cache !== undefined) named.set('use_cache', cache);
    const found = this.lookUp(module.of, 'forward') ?? this.lookUp(module.of, '__call__');
    if (found !== undefined) {
      const captures = this.lookUp(module.of, '_captures')?.value;
      if (captures instanceof Dict)
        return this.capturing(
          module,
          captures,
          () => this.call(this.bind(found, module), args, named),
          named,
        );
      return this.call(this.bind(found, module), args, named);
    }
    const own = module.of.order.map(({ name }) => moduleForwards.get(name)).find((run) => run !== undefined);
    if (own === undefined) throw new Unknowable(`what ${module.of.name} computes`);
    return own(this, module, new Given(args, named));
  }
}

/** Whether a model's config asks for a cache, where its forward takes that. */
function cacheOf(evaluator: Evaluator, module: Instance): Value | undefined {
  const config = module.attributes.get('config');
  if (!(config instanceof Instance) || !module.of.order.some(({ name }) => name === 'PreTrainedModel'))
    return undefined;
  return takes(evaluator, module.of).has('use_cache') ? config.attributes.get('use_cache') : undefined;
}

function numeric(value: Value): boolean {
  return value instanceof Tensor || typeof value === 'number' || typeof value === 'boolean';
}

/** A tensor of one number as the number that indexes a list. */
function unwrapped(index: Value): Value {
  if (!(index instanceof Flowing) || index.shape.length > 0) return index;
  const [number] = index.numbers ?? [];
  if (number === undefined) throw new Unknowable('an index depends on the numbers of a tensor');
  return number;
}

export function makeForwardEvaluator(store: TableStore): ForwardEvaluator {
  const outside = new Map<string, Value>();
  const inside: { evaluator?: ForwardEvaluator } = {};
  const self = () => inside.evaluator!;
  const evaluator = new ForwardEvaluator(
    store,
    new Map([...pythonNames(self), ...forwardPython(pythonNames(self))]),
    outside,
  );
  inside.evaluator = evaluator;
  moduleMembers(self);
  for (const names of [standardLibrary(self), torchNames(self), libraryNames(self), forwardLibrary(self)]) {
    for (const [name, value] of names) outside.set(name, value);
  }
  // Functions of tensors take the place of those that constructors use.
  for (const name of [...outside.keys()]) {
    if (outside.get(name) instanceof Callable && functionOf(name) !== undefined) outside.delete(name);
  }
  outside.delete('@modeling_rope_utils.ROPE_INIT_FUNCTIONS');
  for (const [name, number] of [
    ['inf', Infinity],
    ['pi', Math.PI],
    ['nan', NaN],
    ['e', Math.E],
  ] as const)
    outside.set(`torch.${name}`, number);
  for (const [name, run] of moduleForwards) {
    const cls =
      outside.get(`torch.nn.${name}`) ??
      outside.get(`@pytorch_utils.${name}`) ??
      outside.get(`@activations.${name}`);
    if (cls instanceof Class)
      cls.natives.set('forward', (module, args, named) => run(evaluator, module, new Given(args, named)));
  }
  modelMembers(evaluator);
  configMembers(evaluator);
  return evaluator;
}
