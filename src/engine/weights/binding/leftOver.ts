/** Tensors that nothing in a tree is, and what they say. */

/** Buffers that classes compute, and that older versions saved: they are no weights. */
const COMPUTED = [
  /(^|\.)position_ids$/,
  /(^|\.)token_type_ids$/,
  /\.inv_freq$/,
  /(^|\.)rotary_(pos_)?emb\.(cos|sin)_cached$/,
  /\.masked_bias$/,
  /(^|\.)h\.\d+\.attn\.bias$/,
  /\.attn\.attention\.(bias|masked_bias)$/,
  /\.layers\.\d+\.attention\.(bias|masked_bias)$/,
  /\.num_batches_tracked$/,
  /\.relative_position_index$/,
  // What I-BERT observes for its arithmetic in integers.
  /\.(act_scaling_factor|fc_scaling_factor|weight_scaling_factor|weight_integer|bias_integer|x_min|x_max)$/,
  /\.LayerNorm\.shift$/,
  // Scales of activations and caches, which a run in float32 has no use for.
  /\.(input|activation|k|v|output)_scale(_inv)?$/,
  // GGUF: factors of rotary frequencies, which the config has too.
  /^rope_(freqs|factors_long|factors_short)\.weight$/,
  /\.attn_rot_embd\.weight$/,
];

export function isComputed(name: string): boolean {
  return COMPUTED.some((pattern) => pattern.test(name));
}

/** What the tensors of a quantisation that isn't read are called, and whose it is. */
const QUANTISATIONS: readonly (readonly [pattern: RegExp, of: string])[] = [
  [/\.(qweight|qzeros|g_idx)$/, 'GPTQ or AWQ'],
  [/\.(absmax|quant_map|nested_absmax)$|\.quant_state\.|\.(SCB|weight_format)$/, 'bitsandbytes'],
  [/\.(weight_packed|weight_shape|weight_zero_point)$/, 'compressed-tensors in fewer than 8 bits'],
  [/\.(codebooks|codes)$/, 'AQLM'],
  [/\.(weight_scale_2|weight_global_scale)$/, 'NVFP4'],
];

/** The quantisation that a tensor's name tells of. */
export function quantisationOf(name: string): string | undefined {
  return QUANTISATIONS.find(([pattern]) => pattern.test(name))?.[1];
}
