/** What transformers' own machinery does in a forward pass: masks, caches, outputs, experts. */
import type { Evaluator } from '../evaluate';
import { nativeClass } from '../natives/classes';
import { Callable, Class, Dict, Instance, text, Tuple, Unknowable, type Native, type Value } from '../values';
import { Given, type Context } from './arguments';
import { cacheClass } from './cache';
import { outputClass } from './outputs';
import { attention } from './products';
import { mismatch } from './shapes';
import { Flowing, flowing, product } from './tensor';

/** Names that a forward pass takes from the package. */
export function forwardLibrary(context: () => Context): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (paths: readonly string[], run: Native) => {
    for (const path of paths) names.set(path, new Callable(path, run));
  };
  const evaluator = () => context().evaluator;

  const interfaces = nativeClass('AttentionInterface', [], {
    get_interface: (_, [name, eager]) =>
      name === 'eager' || name === undefined || name === null
        ? (eager ?? null)
        : fused(text(name ?? null), context),
    __getitem__: (_, [name]) => fused(text(name ?? null), context),
    get: (_, [name, eager]) => (name === 'eager' ? (eager ?? null) : fused(text(name ?? null), context)),
    __contains__: () => true,
  });
  names.set('@modeling_utils.ALL_ATTENTION_FUNCTIONS', new Instance(interfaces));
  names.set('@modeling_utils.AttentionInterface', interfaces);

  for (const name of MASKS) {
    add([`@masking_utils.${name}`], (args, named) => {
      const given = new Given(args, named);
      const embeds = given.tensor(1, named.has('input_embeds') ? 'input_embeds' : 'inputs_embeds');
      const other = given.at(3, 'encoder_hidden_states');
      const keys = name === 'create_bidirectional_mask' && other !== undefined ? flowing(other) : embeds;
      return new Flowing([embeds.shape[0]!, 1, embeds.shape[1]!, keys.shape[1]!]);
    });
  }
  add(
    ['@masking_utils.create_recurrent_attention_mask'],
    (args, named) => named.get('attention_mask') ?? args[2] ?? null,
  );
  add(['@masking_utils.create_masks_for_generate'], (args, named) => {
    const given = new Given(args, named);
    const embeds = given.tensor(1, 'inputs_embeds');
    const mask = () => new Flowing([embeds.shape[0]!, 1, embeds.shape[1]!, embeds.shape[1]!]);
    const config = evaluator().call(
      evaluator().attribute(given.at(0, 'config')!, 'get_text_config'),
      [],
      new Map(),
    );
    const types = config instanceof Instance ? config.attributes.get('layer_types') : undefined;
    if (!Array.isArray(types)) return mask();
    return new Dict([...new Set(types)].map((type) => [type, mask()] as const));
  });
  for (const name of ['_prepare_4d_attention_mask', '_prepare_4d_attention_mask_for_sdpa']) {
    add([`@modeling_attn_mask_utils.${name}`], (args, named) => {
      const mask = new Given(args, named).at(0, 'mask');
      if (mask === undefined) return null;
      const { shape } = flowing(mask);
      const target = new Given(args, named).whole(2, 'tgt_len', shape[1]);
      return new Flowing([shape[0]!, 1, target, shape[1]!]);
    });
  }
  for (const name of ['_prepare_4d_causal_attention_mask', '_prepare_4d_causal_attention_mask_for_sdpa']) {
    add([`@modeling_attn_mask_utils.${name}`], (args, named) => {
      const given = new Given(args, named);
      const [batch, length] = (given.at(1, 'input_shape') as Value[]).map(Number) as [number, number];
      return new Flowing([batch, 1, length, length + given.whole(3, 'past_key_values_length', 0)]);
    });
  }
  add(['@modeling_attn_mask_utils._create_4d_causal_attention_mask'], ([shape]) => {
    const [batch, length] = (shape as Value[]).map(Number) as [number, number];
    return new Flowing([batch, 1, length, length]);
  });

  const cache = cacheClass();
  for (const name of [
    'Cache',
    'DynamicCache',
    'StaticCache',
    'EncoderDecoderCache',
    'HybridCache',
    'SlidingWindowCache',
    'MtpCache',
    'DFlashCache',
  ]) {
    names.set(`@cache_utils.${name}`, name === 'Cache' ? cache : nativeClass(name, [cache]));
    names.set(`@.${name}`, names.get(`@cache_utils.${name}`)!);
  }

  const output = outputClass(context);
  for (const path of [
    '@utils.ModelOutput',
    '@utils/generic.ModelOutput',
    '@file_utils.ModelOutput',
    '@modeling_outputs.ModelOutput',
    '@.ModelOutput',
  ])
    names.set(path, output);

  for (const path of [
    '@pytorch_utils.apply_chunking_to_forward',
    '@modeling_utils.apply_chunking_to_forward',
  ]) {
    // Chunks of tokens cost together what all of them cost at once.
    add([path], ([run, , , ...inputs]) => evaluator().call(run!, inputs, new Map()));
  }
  for (const folder of [
    '@utils.',
    '@utils/import_utils.',
    '@utils/generic.',
    '@integrations/moe.',
    '@pytorch_utils.',
    '@integrations/hub_kernels.',
    '@integrations/fsdp.',
    '@integrations/deepspeed.',
    '@integrations.',
    '@modeling_flash_attention_utils.',
    '@modeling_utils.',
  ]) {
    for (const name of FALSE) add([folder + name], () => false);
    for (const name of NOTHING) add([folder + name], () => null);
  }
  add(['@utils/generic.is_tensor'], ([value]) => value instanceof Flowing);
  add(['@utils/generic.torch_float', '@utils.torch_float'], ([value]) => value ?? null);
  add(['@utils/output_capturing.OutputRecorder'], (args, named) => {
    const made = new Instance(new Class('OutputRecorder', []));
    ['target_class', 'index', 'layer_name', 'class_name', 'capture_initial_hidden_state'].forEach(
      (name, i) => {
        const value = args[i] ?? named.get(name);
        if (value !== undefined) made.attributes.set(name, value);
      },
    );
    return made;
  });
  add(['torch.distributions.normal.Normal', 'torch.distributions.Normal'], () => {
    const distribution = nativeClass('Normal', [], {
      icdf: (_, [x]) => new Flowing(flowing(x).shape),
      cdf: (_, [x]) => new Flowing(flowing(x).shape),
    });
    return new Instance(distribution);
  });
  add(['collections.UserDict'], ([value]) => (value instanceof Dict ? value : new Dict()));
  add(['contextlib.nullcontext', 'torch.no_grad', 'torch.autocast'], () => null);
  return names;
}

const MASKS = [
  'create_causal_mask',
  'create_bidirectional_mask',
  'create_sliding_window_causal_mask',
  'create_bidirectional_sliding_window_mask',
  'create_chunked_causal_mask',
];
const FALSE = [
  'is_torchdynamo_compiling', 'is_torchdynamo_exporting', 'is_torch_xla_available', 'is_torch_npu_available', 'is_flash_attn_2_available', 'is_flash_attn_available', 'is_torch_flex_attn_available', 'is_fsdp_managed_module',
  'is_mamba_ssm_available', 'is_mamba_2_ssm_available', 'is_causal_conv1d_available', 'is_flash_linear_attention_available', 'is_tracing', 'is_torch_fx_proxy', 'is_deepspeed_zero3_enabled', 'is_flash_attn_greater_or_equal',
  'is_torch_greater_or_equal', 'is_torch_less_or_equal', 'is_kernels_available', 'is_torch_fx_available', 'is_jit_tracing', 'is_mambapy_available', 'is_xlstm_available', 'is_flash_attention_requested', 'is_grouped_mm_available', 'is_triton_available', 'is_fsdp_enabled',
]; // prettier-ignore
const NOTHING = [
  'lazy_load_kernel',
  'torch_compilable_check',
  'resolve_internal_import',
  'auto_docstring',
  'get_kernel',
  'load_kernel',
  'use_kernel_func_from_hub',
];

/** Attention by another name than eager computes the same products. */
function fused(name: string, context: () => Context): Value {
  if (name !== 'sdpa' && name !== 'eager') throw new Unknowable(`attention by ${name}`);
  return new Callable('sdpa_attention_forward', (args) => {
    const [query, key, value] = args.slice(1, 4).map((item) => flowing(item)) as [Flowing, Flowing, Flowing];
    const out = attention(context().tally, query, key, value, true);
    const [batch, heads, length, width] = out.shape as [number, number, number, number];
    return Tuple.with(out.view([batch, length, heads, width]), null);
  });
}

/**
 * Experts as grouped products, which the counter does not see: each token with the experts that were chosen for it.
 *
 * @param options what the class's decorator says of its tensors
 */
export function experts({ tally }: Context, self: Instance, options: Dict, given: Given): Flowing {
  const x = given.tensor(0, 'hidden_states');
  const chosen = given.tensor(1, 'top_k_index');
  if (x.shape.length !== 2 || chosen.shape.length !== 2) throw mismatch([x.shape, chosen.shape]);
  const pairs = product(chosen.shape);
  const gated = options.map.get('has_gate') !== false;
  const up = self.parameters.get(gated ? 'gate_up_proj' : 'up_proj');
  const down = self.parameters.get('down_proj');
  if (up?.shape?.length !== 3 || down?.shape?.length !== 3)
    throw new Unknowable(`the experts of ${self.of.name}`);
  tally.charge([pairs, up.shape[1]!, up.shape[2]!], 1 + Number(x.gradient), true);
  tally.charge([pairs, down.shape[1]!, down.shape[2]!], 2, true);
  return new Flowing(x.shape, { gradient: true });
}

/** Members of every model that a forward pass asks for. */
export function modelMembers(evaluator: Evaluator): void {
  const base = evaluator.named('@modeling_utils.PreTrainedModel');
  if (!(base instanceof Class)) return;
  base.natives.set('get_extended_attention_mask', (_, args, named) => {
    const { shape, numbers } = new Given(args, named).tensor(0, 'attention_mask');
    // What may be looked at is zero, the rest far below.
    const values = numbers?.map((each) => (1 - each) * -3.4e38);
    if (shape.length === 3) return new Flowing([shape[0]!, 1, shape[1]!, shape[2]!], { values });
    if (shape.length === 2) return new Flowing([shape[0]!, 1, 1, shape[1]!], { values });
    throw mismatch([shape]);
  });
  base.natives.set('invert_attention_mask', (_, args, named) => {
    const { shape } = new Given(args, named).tensor(0, 'encoder_attention_mask');
    return shape.length === 3
      ? new Flowing([shape[0]!, 1, shape[1]!, shape[2]!])
      : new Flowing([shape[0]!, 1, 1, shape[1]!]);
  });
  base.natives.set('get_head_mask', (_, [mask, layers]) => {
    if (mask !== null && mask !== undefined) throw new Unknowable('masks of heads');
    return Array.from({ length: Number(layers) }, () => null);
  });
  base.natives.set('get_output_embeddings', (self) => self.children.get('lm_head') ?? null);
  base.natives.set('get_input_embeddings', base.natives.get('get_input_embeddings')!);
}
