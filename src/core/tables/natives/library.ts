/** What transformers' own machinery does: making configs, choosing classes, activations. */
import { isConfig, isConfigClass, setAttributeOf } from '../attributes';
import type { Evaluator } from '../evaluate';
import {
  Callable,
  Class,
  Dict,
  Instance,
  integer,
  Namespace,
  Opaque,
  Refusal,
  Tensor,
  text,
  Unknowable,
  type Native,
  type NativeMember,
  type Value,
} from '../values';
import { fieldsOf } from './fields';
import { CONFIG_NAME, MODULE, nativeClass, taken } from './classes';

/** Activations without parameters; prelu and xielu have some. */
const PLAIN_ACTIVATIONS = new Set([
  'gelu', 'gelu_10', 'gelu_fast', 'gelu_new', 'gelu_python', 'gelu_pytorch_tanh', 'gelu_python_tanh', 'gelu_accurate',
  'hardswish', 'laplace', 'leaky_relu', 'linear', 'mish', 'quick_gelu', 'relu', 'relu2', 'relu6', 'sigmoid', 'silu',
  'sqrtsoftplus', 'swish', 'tanh',
]); // prettier-ignore

export function libraryNames(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, native: Native) => names.set(name, new Callable(name, native));
  const { index } = evaluator().store;

  names.set('@modeling_utils.PreTrainedModel', pretrainedModel(evaluator));
  names.set('@.PreTrainedModel', names.get('@modeling_utils.PreTrainedModel')!);
  names.set('@modeling_utils.PreTrainedAudioTokenizerBase', nativeClass('PreTrainedAudioTokenizerBase', [names.get('@modeling_utils.PreTrainedModel') as Class]));
  for (const path of ['@generation.GenerationMixin', '@generation/utils.GenerationMixin']) names.set(path, nativeClass('GenerationMixin', []));
  names.set('@modeling_utils.EmbeddingAccessMixin', nativeClass('EmbeddingAccessMixin', []));
  const heterogeneous = nativeClass('HeterogeneousConfigMixin', []);
  heterogeneous.values.set('is_heterogeneous', false);
  names.set('@integrations/heterogeneity.HeterogeneousConfigMixin', heterogeneous);

  // Fields whose values are checked: the default is what matters.
  for (const name of ['interval', 'is_divisible_by']) {
    add(`@utils/type_validators.${name}`, () => new Callable('field', (_, named) => named.get('default') ?? null));
  }
  add('@utils/type_validators.positive_int_field', (_, named) => named.get('default') ?? null);
  add('@utils.is_torch_available', () => true);
  add('@utils.is_scipy_available', () => true);
  for (const path of ['@utils.torch_int', '@utils/generic.torch_int']) {
    add(path, ([value]) => (typeof value === 'number' ? Math.trunc(value) : (value ?? null)));
  }
  for (const name of ['is_kernels_available', 'is_ninja_available', 'is_torch_cuda_available', 'is_cuda_platform', 'is_torchdynamo_compiling']) {
    add(`@utils.${name}`, () => false);
  }
  add('@utils/generic.is_flash_attention_requested', () => false);
  add('@integrations/deepspeed.is_deepspeed_zero3_enabled', () => false);
  add('@modeling_flash_attention_utils.flash_attn_supports_top_left_mask', () => false);
  add('@generation.GenerationConfig._get_default_generation_params', () => new Dict());
  add('@generation/configuration_utils.GenerationConfig._get_default_generation_params', () => new Dict());

  const conv1d = nativeClass('Conv1D', [MODULE], {
    __init__: (self, args, named) => {
      const given = taken(['nf', 'nx'], args, named);
      const [outputs, inputs] = [given['nf'], given['nx']];
      if (typeof inputs !== 'number' || typeof outputs !== 'number') throw new Refusal('TypeError', 'Conv1D takes two sizes');
      for (const [name, shape] of [['weight', [inputs, outputs]], ['bias', [outputs]]] as const) {
        const tensor = new Tensor(shape);
        tensor.parameter = true;
        self.parameters.set(name, tensor);
      }
      return null;
    },
  });
  names.set('@pytorch_utils.Conv1D', conv1d);
  // A table of sines whose numbers take a million steps.
  add('@models/videomae/modeling_videomae.get_sinusoid_encoding_table', ([positions, width]) =>
    new Tensor([1, integer(positions, 'positions'), integer(width, 'a width')]),
  );
  for (const name of ['OPENAI_CLIP_MEAN', 'OPENAI_CLIP_STD']) names.set(`@image_utils.${name}`, [0, 0, 0]);
  names.set('@activations.XIELUActivation', xielu());
  names.set('@activations.ACT2FN', activations(evaluator, true));
  names.set('@activations.ACT2CLS', activations(evaluator, false));
  names.set('@modeling_rope_utils.ROPE_INIT_FUNCTIONS', new Opaque('rotary angles'));

  const byType = mapping('CONFIG_MAPPING', (type) => configClass(evaluator(), type));
  for (const path of ['@models/auto.CONFIG_MAPPING', '@models/auto/configuration_auto.CONFIG_MAPPING']) names.set(path, byType);
  for (const folder of ['@models/auto.', '@models/auto/configuration_auto.', '@models/auto/auto_factory.', '@.']) {
    const auto = nativeClass('AutoConfig', []);
    auto.values.set(
      'for_model',
      new Callable('for_model', ([type, ...rest], named) => {
        const left = new Map(named);
        const name = type ?? left.get('model_type') ?? null;
        left.delete('model_type');
        const cls = configClass(evaluator(), String(name));
        if (cls === undefined) throw new Refusal('ValueError', `Unrecognized model identifier: ${text(name)}`);
        return evaluator().construct(cls, rest, left);
      }),
    );
    auto.values.set('from_pretrained', new Callable('from_pretrained', () => elsewhere()));
    names.set(`${folder}AutoConfig`, auto);
  }
  for (const name of Object.keys(index.auto)) {
    const auto = autoClass(evaluator, name);
    for (const folder of ['@models/auto.', '@models/auto/modeling_auto.', '@.']) names.set(folder + name, auto);
  }
  for (const [name, auto] of [['MODEL_FOR_CAUSAL_LM_MAPPING_NAMES', 'AutoModelForCausalLM']] as const) {
    names.set(`@models/auto/modeling_auto.${name}`, new Dict(Object.entries(index.auto[auto] ?? {})));
  }
  return names;
}

function elsewhere(): never {
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
function mapping(name: string, get: (key: string) => Value | undefined): Instance {
  const cls = nativeClass(name, [], {
    __getitem__: (_, [key]) => {
      const value = get(String(key));
      if (value === undefined) throw new Refusal('KeyError', text(key!));
      return value;
    },
    __contains__: (_, [key]) => get(String(key)) !== undefined,
    get: (_, [key, fallback]) => get(String(key)) ?? fallback ?? null,
  });
  return new Instance(cls);
}

function activations(evaluator: () => Evaluator, made: boolean): Instance {
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
function xielu(): Class {
  return nativeClass('XIELUActivation', [MODULE], {
    __init__: (self) => {
      for (const name of ['alpha_p', 'alpha_n']) {
        const tensor = new Tensor([1]);
        tensor.parameter = true;
        self.parameters.set(name, tensor);
      }
      for (const name of ['beta', 'eps']) self.buffers.set(name, { tensor: new Tensor([]), persistent: true });
      return null;
    },
  });
}

/** AutoModel and its kin: the class that a config's type stands for. */
function autoClass(evaluator: () => Evaluator, name: string): Class {
  const auto = nativeClass(name, []);
  const from: Native = (args, named) => {
    const config = args[0] ?? named.get('config');
    if (!isConfig(config)) throw new Unknowable(`${name} of what is no config`);
    const type = evaluator().member(config.of, 'model_type');
    const classes = evaluator().store.index.auto[name]!;
    const chosen = typeof type === 'string' && Object.hasOwn(classes, type) ? classes[type]! : undefined;
    if (chosen === undefined) {
      throw new Refusal('ValueError', `Unrecognized configuration class ${config.of.name} for this kind of AutoModel: ${name}`);
    }
    const cls = tableClass(evaluator(), chosen);
    if (cls === undefined) throw new Unknowable(`${chosen} is not in the tables`);
    return evaluator().construct(cls, [config], without(named));
  };
  for (const method of ['from_config', '_from_config']) auto.values.set(method, new Callable(method, from));
  auto.values.set('from_pretrained', new Callable('from_pretrained', () => elsewhere()));
  return auto;
}

function pretrainedModel(evaluator: () => Evaluator): Class {
  const members: Record<string, NativeMember> = {
    __init__: (self, args, named) => {
      const config = args[0] ?? named.get('config');
      if (!isConfig(config)) throw new Refusal('TypeError', `${self.of.name} takes a config`);
      self.attributes.set('config', config);
      eager(evaluator(), config);
      return null;
    },
    _from_config: (cls, args, named) => evaluator().call(cls as unknown as Value, args.slice(0, 1), without(named)),
    get_input_embeddings: (self) => inputEmbeddings(self),
    set_input_embeddings: (self, [value]) => {
      const owner = embeddingOwner(self);
      if (owner !== undefined) setAttributeOf(evaluator(), owner, 'embed_tokens', value!);
      return null;
    },
    can_generate: () => false,
  };
  for (const name of ['post_init', 'init_weights', 'tie_weights', '_tie_weights', 'warn_if_padding_and_no_attention_mask', 'register_for_auto_class']) {
    members[name] = () => null;
  }
  return nativeClass('PreTrainedModel', [MODULE], members);
}

/** Arguments that change how a model runs and not what it is made of. */
function without(named: ReadonlyMap<string, Value>): Map<string, Value> {
  const left = new Map(named);
  for (const name of ['config', 'attn_implementation', 'torch_dtype', 'dtype', 'trust_remote_code']) left.delete(name);
  return left;
}

/** Attention is taken as the reference has it: eager. */
function eager(evaluator: Evaluator, config: Instance): void {
  const set = config.attributes.get('_attn_implementation_internal');
  if (set === undefined || set === null) setAttributeOf(evaluator, config, '_attn_implementation_internal', 'eager');
}

function embeddingOwner(self: Instance): Instance | undefined {
  if (self.children.has('embed_tokens')) return self;
  for (const name of ['model', 'embeddings', 'language_model', 'decoder', 'transformer']) {
    const child = self.children.get(name);
    const found = child && embeddingOwner(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inputEmbeddings(self: Instance): Value {
  const owner = embeddingOwner(self);
  const found = owner?.children.get('embed_tokens');
  if (found !== undefined) return found;
  throw new Unknowable(`where ${self.of.name} keeps its input embeddings`);
}

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
    evaluator.call(self as unknown as Value, [], new Map([...(values as Dict).map].map(([key, value]) => [String(key), value]))),
  );
  base.natives.set('update', (self, [values]) => {
    if (values instanceof Dict) for (const [name, value] of values.map) setAttributeOf(evaluator, self, String(name), value);
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
  for (const name of ['text_config', 'decoder', 'generator', 'text_encoder', 'llm_config', 'thinker_config']) {
    const part = self.attributes.get(name);
    if (isConfig(part)) return name === 'thinker_config' ? textConfig(part) : part;
  }
  return self;
}

export { isConfigClass, Namespace };
