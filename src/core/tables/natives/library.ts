/** What transformers' own machinery does for a model. */
import { isConfig, setAttributeOf } from '../attributes';
import type { Evaluator } from '../evaluate';
import type { Class, Instance } from '../values';
import {
  Callable,
  Dict,
  integer,
  Opaque,
  Refusal,
  Tensor,
  text,
  Unknowable,
  type Native,
  type NativeMember,
  type Value,
} from '../values';
import { MODULE, nativeClass, taken } from './classes';
import { autoClass, activations, mapping, configClass, elsewhere, without, xielu } from './auto';
import { planOutScales } from './inkling';

export function libraryNames(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, native: Native) => names.set(name, new Callable(name, native));
  const { index } = evaluator().store;

  names.set('@modeling_utils.PreTrainedModel', pretrainedModel(evaluator));
  names.set('@.PreTrainedModel', names.get('@modeling_utils.PreTrainedModel')!);
  names.set(
    '@modeling_utils.PreTrainedAudioTokenizerBase',
    nativeClass('PreTrainedAudioTokenizerBase', [names.get('@modeling_utils.PreTrainedModel') as Class]),
  );
  for (const path of ['@generation.GenerationMixin', '@generation/utils.GenerationMixin'])
    names.set(path, nativeClass('GenerationMixin', []));
  names.set('@modeling_utils.EmbeddingAccessMixin', nativeClass('EmbeddingAccessMixin', []));
  const heterogeneous = nativeClass('HeterogeneousConfigMixin', []);
  heterogeneous.values.set('is_heterogeneous', false);
  names.set('@integrations/heterogeneity.HeterogeneousConfigMixin', heterogeneous);

  // Fields whose values are checked: the default is what matters.
  for (const name of ['interval', 'is_divisible_by']) {
    add(
      `@utils/type_validators.${name}`,
      () => new Callable('field', (_, named) => named.get('default') ?? null),
    );
  }
  add('@utils/type_validators.positive_int_field', (_, named) => named.get('default') ?? null);
  add('@utils.is_torch_available', () => true);
  add('@utils.is_scipy_available', () => true);
  for (const path of ['@utils.torch_int', '@utils/generic.torch_int']) {
    add(path, ([value]) => (typeof value === 'number' ? Math.trunc(value) : (value ?? null)));
  }
  for (const name of [
    'is_kernels_available',
    'is_ninja_available',
    'is_torch_cuda_available',
    'is_cuda_platform',
    'is_torchdynamo_compiling',
  ]) {
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
      if (typeof inputs !== 'number' || typeof outputs !== 'number')
        throw new Refusal('TypeError', 'Conv1D takes two sizes');
      for (const [name, shape] of [
        ['weight', [inputs, outputs]],
        ['bias', [outputs]],
      ] as const) {
        const tensor = new Tensor(shape);
        tensor.parameter = true;
        self.parameters.set(name, tensor);
      }
      return null;
    },
  });
  names.set('@pytorch_utils.Conv1D', conv1d);
  names.set('@models/inkling/modeling_inkling.plan_out_scales', planOutScales);
  // A table of sines whose numbers take a million steps.
  add(
    '@models/videomae/modeling_videomae.get_sinusoid_encoding_table',
    ([positions, width]) => new Tensor([1, integer(positions, 'positions'), integer(width, 'a width')]),
  );
  for (const name of ['OPENAI_CLIP_MEAN', 'OPENAI_CLIP_STD']) names.set(`@image_utils.${name}`, [0, 0, 0]);
  names.set('@activations.XIELUActivation', xielu());
  names.set('@activations.ACT2FN', activations(evaluator, true));
  names.set('@activations.ACT2CLS', activations(evaluator, false));
  names.set('@modeling_rope_utils.ROPE_INIT_FUNCTIONS', new Opaque('rotary angles'));

  const byType = mapping('CONFIG_MAPPING', (type) => configClass(evaluator(), type));
  for (const path of ['@models/auto.CONFIG_MAPPING', '@models/auto/configuration_auto.CONFIG_MAPPING'])
    names.set(path, byType);
  for (const folder of [
    '@models/auto.',
    '@models/auto/configuration_auto.',
    '@models/auto/auto_factory.',
    '@.',
  ]) {
    const auto = nativeClass('AutoConfig', []);
    auto.values.set(
      'for_model',
      new Callable('for_model', ([type, ...rest], named) => {
        const left = new Map(named);
        const name = type ?? left.get('model_type') ?? null;
        left.delete('model_type');
        const cls = configClass(evaluator(), text(name));
        if (cls === undefined)
          throw new Refusal('ValueError', `Unrecognized model identifier: ${text(name)}`);
        return evaluator().construct(cls, rest, left);
      }),
    );
    auto.values.set('from_pretrained', new Callable('from_pretrained', () => elsewhere()));
    names.set(`${folder}AutoConfig`, auto);
  }
  for (const name of Object.keys(index.auto)) {
    const auto = autoClass(evaluator, name);
    for (const folder of ['@models/auto.', '@models/auto/modeling_auto.', '@.'])
      names.set(folder + name, auto);
  }
  for (const [name, auto] of [['MODEL_FOR_CAUSAL_LM_MAPPING_NAMES', 'AutoModelForCausalLM']] as const) {
    names.set(`@models/auto/modeling_auto.${name}`, new Dict(Object.entries(index.auto[auto] ?? {})));
  }
  return names;
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
    _from_config: (cls, args, named) => evaluator().call(cls, args.slice(0, 1), without(named)),
    get_input_embeddings: (self) => inputEmbeddings(self),
    set_input_embeddings: (self, [value]) => {
      const owner = embeddingOwner(self);
      if (owner !== undefined) setAttributeOf(evaluator(), owner, 'embed_tokens', value!);
      return null;
    },
    can_generate: () => false,
  };
  for (const name of [
    'post_init',
    'init_weights',
    'tie_weights',
    '_tie_weights',
    'warn_if_padding_and_no_attention_mask',
    'register_for_auto_class',
  ]) {
    members[name] = () => null;
  }
  return nativeClass('PreTrainedModel', [MODULE], members);
}

/** Attention is taken as the reference has it: eager. */
function eager(evaluator: Evaluator, config: Instance): void {
  const set = config.attributes.get('_attn_implementation_internal');
  if (set === undefined || set === null)
    setAttributeOf(evaluator, config, '_attn_implementation_internal', 'eager');
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
