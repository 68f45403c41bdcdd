"""Makes small random decoders whose configs switch what their classes read, with reference values.

    python tools/reference/decoder_variants.py FOLDER [fixtures | PART OF A NAME] [LENGTH] [SEED]

A folder for each, as attention_variants.py makes it, for 40 tokens or as many as said. Needs torch and transformers (made with 2.13.0 and 5.18.0).
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from attention_variants import VOCABULARY, rope, write

EAGER = dict(attn_implementation="eager")


def sizes(width=32, heads=4, key_values=2, layers=2, inner=48, positions=128, **more) -> dict:
    """The names that most configs have."""
    return dict(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_values,
        max_position_embeddings=positions,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    ) | more


YARN = rope("yarn", factor=8.0, original_max_position_embeddings=16, beta_fast=8, beta_slow=1)
DYNAMIC = rope("dynamic", factor=4.0)
LINEAR = rope("linear", factor=3.0)
LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)


def longrope(pairs: int, original: int) -> dict:
    return rope(
        "longrope",
        short_factor=[1.0 + 0.1 * i for i in range(pairs)],
        long_factor=[2.0 + 0.5 * i for i in range(pairs)],
        original_max_position_embeddings=original,
        factor=4.0,
    )


SLIDE = ["sliding_attention", "full_attention"]
MOE = dict(num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24)
DEEPSEEK = sizes(
    key_values=4,
    moe_intermediate_size=24,
    n_routed_experts=8,
    n_shared_experts=2,
    num_experts_per_tok=3,
    n_group=4,
    topk_group=2,
    kv_lora_rank=16,
    qk_rope_head_dim=8,
    qk_nope_head_dim=12,
    v_head_dim=10,
    first_k_dense_replace=1,
)
GPT2 = dict(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64, n_inner=40)

VARIANTS: dict[str, tuple[str, dict]] = {
    "apertus": ("apertus", sizes()),
    "apertus-biases": ("apertus", sizes(attention_bias=True, mlp_bias=True, rope_parameters=LLAMA3)),
    "arcee": ("arcee", sizes(mlp_bias=True)),
    "arcee-yarn": ("arcee", sizes(head_dim=16, rope_parameters=YARN)),
    "bitnet": ("bitnet", sizes()),
    "cohere": ("cohere", sizes()),
    "cohere-norm-tied": ("cohere", sizes(use_qk_norm=True, attention_bias=True, logit_scale=0.3, heads=6, key_values=3, width=48)),
    "cohere2": ("cohere2", sizes(layers=4, sliding_window=7)),
    "cohere2-pattern": ("cohere2", sizes(layers=3, sliding_window=5, sliding_window_pattern=2, attention_bias=True)),
    "diffllama": ("diffllama", sizes()),
    "diffllama-bias": ("diffllama", sizes(heads=8, key_values=4, width=64, attention_bias=True, layers=3)),
    "ernie4_5": ("ernie4_5", sizes(head_dim=16)),
    "ernie4_5-bias": ("ernie4_5", sizes(head_dim=12, use_bias=True, tie_word_embeddings=False)),
    "exaone4": ("exaone4", sizes(layers=4, sliding_window=6)),
    "exaone4-full": ("exaone4", sizes(layers=4, sliding_window=None)),
    "exaone4-types": ("exaone4", sizes(layers=3, sliding_window=6, layer_types=["full_attention", *SLIDE])),
    "gemma": ("gemma", sizes(head_dim=12, key_values=1)),
    "gemma2": ("gemma2", sizes(head_dim=12, sliding_window=8, query_pre_attn_scalar=20, layers=3, final_logit_softcapping=5.0, attn_logit_softcapping=2.0)),
    "gemma2-uncapped": ("gemma2", sizes(head_dim=8, sliding_window=8, attn_logit_softcapping=None, final_logit_softcapping=None, attention_bias=True)),
    "gemma3": ("gemma3_text", sizes(head_dim=12, sliding_window=8, layers=7, query_pre_attn_scalar=20)),
    "gemma3-types": ("gemma3_text", sizes(head_dim=8, sliding_window=5, layers=3, layer_types=["full_attention", *SLIDE], final_logit_softcapping=4.0, attn_logit_softcapping=3.0, rope_parameters={"sliding_attention": rope("default") | dict(rope_theta=100.0), "full_attention": LINEAR | dict(rope_theta=5e4)})),
    "glm": ("glm", sizes(head_dim=16)),
    "glm-bias": ("glm", sizes(head_dim=8, attention_bias=True, partial_rotary_factor=0.5, rope_parameters=rope("default") | dict(partial_rotary_factor=0.25))),
    "glm4": ("glm4", sizes(head_dim=16, attention_bias=True)),
    "granite": ("granite", sizes(attention_multiplier=0.3, residual_multiplier=0.7, embedding_multiplier=3.0, logits_scaling=2.5)),
    "granite-biases": ("granite", sizes(attention_bias=True, mlp_bias=True, rope_parameters=DYNAMIC, positions=24)),
    "helium": ("helium", sizes(head_dim=8)),
    "hunyuan": ("hunyuan_v1_dense", sizes(head_dim=8)),
    "hunyuan-dynamic": ("hunyuan_v1_dense", sizes(head_dim=16, attention_bias=True, rope_parameters=rope("dynamic", factor=1.0, alpha=50.0))),
    "jais2": ("jais2", sizes()),
    "llama-dynamic-within": ("llama", sizes(rope_parameters=DYNAMIC)),
    "llama-dynamic-beyond": ("llama", sizes(rope_parameters=DYNAMIC, positions=24)),
    "llama-yarn": ("llama", sizes(rope_parameters=YARN, head_dim=20)),
    "llama-yarn-cut": ("llama", sizes(rope_parameters=YARN | dict(truncate=False, attention_factor=0.8), head_dim=20)),
    "llama-longrope": ("llama", sizes(rope_parameters=longrope(4, 16))),
    "llama-longrope-short": ("llama", sizes(rope_parameters=longrope(4, 64))),
    "llama-relu": ("llama", sizes(heads=3, key_values=1, width=36, hidden_act="relu", tie_word_embeddings=True)),
    "ministral": ("ministral", sizes(sliding_window=6, head_dim=8)),
    "ministral-types": ("ministral", sizes(sliding_window=6, head_dim=8, layers=2, layer_types=SLIDE)),
    "ministral3": ("ministral3", sizes(head_dim=16, rope_parameters=YARN | dict(llama_4_scaling_beta=0.3, original_max_position_embeddings=8, mscale=1.0, mscale_all_dim=1.0))),
    "ministral3-window": ("ministral3", sizes(head_dim=16, sliding_window=7, rope_parameters=YARN | dict(llama_4_scaling_beta=0.1, mscale=1.0, mscale_all_dim=0.0))),
    "mistral-window": ("mistral", sizes(sliding_window=5, head_dim=12)),
    "mistral-full": ("mistral", sizes(sliding_window=None)),
    "nanochat": ("nanochat", sizes()),
    "nanochat-uncapped": ("nanochat", sizes(final_logit_softcapping=None, attention_bias=True)),
    "nemotron": ("nemotron", sizes(head_dim=8)),
    "nemotron-biases": ("nemotron", sizes(head_dim=16, attention_bias=True, mlp_bias=True, partial_rotary_factor=0.25)),
    "olmo-clip": ("olmo", sizes(clip_qkv=0.4)),
    "olmo2": ("olmo2", sizes()),
    "olmo2-bias": ("olmo2", sizes(attention_bias=True, heads=6, width=48, key_values=6)),
    "olmo3": ("olmo3", sizes(layers=5, sliding_window=6)),
    "olmo3-yarn": ("olmo3", sizes(layers=2, sliding_window=6, layer_types=SLIDE, rope_parameters=YARN)),
    "persimmon": ("persimmon", sizes()),
    "persimmon-unnormed": ("persimmon", sizes(qk_layernorm=False, partial_rotary_factor=0.25)),
    "phi": ("phi", sizes(partial_rotary_factor=0.5)),
    "phi-norm": ("phi", sizes(qk_layernorm=True, key_values=4, partial_rotary_factor=0.25, width=64)),
    "phi3": ("phi3", sizes(sliding_window=6)),
    "phi3-longrope": ("phi3", sizes(original_max_position_embeddings=16, rope_parameters=longrope(4, 16))),
    "phi3-partial": ("phi3", sizes(width=64, partial_rotary_factor=0.5, original_max_position_embeddings=64, rope_parameters=longrope(4, 64) | dict(partial_rotary_factor=0.5))),
    "qwen2-window": ("qwen2", sizes(layers=3, use_sliding_window=True, sliding_window=6, max_window_layers=1)),
    "qwen2-types": ("qwen2", sizes(layers=2, use_sliding_window=True, sliding_window=6, layer_types=SLIDE, rope_parameters=YARN)),
    "qwen3-window": ("qwen3", sizes(layers=3, head_dim=16, use_sliding_window=True, sliding_window=6, max_window_layers=2, attention_bias=True)),
    "seed_oss": ("seed_oss", sizes(head_dim=12, attention_bias=True, attention_out_bias=True, mlp_bias=True)),
    "seed_oss-default": ("seed_oss", sizes(head_dim=12)),
    "smollm3": ("smollm3", sizes(layers=5, no_rope_layer_interval=2)),
    "smollm3-window": ("smollm3", sizes(layers=3, no_rope_layers=[1, 0, 1], use_sliding_window=True, sliding_window=6, attention_bias=True, mlp_bias=True)),
    "stablelm": ("stablelm", sizes(use_qkv_bias=True, partial_rotary_factor=0.5)),
    "stablelm-parallel": ("stablelm", sizes(use_parallel_residual=True, qk_layernorm=True, width=64)),
    "stablelm-normed": ("stablelm", sizes(qk_layernorm=True, partial_rotary_factor=1.0, key_values=4)),
    "starcoder2": ("starcoder2", sizes(sliding_window=6)),
    "starcoder2-unbiased": ("starcoder2", sizes(use_bias=False, sliding_window=None)),
    "vaultgemma": ("vaultgemma", sizes(head_dim=12, sliding_window=6, query_pre_attn_scalar=12)),
    "hrm_text": ("hrm_text", sizes()),
    "granite_swa": ("granite_swa", sizes(sliding_window=6)),
    "cwm": ("cwm", sizes(layers=5, head_dim=8, sliding_window=6, rope_parameters=LLAMA3)),
    "cwm-types": ("cwm", sizes(head_dim=12, sliding_window=9, mlp_bias=True, layer_types=SLIDE)),
    "hyperclovax": ("hyperclovax", sizes(residual_multiplier=0.7, embedding_multiplier=3.0, logits_scaling=0.4)),
    "hyperclovax-plain": ("hyperclovax", sizes(use_post_norm=False, attention_multiplier=0.3, attention_bias=True, mlp_bias=True, head_dim=12)),
    # Mixtures of experts
    "afmoe": ("afmoe", sizes(layers=4, head_dim=8, num_dense_layers=1, sliding_window=6, **MOE)),
    "axk1": ("axk1", DEEPSEEK | dict(q_lora_rank=20)),
    "deepseek_v2": ("deepseek_v2", DEEPSEEK | dict(q_lora_rank=20, topk_method="group_limited_greedy", routed_scaling_factor=2.0)),
    "deepseek_v2-greedy": ("deepseek_v2", DEEPSEEK | dict(q_lora_rank=None, topk_method="greedy", norm_topk_prob=True, attention_bias=True)),
    "deepseek_v2-yarn": ("deepseek_v2", DEEPSEEK | dict(q_lora_rank=20, rope_parameters=YARN | dict(mscale=0.7, mscale_all_dim=0.7))),
    "deepseek_v3": ("deepseek_v3", DEEPSEEK | dict(q_lora_rank=20, attention_bias=True, routed_scaling_factor=1.7)),
    "deepseek_v32": ("deepseek_v32", DEEPSEEK | dict(q_lora_rank=20, index_n_heads=4, index_head_dim=16, index_topk=6)),
    "dots1": ("dots1", sizes(head_dim=8, n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=24, num_experts_per_tok=3, n_group=2, topk_group=1, first_k_dense_replace=1)),
    "ernie4_5_moe": ("ernie4_5_moe", sizes(moe_intermediate_size=24, moe_num_experts=6, moe_k=2, moe_num_shared_experts=1)),
    "exaone_moe": ("exaone_moe", sizes(layers=4, head_dim=8, sliding_window=6, num_experts=8, num_experts_per_tok=2, moe_intermediate_size=24, num_shared_experts=1, first_k_dense_replace=1)),
    "flex_olmo": ("flex_olmo", sizes(num_experts=6, num_experts_per_tok=2)),
    "glm4_moe": ("glm4_moe", sizes(head_dim=8, n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=24, num_experts_per_tok=3, n_group=2, topk_group=1, first_k_dense_replace=1, use_qk_norm=True)),
    "glm4_moe-plain": ("glm4_moe", sizes(head_dim=8, n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=24, num_experts_per_tok=3, first_k_dense_replace=0, attention_bias=True)),
    "glm4_moe_lite": ("glm4_moe_lite", DEEPSEEK | dict(q_lora_rank=20)),
    "glm_moe_dsa": ("glm_moe_dsa", DEEPSEEK | dict(q_lora_rank=20, index_n_heads=4, index_head_dim=16, index_topk=6)),
    "gpt_oss": ("gpt_oss", sizes(head_dim=8, sliding_window=6, num_local_experts=5, num_experts_per_tok=2, layers=3)),
    "gpt_oss-plain": ("gpt_oss", sizes(head_dim=8, sliding_window=6, num_local_experts=5, num_experts_per_tok=2, rope_parameters=rope("default"), layer_types=SLIDE)),
    "granitemoe": ("granitemoe", sizes(num_local_experts=5, num_experts_per_tok=2, attention_multiplier=0.3, residual_multiplier=0.7, embedding_multiplier=3.0, logits_scaling=2.5)),
    "granitemoeshared": ("granitemoeshared", sizes(num_local_experts=5, num_experts_per_tok=2, shared_intermediate_size=20)),
    "granitemoeshared-none": ("granitemoeshared", sizes(num_local_experts=5, num_experts_per_tok=2, shared_intermediate_size=0)),
    "hunyuan_moe": ("hunyuan_v1_moe", sizes(num_experts=5, moe_topk=2, head_dim=8)),
    "hy_v3": ("hy_v3", sizes(head_dim=8, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24)),
    "llama4": ("llama4_text", sizes(head_dim=8, layers=4, num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, attention_chunk_size=7, intermediate_size_mlp=40, no_rope_layers=[1, 1, 0, 1], floor_scale=5, attn_scale=0.3)),
    "llama4-unnormed": ("llama4_text", sizes(head_dim=8, layers=2, num_local_experts=4, num_experts_per_tok=2, attention_chunk_size=16, intermediate_size_mlp=40, use_qk_norm=False, attn_temperature_tuning=False, attention_bias=True)),
    "minimax_m2": ("minimax_m2", sizes(head_dim=8, num_local_experts=5, num_experts_per_tok=2, rotary_dim=4)),
    "mixtral-window": ("mixtral", sizes(num_local_experts=5, num_experts_per_tok=3, sliding_window=6, head_dim=16)),
    "olmoe": ("olmoe", sizes(num_experts=6, num_experts_per_tok=2)),
    "olmoe-clip": ("olmoe", sizes(num_experts=6, num_experts_per_tok=2, clip_qkv=0.8, norm_topk_prob=True, attention_bias=True)),
    "phimoe": ("phimoe", sizes(num_local_experts=6, attention_bias=True, lm_head_bias=True)),
    "phimoe-longrope": ("phimoe", sizes(num_local_experts=4, router_jitter_noise=0.3, original_max_position_embeddings=16, rope_parameters=longrope(4, 16) | dict(short_mscale=1.2, long_mscale=1.4))),
    "qwen2_moe": ("qwen2_moe", sizes(layers=3, shared_expert_intermediate_size=20, decoder_sparse_step=2, norm_topk_prob=True, **MOE)),
    "qwen2_moe-window": ("qwen2_moe", sizes(layers=3, shared_expert_intermediate_size=20, mlp_only_layers=[1], use_sliding_window=True, sliding_window=6, max_window_layers=2, qkv_bias=False, **MOE)),
    "qwen3_moe": ("qwen3_moe", sizes(layers=3, head_dim=16, norm_topk_prob=True, mlp_only_layers=[0], **MOE)),
    "qwen3_moe-window": ("qwen3_moe", sizes(layers=2, head_dim=8, use_sliding_window=True, sliding_window=6, attention_bias=True, **MOE)),
    "youtu": ("youtu", sizes(key_values=4, q_lora_rank=20, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=12, v_head_dim=10)),
    "youtu-half": ("youtu", sizes(key_values=4, q_lora_rank=None, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=12, v_head_dim=10, rope_interleave=False, attention_bias=True, tie_word_embeddings=False)),
    "solar_open": ("solar_open", sizes(head_dim=8, n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=24, num_experts_per_tok=3, n_group=2, topk_group=1, first_k_dense_replace=1)),
    # The older ones
    "biogpt": ("biogpt", sizes(key_values=4, scale_embedding=True)),
    "biogpt-unscaled": ("biogpt", sizes(key_values=4, scale_embedding=False)),
    "bloom": ("bloom", dict(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4)),
    "bloom-six": ("bloom", dict(vocab_size=VOCABULARY, hidden_size=48, n_layer=3, n_head=6, apply_residual_connection_post_layernorm=True)),
    "codegen": ("codegen", dict(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=64, rotary_dim=8, n_inner=40)),
    "ctrl": ("ctrl", dict(vocab_size=VOCABULARY, n_embd=32, dff=40, n_layer=2, n_head=4, n_positions=64)),
    "falcon": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4)),
    "falcon-alibi": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=36, num_hidden_layers=2, num_attention_heads=6, alibi=True, multi_query=False, parallel_attn=False, bias=True)),
    "falcon-new": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=8, num_kv_heads=2, new_decoder_architecture=True)),
    "falcon-new-one-norm": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=8, num_kv_heads=4, new_decoder_architecture=True, num_ln_in_parallel_attn=1, bias=True)),
    "falcon-many": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, multi_query=False, parallel_attn=True, ffn_hidden_size=40)),
    "falcon-sequential-queries": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, multi_query=True, parallel_attn=False, alibi=True)),
    "gpt_bigcode": ("gpt_bigcode", GPT2 | dict(multi_query=True)),
    "gpt_bigcode-heads": ("gpt_bigcode", GPT2 | dict(multi_query=False, scale_attn_weights=False)),
    "gpt_neo": ("gpt_neo", dict(vocab_size=VOCABULARY, hidden_size=32, num_layers=4, num_heads=4, attention_types=[[["global", "local"], 2]], window_size=6, intermediate_size=40, max_position_embeddings=64)),
    "gpt_neox": ("gpt_neox", sizes(rotary_pct=0.5)),
    "gpt_neox-sequential": ("gpt_neox", sizes(rotary_pct=1.0, use_parallel_residual=False, attention_bias=False, rope_parameters=LINEAR)),
    "gpt_neox_japanese": ("gpt_neox_japanese", sizes(rotary_pct=1.0, intermediate_multiple_size=2)),
    "gptj": ("gptj", GPT2 | dict(rotary_dim=4)),
    "gptj-whole": ("gptj", GPT2 | dict(rotary_dim=None)),
    "mpt": ("mpt", dict(vocab_size=VOCABULARY, d_model=48, n_layers=2, n_heads=6, expansion_ratio=2, max_seq_len=64, attn_config=dict(clip_qkv=0.5, softmax_scale=0.4))),
    "mpt-bias-max": ("mpt", dict(vocab_size=VOCABULARY, d_model=32, n_layers=2, n_heads=4, max_seq_len=64, attn_config=dict(alibi_bias_max=4))),
    "openai-gpt": ("openai-gpt", dict(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64)),
    "opt": ("opt", dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, ffn_dim=40, num_attention_heads=4, max_position_embeddings=64, word_embed_proj_dim=32)),
    "opt-projected": ("opt", dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, ffn_dim=40, num_attention_heads=4, max_position_embeddings=64, word_embed_proj_dim=20, do_layer_norm_before=False, enable_bias=False)),
    "xglm": ("xglm", dict(vocab_size=VOCABULARY, d_model=32, num_layers=2, ffn_dim=40, attention_heads=4, max_position_embeddings=64)),
    # Recurrences among attention
    "bamba": ("bamba", sizes(attn_layer_indices=[1], mamba_n_heads=8, mamba_d_head=8, mamba_d_state=16, mamba_n_groups=1, mamba_chunk_size=8, layers=3)),
    "bamba-groups": ("bamba", sizes(attn_layer_indices=[0], mamba_n_heads=8, mamba_d_head=8, mamba_d_state=16, mamba_n_groups=2, mamba_chunk_size=16, layers=2, mamba_proj_bias=True)),
    "granitemoehybrid": ("granitemoehybrid", sizes(layers=3, layer_types=["mamba", "attention", "mamba"], mamba_n_heads=8, mamba_d_head=8, mamba_d_state=16, mamba_chunk_size=8, num_local_experts=4, num_experts_per_tok=2, shared_intermediate_size=20)),
    "jamba": ("jamba", sizes(layers=4, attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2, expert_layer_offset=1, num_experts=4, mamba_d_state=8, mamba_dt_rank=4, use_mamba_kernels=False)),
    "lfm2": ("lfm2", sizes(layers=3, full_attn_idxs=[1], block_multiple_of=8, conv_L_cache=3)),
    "bamba-limits": ("bamba", sizes(attn_layer_indices=[1], mamba_n_heads=4, mamba_d_head=16, mamba_d_state=8, mamba_n_groups=1, mamba_chunk_size=8, layers=2, time_step_limit=(0.3, 0.6))),
    "granitemoehybrid-dense": ("granitemoehybrid", sizes(layers=3, layer_types=["mamba", "attention", "mamba"], mamba_n_heads=8, mamba_d_head=8, mamba_d_state=16, mamba_chunk_size=8, num_local_experts=0, shared_intermediate_size=20, position_embedding_type="rope", attention_multiplier=0.2, residual_multiplier=0.5, embedding_multiplier=3.0, logits_scaling=2.5, attention_bias=True)),
    "minicpm3": ("minicpm3", sizes(key_values=4, q_lora_rank=20, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=12, v_head_dim=10)),
    "minicpm3-none": ("minicpm3", sizes(key_values=4, q_lora_rank=None, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=12, scale_emb=1, scale_depth=0.7, dim_model_base=16, rope_parameters=YARN, tie_word_embeddings=False)),
    "lfm2-types": ("lfm2", sizes(layers=4, layer_types=["conv", "full_attention", "conv", "full_attention"], conv_bias=True, block_auto_adjust_ff_dim=False)),
}

TINY = sizes(width=16, heads=4, key_values=2, inner=12, positions=64, head_dim=4)

# What test/fixtures/attention holds of decoders, for 24 tokens.
FIXTURES: dict[str, tuple[str, dict]] = {
    "bamba-step-limits": ("bamba", TINY | dict(num_hidden_layers=2, attn_layer_indices=[1], mamba_n_heads=4, mamba_d_head=8, mamba_d_state=6, mamba_n_groups=2, mamba_chunk_size=8, time_step_limit=(0.3, 0.6))),
    "cohere-head-norms": ("cohere", TINY | dict(use_qk_norm=True, logit_scale=0.3)),
    "deepseek-v32-index": ("deepseek_v32", DEEPSEEK | TINY | dict(num_key_value_heads=4, q_lora_rank=12, kv_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=6, v_head_dim=5, moe_intermediate_size=8, n_shared_experts=1, index_n_heads=4, index_head_dim=8, index_topk=6)),
    "diffllama": ("diffllama", TINY),
    "falcon-alibi": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=24, num_hidden_layers=2, num_attention_heads=6, alibi=True, multi_query=False, parallel_attn=False)),
    "falcon-groups": ("falcon", dict(vocab_size=VOCABULARY, hidden_size=24, num_hidden_layers=2, num_attention_heads=6, num_kv_heads=2, new_decoder_architecture=True)),
    "gpt-oss-windows": ("gpt_oss", TINY | dict(sliding_window=6, num_local_experts=4, num_experts_per_tok=2, layer_types=SLIDE)),
    "jamba": ("jamba", TINY | dict(attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2, expert_layer_offset=1, num_experts=4, mamba_d_state=6, mamba_dt_rank=3)),
    "llama-dynamic-rope": ("llama", TINY | dict(rope_parameters=DYNAMIC, max_position_embeddings=16)),
    "llama4-chunks": ("llama4_text", TINY | dict(num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, attention_chunk_size=7, intermediate_size_mlp=20, no_rope_layers=[1, 0], floor_scale=5, attn_scale=0.3)),
    "phimoe-factors": ("phimoe", TINY | dict(num_local_experts=4, router_jitter_noise=0.3, original_max_position_embeddings=16, rope_parameters=longrope(2, 16) | dict(short_mscale=1.2, long_mscale=1.4))),
    "stablelm-head-norms": ("stablelm", TINY | dict(qk_layernorm=True, partial_rotary_factor=0.5, use_parallel_residual=True)),
}


def main() -> None:
    folder = Path(sys.argv[1])
    wanted, length, seed = [*sys.argv[2:], *["", "40", "100"][len(sys.argv) - 2 :]]
    variants = FIXTURES if wanted == "fixtures" else VARIANTS
    for index, (name, (kind, values)) in enumerate(variants.items()):
        if variants is VARIANTS and wanted not in name:
            continue
        torch.manual_seed(int(seed) + index)
        try:
            config = AutoConfig.for_model(kind, **values)
            write(folder / name, AutoModelForCausalLM.from_config(config, **EAGER), int(length))
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {str(error)[:300]}")
            if wanted == name:
                traceback.print_exc()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
