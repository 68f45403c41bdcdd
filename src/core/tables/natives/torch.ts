/** PyTorch's modules and tensor makers: which parameters and buffers each has, and of what shape. */
import { deepCopy, isModule } from '../attributes';
import type { Evaluator } from '../evaluate';
import { broadcast } from '../operators';
import { flag, flattened, META } from '../methods';
import {
  Callable,
  Class,
  Dict,
  Instance,
  integer,
  Opaque,
  Refusal,
  Slice,
  Tensor,
  text,
  truth,
  Tuple,
  Unknowable,
  type NativeMember,
  type Value,
} from '../values';
import { BUFFER, MODULE, nativeClass, taken } from './classes';

const MAX_DIMENSION = 2 ** 40;

type Arguments = Record<string, Value | undefined>;

function dimension(value: Value | undefined, what: string): number {
  const size = integer(value, what);
  if (size < 0 || size > MAX_DIMENSION) throw new Refusal('RuntimeError', `${what} can't be ${size}`);
  return size;
}

function parameter(module: Instance, name: string, ...shape: number[]): void {
  const tensor = new Tensor(shape);
  tensor.parameter = true;
  module.parameters.set(name, tensor);
}

function buffer(module: Instance, name: string, ...shape: number[]): void {
  module.buffers.set(name, { tensor: new Tensor(shape), persistent: true });
}

/** A size for each of `axes` axes, from one number or a list. */
function perAxis(value: Value | undefined, axes: number, fallback: number): number[] {
  if (value === undefined) return Array.from({ length: axes }, () => fallback);
  if (typeof value === 'string') return Array.from({ length: axes }, () => 0);
  if (Array.isArray(value)) return value.map((each) => integer(each, 'a kernel'));
  return Array.from({ length: axes }, () => integer(value, 'a kernel'));
}

export function torchNames(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, value: Value) => names.set(name, value);
  /** A module class by its arguments' names and what it makes of them. */
  const layer = (name: string, parameters: readonly string[], make: (self: Instance, given: Arguments) => void) => {
    const cls = nativeClass(name, [MODULE], {
      __init__: (self, args, named) => {
        const given = taken(parameters, args, named);
        self.arguments = Object.fromEntries(
          Object.entries(given).filter((entry): entry is [string, Value] => entry[1] !== undefined),
        );
        for (const [key, value] of Object.entries(self.arguments)) {
          if (typeof value === 'number' || typeof value === 'boolean') self.attributes.set(key, value);
        }
        make(self, given);
        return null;
      },
    });
    add(`torch.nn.${name}`, cls);
    return cls;
  };

  layer('Linear', ['in_features', 'out_features', 'bias'], (self, given) => {
    const [inputs, outputs] = [dimension(given['in_features'], 'in_features'), dimension(given['out_features'], 'out_features')];
    parameter(self, 'weight', outputs, inputs);
    if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
    else self.attributes.set('bias', null);
  });
  layer('Embedding', ['num_embeddings', 'embedding_dim', 'padding_idx'], (self, given) => {
    const rows = dimension(given['num_embeddings'], 'num_embeddings');
    const padding = given['padding_idx'];
    if (typeof padding === 'number' && (padding >= rows || padding < -rows)) {
      throw new Refusal('AssertionError', `padding_idx ${padding} must be within num_embeddings ${rows}`);
    }
    parameter(self, 'weight', rows, dimension(given['embedding_dim'], 'embedding_dim'));
  });
  layer('LayerNorm', ['normalized_shape', 'eps', 'elementwise_affine', 'bias'], (self, given) => {
    if (!flag(given['elementwise_affine'], true)) return;
    const shape = perAxis(given['normalized_shape'], 1, 0).map((each) => dimension(each, 'normalized_shape'));
    parameter(self, 'weight', ...shape);
    if (flag(given['bias'], true)) parameter(self, 'bias', ...shape);
  });
  layer('RMSNorm', ['normalized_shape', 'eps', 'elementwise_affine'], (self, given) => {
    if (flag(given['elementwise_affine'], true)) parameter(self, 'weight', ...perAxis(given['normalized_shape'], 1, 0));
  });
  layer('GroupNorm', ['num_groups', 'num_channels', 'eps', 'affine'], (self, given) => {
    const [groups, channels] = [dimension(given['num_groups'], 'num_groups'), dimension(given['num_channels'], 'num_channels')];
    if (groups === 0 || channels % groups !== 0) throw new Refusal('ValueError', 'num_channels must be divisible by num_groups');
    if (!flag(given['affine'], true)) return;
    parameter(self, 'weight', channels);
    parameter(self, 'bias', channels);
  });
  const batchNorm = (self: Instance, given: Arguments, fallback: boolean) => {
    const width = dimension(given['num_features'], 'num_features');
    if (flag(given['affine'], fallback)) {
      parameter(self, 'weight', width);
      parameter(self, 'bias', width);
    }
    if (!flag(given['track_running_stats'], fallback)) return;
    buffer(self, 'running_mean', width);
    buffer(self, 'running_var', width);
    buffer(self, 'num_batches_tracked');
  };
  for (const axes of [1, 2, 3]) {
    const keys = ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats'];
    layer(`BatchNorm${axes}d`, keys, (self, given) => batchNorm(self, given, true));
    layer(`InstanceNorm${axes}d`, keys, (self, given) => batchNorm(self, given, false));
    const convolution = ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding'];
    layer(`Conv${axes}d`, [...convolution, 'dilation', 'groups', 'bias'], (self, given) => convolve(self, given, axes, false));
    layer(
      `ConvTranspose${axes}d`,
      [...convolution, 'output_padding', 'groups', 'bias', 'dilation'],
      (self, given) => convolve(self, given, axes, true),
    );
  }
  layer('PReLU', ['num_parameters'], (self, given) => parameter(self, 'weight', dimension(given['num_parameters'] ?? 1, 'num_parameters')));
  layer('Bilinear', ['in1_features', 'in2_features', 'out_features', 'bias'], (self, given) => {
    const outputs = dimension(given['out_features'], 'out_features');
    parameter(self, 'weight', outputs, dimension(given['in1_features'], 'in1_features'), dimension(given['in2_features'], 'in2_features'));
    if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
  });
  const recurrent = ['input_size', 'hidden_size', 'num_layers', 'bias', 'batch_first', 'dropout', 'bidirectional', 'proj_size'];
  for (const [name, gates] of [['RNN', 1], ['GRU', 3], ['LSTM', 4]] as const) {
    layer(name, recurrent, (self, given) => recur(self, given, gates));
    layer(`${name}Cell`, ['input_size', 'hidden_size', 'bias'], (self, given) => {
      const [inputs, width] = [dimension(given['input_size'], 'input_size'), dimension(given['hidden_size'], 'hidden_size')];
      parameter(self, 'weight_ih', gates * width, inputs);
      parameter(self, 'weight_hh', gates * width, width);
      if (!flag(given['bias'], true)) return;
      parameter(self, 'bias_ih', gates * width);
      parameter(self, 'bias_hh', gates * width);
    });
  }
  layer(
    'MultiheadAttention',
    ['embed_dim', 'num_heads', 'dropout', 'bias', 'add_bias_kv', 'add_zero_attn', 'kdim', 'vdim', 'batch_first'],
    (self, given) => {
      const width = dimension(given['embed_dim'], 'embed_dim');
      const [key, value] = [given['kdim'] ?? width, given['vdim'] ?? width].map((each) => dimension(each, 'kdim'));
      if (key === width && value === width) parameter(self, 'in_proj_weight', 3 * width, width);
      else {
        parameter(self, 'q_proj_weight', width, width);
        parameter(self, 'k_proj_weight', width, key!);
        parameter(self, 'v_proj_weight', width, value!);
      }
      const bias = flag(given['bias'], true);
      if (bias) parameter(self, 'in_proj_bias', 3 * width);
      const linear = evaluator().construct(names.get('torch.nn.Linear') as Class, [width, width, bias], new Map());
      self.children.set('out_proj', linear as Instance);
      if (!flag(given['add_bias_kv'], false)) return;
      parameter(self, 'bias_k', 1, 1, width);
      parameter(self, 'bias_v', 1, 1, width);
    },
  );
  for (const name of WITHOUT_PARAMETERS) layer(name, [], () => undefined);
  for (const [name, value] of containers(evaluator)) add(name, value);
  for (const [name, value] of tensors(evaluator)) add(name, value);

  const parameterClass = nativeClass('Parameter', []);
  parameterClass.natives.set('__new__', (_self, args, named) => {
    const data = args[0] ?? named.get('data');
    if (!(data instanceof Tensor)) throw new Unknowable('a parameter is made of a computed value');
    const made = new Tensor(data.shape);
    made.parameter = true;
    return made;
  });
  add('torch.nn.Parameter', parameterClass);
  add('torch.nn.Buffer', new Callable('Buffer', ([tensor], named) => {
    if (!(tensor instanceof Tensor)) return tensor ?? null;
    const made = new Instance(BUFFER);
    made.attributes.set('tensor', tensor);
    made.attributes.set('persistent', named.get('persistent') ?? true);
    return made;
  }));
  add('torch.nn.Module', MODULE);
  const weightNorm = new Callable('weight_norm', (args, named) => parametrised(args, named));
  add('torch.nn.utils.weight_norm', weightNorm);
  add('torch.nn.utils.parametrizations.weight_norm', weightNorm);
  const differentiable = nativeClass('Function', []);
  differentiable.values.set('apply', new Opaque('a function of tensors'));
  add('torch.autograd.Function', differentiable);
  return names;
}

function convolve(self: Instance, given: Arguments, axes: number, transposed: boolean): void {
  const [inputs, outputs] = [dimension(given['in_channels'], 'in_channels'), dimension(given['out_channels'], 'out_channels')];
  const groups = dimension(given['groups'] ?? 1, 'groups');
  if (groups === 0 || inputs % groups !== 0 || outputs % groups !== 0) {
    throw new Refusal('ValueError', `in_channels ${inputs} and out_channels ${outputs} must be divisible by groups ${groups}`);
  }
  const kernel = perAxis(given['kernel_size'], axes, 1).map((each) => dimension(each, 'kernel_size'));
  for (const [name, fallback] of [['stride', 1], ['padding', 0], ['dilation', 1]] as const) {
    self.arguments = { ...self.arguments, [name]: perAxis(given[name], axes, fallback) };
    self.attributes.set(name, Tuple.with(...perAxis(given[name], axes, fallback)));
  }
  self.arguments = { ...self.arguments, kernel, groups, transposed };
  self.attributes.set('kernel_size', Tuple.with(...kernel));
  if (transposed) parameter(self, 'weight', inputs, outputs / groups, ...kernel);
  else parameter(self, 'weight', outputs, inputs / groups, ...kernel);
  if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
  else self.attributes.set('bias', null);
}

function recur(self: Instance, given: Arguments, gates: number): void {
  const width = dimension(given['hidden_size'], 'hidden_size');
  const projection = dimension(given['proj_size'] ?? 0, 'proj_size');
  const out = projection === 0 ? width : projection;
  const directions = flag(given['bidirectional'], false) ? ['', '_reverse'] : [''];
  const layers = dimension(given['num_layers'] ?? 1, 'num_layers');
  for (let i = 0; i < layers; i++) {
    const inputs = i === 0 ? dimension(given['input_size'], 'input_size') : out * directions.length;
    for (const direction of directions) {
      const name = `l${i}${direction}`;
      parameter(self, `weight_ih_${name}`, gates * width, inputs);
      parameter(self, `weight_hh_${name}`, gates * width, out);
      if (flag(given['bias'], true)) {
        parameter(self, `bias_ih_${name}`, gates * width);
        parameter(self, `bias_hh_${name}`, gates * width);
      }
      if (projection > 0) parameter(self, `weight_hr_${name}`, projection, width);
    }
  }
}

/** Weight normalisation: a magnitude and a direction in the place of the weight. */
function parametrised(args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
  const [module, name = 'weight'] = args as [Value, Value?];
  const axis = integer(args[2] ?? named.get('dim') ?? 0, 'dim');
  if (!isModule(module)) throw new Unknowable('weight_norm of what is no module');
  const key = String(named.get('name') ?? name);
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

const WITHOUT_PARAMETERS = [
  'Identity', 'Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'ReLU', 'ReLU6', 'GELU', 'SiLU', 'Tanh', 'Sigmoid', 'ELU', 'GLU', 'Mish',
  'LeakyReLU', 'Hardswish', 'Hardsigmoid', 'Softplus', 'Softmax', 'LogSoftmax', 'LogSigmoid', 'Softsign', 'SELU', 'CELU', 'Hardtanh',
  'MaxPool1d', 'MaxPool2d', 'MaxPool3d', 'AvgPool1d', 'AvgPool2d', 'AvgPool3d', 'AdaptiveAvgPool1d', 'AdaptiveAvgPool2d', 'AdaptiveAvgPool3d',
  'AdaptiveMaxPool2d', 'Upsample', 'UpsamplingNearest2d', 'Flatten', 'Unflatten', 'Unfold', 'Fold', 'PixelShuffle', 'PixelUnshuffle', 'ZeroPad2d',
  'ConstantPad1d', 'ConstantPad2d', 'ConstantPad3d', 'ReflectionPad1d', 'ReflectionPad2d', 'ReplicationPad1d', 'ReplicationPad2d',
  'CrossEntropyLoss', 'BCEWithLogitsLoss', 'BCELoss', 'MSELoss', 'L1Loss', 'SmoothL1Loss', 'NLLLoss', 'KLDivLoss', 'CTCLoss', 'CosineSimilarity',
]; // prettier-ignore

/** Modules that hold others. */
function containers(evaluator: () => Evaluator): Map<string, Value> {
  const append = (self: Instance, value: Value | undefined) => {
    if (isModule(value)) self.children.set(String(self.children.size), value);
    else if (value instanceof Tensor) self.parameters.set(String(self.parameters.size), value);
    else if (value !== undefined && value !== null) throw new Unknowable('a list of modules holds a computed value');
  };
  const extend: NativeMember = (self, [values]) => {
    for (const each of values === undefined || values === null ? [] : evaluator().iterate(values)) append(self, each);
    return self;
  };
  const all = (self: Instance): Value[] => [...self.children.values(), ...self.parameters.values()];
  const listed: Record<string, NativeMember> = {
    __iter__: all,
    __len__: (self) => self.children.size + self.parameters.size,
    __getitem__: (self, [index]) => {
      if (index instanceof Slice) {
        const part = new Instance(self.of);
        for (const each of evaluator().item(all(self), index) as Value[]) append(part, each);
        return part;
      }
      if (typeof index === 'string') return self.children.get(index) ?? null;
      return evaluator().item(all(self), index!);
    },
    __setitem__: (self, [index, value]) => {
      const at = integer(index, 'an index');
      const name = String(at < 0 ? self.children.size + at : at);
      if (isModule(value)) self.children.set(name, value);
      return null;
    },
    append: (self, [value]) => {
      append(self, value);
      return self;
    },
    extend,
    insert: (self, [at, value]) => {
      const children = [...self.children.values()];
      children.splice(integer(at, 'an index'), 0, value as Instance);
      self.children.clear();
      for (const each of children) append(self, each);
      return null;
    },
    pop: (self, [at]) => {
      const children = [...self.children.values()];
      const [removed] = children.splice(at === undefined ? -1 : integer(at, 'an index'), 1);
      self.children.clear();
      for (const each of children) append(self, each);
      return removed ?? null;
    },
  };
  const sequence: NativeMember = (self, args) => {
    const [first] = args;
    if (first instanceof Dict) for (const [key, value] of first.map) self.children.set(String(key), value as Instance);
    else for (const each of args) append(self, each);
    return null;
  };
  const named = (self: Instance) => (self.children.size > 0 ? self.children : self.parameters);
  const keyed: Record<string, NativeMember> = {
    __init__: (self, [values]) => {
      if (values instanceof Dict) {
        for (const [key, value] of values.map) {
          if (isModule(value)) self.children.set(String(key), value);
          else if (value instanceof Tensor) self.parameters.set(String(key), value);
        }
      }
      return null;
    },
    __getitem__: (self, [key]) => {
      const value = named(self).get(String(key));
      if (value === undefined) throw new Refusal('KeyError', text(key!));
      return value;
    },
    __setitem__: (self, [key, value]) => {
      if (isModule(value)) self.children.set(String(key), value);
      else if (value instanceof Tensor) self.parameters.set(String(key), value);
      return null;
    },
    __len__: (self) => named(self).size,
    __iter__: (self) => [...named(self).keys()],
    keys: (self) => [...named(self).keys()],
    values: (self) => [...named(self).values()],
    items: (self) => [...named(self)].map(([key, value]) => Tuple.with(key, value)),
    update: (self, [values]) => {
      if (values instanceof Dict) for (const [key, value] of values.map) if (isModule(value)) self.children.set(String(key), value);
      return null;
    },
  };
  const initialise: NativeMember = (self, args, given) => extend(self, [args[0] ?? given.get('modules') ?? given.get('values') ?? null], given);
  return new Map<string, Value>([
    ['torch.nn.ModuleList', nativeClass('ModuleList', [MODULE], { ...listed, __init__: (self, args, given) => (initialise(self, args, given), null) })],
    ['torch.nn.ParameterList', nativeClass('ParameterList', [MODULE], { ...listed, __init__: (self, args, given) => (initialise(self, args, given), null) })],
    ['torch.nn.Sequential', nativeClass('Sequential', [MODULE], { ...listed, __init__: sequence })],
    ['torch.nn.ModuleDict', nativeClass('ModuleDict', [MODULE], keyed)],
    ['torch.nn.ParameterDict', nativeClass('ParameterDict', [MODULE], keyed)],
  ]);
}

/** Makers of tensors: their shapes, where they can be told. */
function tensors(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, run: (args: readonly Value[], named: ReadonlyMap<string, Value>) => readonly number[] | undefined) =>
    names.set(`torch.${name}`, new Callable(name, (args, named) => new Tensor(run(args, named))));
  const filled = (args: readonly Value[], named: ReadonlyMap<string, Value>) => {
    const given = named.get('size') ?? (Array.isArray(args[0]) ? args[0] : args.filter((each) => typeof each !== 'string'));
    return (Array.isArray(given) ? given : [given]).map((each) => dimension(each, 'a dimension'));
  };
  for (const name of ['zeros', 'ones', 'empty', 'randn', 'rand']) add(name, filled);
  for (const name of ['Tensor', 'FloatTensor', 'LongTensor']) {
    add(name, (args, named) => (args.length > 0 && args.every((each) => typeof each === 'number') ? filled(args, named) : nested(args[0])));
  }
  add('full', ([size]) => (Array.isArray(size) ? size.map((each) => dimension(each, 'a dimension')) : undefined));
  add('eye', ([n, m]) => [dimension(n, 'a dimension'), dimension(typeof m === 'number' ? m : n, 'a dimension')]);
  for (const name of ['tensor', 'as_tensor']) {
    names.set(
      `torch.${name}`,
      new Callable(name, ([value]) => {
        const numbers = Array.isArray(value) ? value : [value];
        const plain = numbers.every((each) => typeof each === 'number') ? (numbers as number[]) : undefined;
        return new Tensor(nested(value), plain);
      }),
    );
  }
  names.set('torch.device', new Callable('device', () => META));
  add('arange', (args) => {
    const [a, b, step = 1] = args;
    const [from, to] = b === undefined ? [0, a] : [a, b];
    if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number') return undefined;
    return [Math.max(0, Math.ceil((to - from) / step))];
  });
  names.set(
    'torch.linspace',
    new Callable('linspace', (args, named) => {
      const [from, to] = [args[0] ?? named.get('start'), args[1] ?? named.get('end')];
      const steps = dimension(args[2] ?? named.get('steps'), 'steps');
      if (typeof from !== 'number' || typeof to !== 'number') return new Tensor([steps]);
      const step = (to - from) / Math.max(1, steps - 1);
      return new Tensor([steps], Array.from({ length: Math.min(steps, 4096) }, (_, i) => from + i * step));
    }),
  );
  add('logspace', (args, named) => [dimension(args[2] ?? named.get('steps'), 'steps')]);
  add('normal', (args, named) => {
    const size = named.get('size') ?? args[2];
    return Array.isArray(size) ? size.map((each) => dimension(each, 'a dimension')) : undefined;
  });
  for (const name of ['zeros_like', 'ones_like', 'full_like', 'empty_like', 'exp', 'log', 'log1p', 'expm1', 'sqrt', 'sin', 'cos', 'abs', 'clamp', 'round', 'tril', 'triu', 'flip', 'sign', 'pow', 'softmax', 'cumprod', 'cumsum', 'logit']) {
    add(name, ([value]) => (value instanceof Tensor ? value.shape : undefined));
  }
  const shapes = (values: Value | undefined) =>
    values instanceof Opaque ? [undefined] : [...evaluator().iterate(values!)].map((each) => (each instanceof Tensor ? each.shape : undefined));
  for (const name of ['cat', 'concat']) {
    add(name, ([values, axis = 0], named) => {
      const all = shapes(values);
      const first = all[0];
      if (first === undefined || all.includes(undefined)) return undefined;
      const at = integer(named.get('dim') ?? axis, 'dim');
      const index = at < 0 ? first.length + at : at;
      return first.map((size, i) => (i === index ? all.reduce((sum, each) => sum + each![i]!, 0) : size));
    });
  }
  names.set(
    'torch.meshgrid',
    new Callable('meshgrid', (args) => {
      const axes = Array.isArray(args[0]) ? args[0] : args.filter((each) => each instanceof Tensor);
      const sizes = axes.map((each) => (each instanceof Tensor ? each.shape?.[0] : undefined));
      const shape = sizes.includes(undefined) ? undefined : (sizes as number[]);
      return Tuple.with(...axes.map(() => new Tensor(shape)));
    }),
  );
  add('flatten', ([value, from = 0]) => (value instanceof Tensor ? value.shape && flattened(value.shape, integer(from, 'an axis')) : undefined));
  add('where', ([, a, b]) => {
    const [left, right] = [a, b].map((each) => (each instanceof Tensor ? each.shape : []));
    return left && right && broadcast(left, right);
  });
  add('einsum', ([equation, ...operands]) => {
    const [inputs = '', output = ''] = String(equation).replaceAll(' ', '').split('->');
    const sizes = new Map<string, number>();
    inputs.split(',').forEach((axes, i) => {
      const operand = operands[i];
      if (operand instanceof Tensor) [...axes].forEach((axis, j) => sizes.set(axis, operand.shape?.[j] ?? NaN));
    });
    const shape = [...output].map((axis) => sizes.get(axis) ?? NaN);
    return shape.some(Number.isNaN) ? undefined : shape;
  });
  add('outer', ([a, b]) => {
    const [left, right] = [a, b].map((each) => (each instanceof Tensor ? each.shape?.[0] : undefined));
    return left === undefined || right === undefined ? undefined : [left, right];
  });
  add('stack', ([values, axis = 0], named) => {
    const all = shapes(values);
    const first = all[0];
    if (first === undefined) return undefined;
    const at = integer(named.get('dim') ?? axis, 'dim');
    return first.toSpliced(at < 0 ? first.length + 1 + at : at, 0, all.length);
  });
  for (const name of ['hann_window', 'kaiser_window']) add(name, ([length]) => [dimension(length, 'a window')]);
  names.set('torch.finfo', new Callable('finfo', () => new Opaque('a limit of a number type')));
  return names;
}

/** Shape of nested lists of numbers. */
function nested(value: Value | undefined): readonly number[] | undefined {
  if (value instanceof Tensor) return value.shape;
  if (!Array.isArray(value)) return value instanceof Opaque ? undefined : [];
  const inner = value.length === 0 ? [] : nested(value[0]);
  return inner && [value.length, ...inner];
}

/** Members of every module. */
export function moduleMembers(evaluator: () => Evaluator): void {
  const members: Record<string, NativeMember> = {
    __init__: () => null,
    register_buffer: (self, args, named) => {
      const [name, tensor] = [args[0] ?? named.get('name'), args[1] ?? named.get('tensor')];
      const persistent = args[2] ?? named.get('persistent') ?? true;
      if (tensor instanceof Tensor) self.buffers.set(String(name), { tensor, persistent: truth(persistent) });
      else if (tensor instanceof Opaque) self.buffers.set(String(name), { tensor: new Tensor(undefined), persistent: truth(persistent) });
      else self.attributes.set(String(name), null);
      return null;
    },
    register_parameter: (self, args, named) => {
      const [name, tensor] = [args[0] ?? named.get('name'), args[1] ?? named.get('param')];
      if (tensor instanceof Tensor) self.parameters.set(String(name), tensor);
      else self.attributes.set(String(name), null);
      return null;
    },
    add_module: (self, [name, value]) => {
      if (isModule(value)) self.children.set(String(name), value);
      return null;
    },
    parameters: (self) => descendants('', self).flatMap(([, module]) => [...module.parameters.values()]),
    children: (self) => [...self.children.values()],
    named_children: (self) => [...self.children].map(([name, child]) => Tuple.with(name, child)),
    modules: (self) => descendants('', self).map(([, module]) => module),
    named_modules: (self) => descendants('', self).map(([name, module]) => Tuple.with(name, module)),
    named_parameters: (self) =>
      descendants('', self).flatMap(([path, module]) =>
        [...module.parameters].map(([name, tensor]) => Tuple.with(path === '' ? name : `${path}.${name}`, tensor)),
      ),
    get_submodule: (self, [path]) =>
      String(path).split('.').reduce<Value>((module, name) => evaluator().attribute(module, name), self),
    __deepcopy__: (self) => deepCopy(self),
  };
  for (const name of ['to', 'eval', 'train', 'requires_grad_', 'half', 'float', 'cuda', 'cpu', 'apply']) members[name] = (self) => self;
  for (const name of ['register_forward_hook', 'register_forward_pre_hook', '_register_load_state_dict_pre_hook', 'register_load_state_dict_post_hook', 'register_state_dict_pre_hook', 'register_full_backward_hook', 'load_state_dict', 'zero_grad', 'reset_parameters', '_register_state_dict_hook']) {
    members[name] = () => null;
  }
  members['register_module'] = members['add_module']!;
  for (const [name, member] of Object.entries(members)) MODULE.natives.set(name, member);
}

function descendants(path: string, module: Instance): (readonly [string, Instance])[] {
  return [
    [path, module],
    ...[...module.children].flatMap(([name, child]) => descendants(path === '' ? name : `${path}.${name}`, child)),
  ];
}
