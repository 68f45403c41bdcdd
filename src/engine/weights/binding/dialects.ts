/**
 * Names that older checkpoints use, and those of a model's first publication: what the file says → what the tree says.
 * Names are matched with `#` in the place of indices. transformers has the same renamings in conversion_mapping.py.
 */
export type Renaming = readonly (readonly [from: RegExp, to: string])[];

/** Spellings of any model, each on its own. */
export const LEGACY: Renaming = [
  [/\.gamma$/, '.weight'],
  [/\.beta$/, '.bias'],
  // Weight normalisation before it became a parametrisation.
  [/\.weight_g$/, '.parametrizations.weight.original0'],
  [/\.weight_v$/, '.parametrizations.weight.original1'],
];

/** Spellings that go together; the first changes nothing. */
export const DIALECTS: readonly Renaming[] = [
  [],
  // Mixtral and those after it; Phi-3.5-MoE.
  [[/\.block_sparse_moe\./, '.mlp.']],
  [
    [/\.block_sparse_moe\./, '.mlp.'],
    [/\.mlp\.gate\.weight$/, '.mlp.router.weight'],
  ],
  // Granite's experts.
  [
    [/block_sparse_moe\.input_linear\.weight$/, 'block_sparse_moe.experts.gate_up_proj'],
    [/block_sparse_moe\.output_linear\.weight$/, 'block_sparse_moe.experts.down_proj'],
    [/block_sparse_moe\.router\.layer\.weight$/, 'block_sparse_moe.router.weight'],
  ],
  // Aria's experts.
  [
    [/mlp\.experts\.fc1\.weight$/, 'mlp.experts.gate_up_proj'],
    [/mlp\.experts\.fc2\.weight$/, 'mlp.experts.down_proj'],
  ],
  [[/(^|\.)backbone\./, '$1model.']],
  [[/^embed_out\./, 'lm_head.']],
  // ERNIE 4.5's and EXAONE's corrections, A.X K1's norm, Hunyuan 3's experts.
  [[/\.mlp\.moe_statics\./, '.mlp.gate.moe_statics.']],
  [[/\.mlp\.e_score_correction_bias$/, '.mlp.gate.e_score_correction_bias']],
  [[/(\.layers\.#)\.post_mlp_layernorm\./, '$1.mlp.post_mlp_layernorm.']],
  [
    [/\.mlp\.router\.gate\./, '.mlp.gate.'],
    [/\.mlp\.expert_bias$/, '.mlp.e_score_correction_bias'],
    [/\.mlp\.shared_mlp\./, '.mlp.shared_experts.'],
  ],
  // HRM's attention.
  [[/\.attn\.(gqkv_proj|o_proj)\./, '.self_attn.$1.']],
  // Image encoders before transformers 5: ViT and its kin, DINOv2, Swin, DINOv3.
  [
    [/encoder\.layer\./, 'layers.'],
    [/\.attention\.attention\.(query|key|value)\./, '.attention.$1.'],
    [/\.attention\.query\./, '.attention.q_proj.'],
    [/\.attention\.key\./, '.attention.k_proj.'],
    [/\.attention\.value\./, '.attention.v_proj.'],
    [/\.attention\.output\.dense\./, '.attention.o_proj.'],
    [/\.intermediate\.dense\./, '.mlp.fc1.'],
    [/(\.layers\.#|^layers\.#)\.output\.dense\./, '$1.mlp.fc2.'],
  ],
  [
    [/\.attention\.attention\.query\./, '.attention.q_proj.'],
    [/\.attention\.attention\.key\./, '.attention.k_proj.'],
    [/\.attention\.attention\.value\./, '.attention.v_proj.'],
    [/\.attention\.output\.dense\./, '.attention.o_proj.'],
    [/\.mlp\.weights_out\./, '.mlp.down_proj.'],
  ],
  [
    [/\.attention\.self\.query\./, '.attention.q_proj.'],
    [/\.attention\.self\.key\./, '.attention.k_proj.'],
    [/\.attention\.self\.value\./, '.attention.v_proj.'],
    [
      /\.attention\.self\.relative_position_bias_table$/,
      '.attention.relative_position_bias.relative_position_bias_table',
    ],
    [/\.attention\.self\.(continuous_position_bias_mlp|logit_scale)/, '.attention.$1'],
    [/\.attention\.output\.dense\./, '.attention.o_proj.'],
    [/\.intermediate\.dense\./, '.mlp.fc1.'],
    [/\.output\.dense\./, '.mlp.fc2.'],
  ],
  [[/^layer\.#/, 'model.layer.#']],
  // BEiT, whose tables stood in the attention.
  [
    [/encoder\.layer\.#\.attention\.attention\.relative_position_bias\./, 'layers.#.relative_position_bias.'],
    [/encoder\.relative_position_bias\./, 'shared_position_bias.'],
    [/encoder\.layer\./, 'layers.'],
    [/\.attention\.attention\.query\./, '.attention.q_proj.'],
    [/\.attention\.attention\.key\./, '.attention.k_proj.'],
    [/\.attention\.attention\.value\./, '.attention.v_proj.'],
    [/\.attention\.output\.dense\./, '.attention.o_proj.'],
    [/\.intermediate\.dense\./, '.mlp.fc1.'],
    [/(\.layers\.#|^layers\.#)\.output\.dense\./, '$1.mlp.fc2.'],
  ],
  // SegFormer, whose encoder held lists of each kind of part.
  [
    [/encoder\.patch_embeddings\.#\./, 'stages.#.patch_embeddings.'],
    [/encoder\.block\.#\./, 'stages.#.blocks.'],
    [/encoder\.layer_norm\.#/, 'stages.#.layer_norm'],
    [/\.attention\.self\.query\./, '.attention.q_proj.'],
    [/\.attention\.self\.key\./, '.attention.k_proj.'],
    [/\.attention\.self\.value\./, '.attention.v_proj.'],
    [/\.attention\.self\.sr\./, '.attention.sequence_reduction.sequence_reduction.'],
    [/\.attention\.self\.layer_norm\./, '.attention.sequence_reduction.layer_norm.'],
    [/\.attention\.output\.dense\./, '.attention.o_proj.'],
    [/\.mlp\.dense1\./, '.mlp.fc1.'],
    [/\.mlp\.dense2\./, '.mlp.fc2.'],
    [/\.layer_norm_1\./, '.layernorm_before.'],
    [/\.layer_norm_2\./, '.layernorm_after.'],
    [/decode_head\.linear_c\./, 'decode_head.linear_projections.'],
  ],
  // VideoMAE's biases, beside its projections.
  [
    [/\.attention\.attention\.q_bias$/, '.attention.attention.query.bias'],
    [/\.attention\.attention\.v_bias$/, '.attention.attention.value.bias'],
  ],
  [[/encoder\.mid_position_embeddings/, 'encoder.interpolation.mid_position_embeddings']],
  // BERT's kin with rotary positions: Nomic, GTE, Jina 3.
  [
    [/encoder\.layers/, 'layers'],
    [/emb_ln/, 'embeddings.LayerNorm'],
    [/\.attn\.Wqkv/, '.self_attn.Wqkv'],
    [/\.attn\.out_proj/, '.self_attn.o_proj'],
    [/\.fc11\./, '.up_proj.'],
    [/\.fc12\./, '.gate_proj.'],
    [/\.fc2\./, '.down_proj.'],
    [/\.norm1\./, '.post_attention_layernorm.'],
    [/\.norm2\./, '.post_mlp_layernorm.'],
  ],
  [
    [/^new\./, ''],
    [/encoder\.layer\./, 'layers.'],
    [/\.attention\.qkv_proj/, '.self_attn.qkv_proj'],
    [/\.attention\.o_proj/, '.self_attn.o_proj'],
    [/\.attn_ln\./, '.post_attention_layernorm.'],
    [/\.mlp_ln\./, '.post_mlp_layernorm.'],
    [/lm_head\.norm/, 'lm_head.layer_norm'],
  ],
  [
    [/emb_ln/, 'embeddings.LayerNorm'],
    [/encoder\.layers/, 'layers'],
    [/\.mixer\.Wqkv/, '.self_attn.Wqkv'],
    [/\.mixer\.out_proj/, '.self_attn.o_proj'],
    [/\.norm1\./, '.post_attention_layernorm.'],
    [/\.norm2\./, '.post_mlp_layernorm.'],
  ],
  // Models of several towers, whose language model was one with a head.
  [
    [/^language_model\.lm_head/, 'lm_head'],
    [/^language_model\.model/, 'model.language_model'],
    [/^language_model/, 'model.language_model'],
    [
      /^(vision_tower|audio_tower|vision_model|multi_modal_projector|image_newline|encoder|projector)/,
      'model.$1',
    ],
  ],
  [[/^language_model\.model/, 'language_model']],
  [
    [/^visual/, 'model.visual'],
    [/^model(?!\.(language_model|visual))/, 'model.language_model'],
  ],
  [[/(^|\.)(?:vision_model|text_model)\./, '$1']],
];

export function rename(name: string, renaming: Renaming): string {
  return renaming.reduce((text, [from, to]) => text.replace(from, to), name);
}
