/** Keys that every class of transformers takes, whatever its model type. */
import { any, flag, object, optionalSize, text, type Values } from './keys';

/** Common keys that blueprints read. */
export const commonKeys = {
  id2label: object(),
  num_labels: optionalSize({ min: 0 }),
  /** The new spelling wins where both are given. */
  torch_dtype: any({ aliases: ['dtype'] }),
  quantization_config: object(),
} as const;

export type Common = Values<typeof commonKeys>;

/** Labels of a classification head: `num_labels`, else as many as `id2label` names, else the class's default. */
export function labels(common: Common, fallback = 2): number {
  if (common.num_labels !== undefined) return common.num_labels;
  return common.id2label === undefined ? fallback : Object.keys(common.id2label).length;
}

/** `tie_word_embeddings` with the class's default. */
export function tie(fallback: boolean) {
  return flag(fallback, { role: 'tie' });
}

/** Activations of transformers' ACT2CLS that have no parameters of their own. */
export const ACTIVATIONS: readonly string[] = [
  'gelu',
  'gelu_10',
  'gelu_fast',
  'gelu_new',
  'gelu_python',
  'gelu_pytorch_tanh',
  'gelu_python_tanh',
  'gelu_accurate',
  'hardswish',
  'laplace',
  'leaky_relu',
  'linear',
  'mish',
  'quick_gelu',
  'relu',
  'relu2',
  'relu6',
  'sigmoid',
  'silu',
  'sqrtsoftplus',
  'swish',
  'tanh',
];

/** The name of an activation. */
export function activation(fallback: string) {
  return text(fallback, ACTIVATIONS);
}

/** Those that have: only modules that keep them under a name can take these. */
const TRAINED_ACTIVATIONS: readonly string[] = ['prelu', 'xielu'];

/** The name of an activation, those with parameters of their own included. */
export function anyActivation(fallback: string) {
  return text(fallback, [...ACTIVATIONS, ...TRAINED_ACTIVATIONS]);
}

/**
 * Keys of PreTrainedConfig, generation settings that old files carry, and what tools write beside them: read by the
 * library or by nobody, never by a blueprint.
 */
export const libraryKeys: ReadonlySet<string> = new Set([
  'model_type',
  'architectures',
  'transformers_version',
  '_name_or_path',
  'name_or_path',
  'auto_map',
  'custom_pipelines',
  'dtype',
  'torch_dtype',
  'output_hidden_states',
  'output_attentions',
  'return_dict',
  'torchscript',
  'use_bfloat16',
  'chunk_size_feed_forward',
  'is_encoder_decoder',
  'is_decoder',
  'cross_attention_hidden_size',
  'add_cross_attention',
  'tie_encoder_decoder',
  'tie_word_embeddings',
  'id2label',
  'label2id',
  'num_labels',
  'problem_type',
  'finetuning_task',
  'task_specific_params',
  'tokenizer_class',
  'prefix',
  'pruned_heads',
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'sep_token_id',
  'cls_token_id',
  'mask_token_id',
  'unk_token_id',
  'decoder_start_token_id',
  'forced_bos_token_id',
  'forced_eos_token_id',
  'suppress_tokens',
  'begin_suppress_tokens',
  'max_length',
  'min_length',
  'do_sample',
  'early_stopping',
  'num_beams',
  'num_beam_groups',
  'diversity_penalty',
  'temperature',
  'top_k',
  'top_p',
  'typical_p',
  'repetition_penalty',
  'length_penalty',
  'no_repeat_ngram_size',
  'encoder_no_repeat_ngram_size',
  'bad_words_ids',
  'num_return_sequences',
  'output_scores',
  'return_dict_in_generate',
  'remove_invalid_values',
  'exponential_decay_length_penalty',
  'use_cache',
  'initializer_range',
  'initializer_factor',
  'quantization_config',
  'gradient_checkpointing',
  'attn_implementation',
  '_attn_implementation',
  'experts_implementation',
  'tf_legacy_loss',
  'generation_config',
  'hidden_dropout_prob',
  'attention_probs_dropout_prob',
  'attention_dropout',
  'hidden_dropout',
  'classifier_dropout',
  'classifier_dropout_prob',
  'dropout',
  'dropout_rate',
  'resid_pdrop',
  'embd_pdrop',
  'attn_pdrop',
  'pretraining_tp',
  '_commit_hash',
  '_num_labels',
  'directionality',
  'model_name',
  'base_model_prefix',
]);
