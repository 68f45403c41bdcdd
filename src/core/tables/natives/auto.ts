/** Classes that are chosen by a name: of configs, of models, of activations. */
import { isConfig } from '../attributes';
import type { Evaluator } from '../evaluate';
import {
  Callable,
  Class,
  Instance,
  Refusal,
  Tensor,
  text,
  Unknowable,
  type Native,
  type Value,
} from '../values';
import { MODULE, nativeClass } from './classes';

/** Activations without parameters; prelu and xielu have some. */
const PLAIN_ACTIVATIONS = new Set([
  'gelu', 'gelu_10', 'gelu_fast', 'gelu_new', 'gelu_python', 'gelu_pytorch_tanh', 'gelu_python_tanh', 'gelu_accurate',
  'hardswish', 'laplace', 'leaky_relu', 'linear', 'mish', 'quick_gelu', 'relu', 'relu2', 'relu6', 'sigmoid', 'silu',
  'sqrtsoftplus', 'swish', 'tanh',
]); // prettier-ignore

export function elsewhere(): never {
  throw new Unknowable('it takes a part of another model, by name');
}

/** The config class of a model type. */
export function configClass(evaluator: Evaluator, modelType: string): Class | undefined {
  const { index } = evaluator.store;
  const name = Object.hasOwn(index.configs, modelType) ? index.configs[modelType] : undefined;
  return name === undefined ? undefined : tableClass(evaluator, name);
}

/** A class of the tables by its name. */
export function tableClass(evaluator: Evaluator, name: string): Class | undefined {
  const { index } = evaluator.store;
  const file = Object.hasOwn(index.classes, name) ? index.classes[name] : undefined;
  const found = file === undefined ? undefined : evaluator.global(file, name);
  return found instanceof Class ? found : undefined;
}

/** Something that is asked with `[…]` and `in`. */
export function mapping(name: string, get: (key: string) => Value | undefined): Instance {
  const cls = nativeClass(name, [], {
    __getitem__: (_, [key]) => {
      const value = get(text(key));
      if (value === undefined) throw new Refusal('KeyError', text(key));
      return value;
    },
    __contains__: (_, [key]) => get(text(key)) !== undefined,
    get: (_, [key, fallback]) => get(text(key)) ?? fallback ?? null,
  });
  return new Instance(cls);
}

export function activations(evaluator: () => Evaluator, made: boolean): Instance {
  const plain = nativeClass('Activation', [MODULE]);
  return mapping('ACT2FN', (name) => {
    const cls = PLAIN_ACTIVATIONS.has(name)
      ? plain
      : name === 'prelu'
        ? (evaluator().named('torch.nn.PReLU') as Class)
        : name === 'xielu'
          ? (evaluator().named('@activations.XIELUActivation') as Class)
          : undefined;
    return cls === undefined || !made ? cls : evaluator().construct(cls, [], new Map());
  });
}

/** The one activation with two slopes that are learnt. */
export function xielu(): Class {
  return nativeClass('XIELUActivation', [MODULE], {
    __init__: (self) => {
      for (const name of ['alpha_p', 'alpha_n']) {
        const tensor = new Tensor([1]);
        tensor.parameter = true;
        self.parameters.set(name, tensor);
      }
      for (const name of ['beta', 'eps'])
        self.buffers.set(name, { tensor: new Tensor([]), persistent: true });
      return null;
    },
  });
}

/** AutoModel and its kin: the class that a config's type stands for. */
export function autoClass(evaluator: () => Evaluator, name: string): Class {
  const auto = nativeClass(name, []);
  const from: Native = (args, named) => {
    const config = args[0] ?? named.get('config');
    if (!isConfig(config)) throw new Unknowable(`${name} of what is no config`);
    const type = evaluator().member(config.of, 'model_type');
    const classes = evaluator().store.index.auto[name]!;
    const chosen = typeof type === 'string' && Object.hasOwn(classes, type) ? classes[type]! : undefined;
    if (chosen === undefined) {
      throw new Refusal(
        'ValueError',
        `Unrecognized configuration class ${config.of.name} for this kind of AutoModel: ${name}`,
      );
    }
    const cls = tableClass(evaluator(), chosen);
    if (cls === undefined) throw new Unknowable(`${chosen} is not in the tables`);
    return evaluator().construct(cls, [config], without(named));
  };
  for (const method of ['from_config', '_from_config']) auto.values.set(method, new Callable(method, from));
  auto.values.set('from_pretrained', new Callable('from_pretrained', () => elsewhere()));
  return auto;
}

/** Arguments that change how a model runs and not what it is made of. */
export function without(named: ReadonlyMap<string, Value>): Map<string, Value> {
  const left = new Map(named);
  for (const name of ['config', 'attn_implementation', 'torch_dtype', 'dtype', 'trust_remote_code'])
    left.delete(name);
  return left;
}
