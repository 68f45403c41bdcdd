"""Makes small random models whose configs differ from their families' defaults, with reference values.

    python tools/reference/attention_variants.py test/fixtures/attention

Each folder gets config.json and model.safetensors as save_pretrained writes them, and reference.safetensors: the
inputs, every layer's attention probabilities [heads, query, key], hidden states and logits. Needs torch and
transformers (made with 2.13.0 and 5.18.0). Eager attention, float32.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    AlbertConfig,
    AlbertForMaskedLM,
    BertConfig,
    BertLMHeadModel,
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

VOCABULARY = 67
# The one implementation that returns its probabilities.
EAGER = dict(attn_implementation="eager")
LLAMA = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    **EAGER,
)
ENCODER = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    num_attention_heads=4,
    intermediate_size=48,
    max_position_embeddings=64,
    **EAGER,
)
DEEPSEEK = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    moe_intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=4,
    n_routed_experts=8,
    n_shared_experts=1,
    num_experts_per_tok=3,
    n_group=4,
    topk_group=2,
    kv_lora_rank=16,
    qk_rope_head_dim=16,
    qk_nope_head_dim=12,
    v_head_dim=10,
    first_k_dense_replace=1,
    max_position_embeddings=128,
    **EAGER,
)


def rope(kind: str, **values: float) -> dict:
    return dict(rope_type=kind, rope_theta=10000.0, **values)


LLAMA3 = rope(
    "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)
YARN = rope("yarn", factor=40.0, original_max_position_embeddings=4096, mscale=1.0, mscale_all_dim=1.0)


def variants() -> dict[str, PreTrainedModel]:
    return {
        "llama-llama3-rope": LlamaForCausalLM(LlamaConfig(**LLAMA, head_dim=16, rope_parameters=LLAMA3)),
        "llama-linear-rope-biases-tied": LlamaForCausalLM(
            LlamaConfig(
                **LLAMA,
                attention_bias=True,
                mlp_bias=True,
                tie_word_embeddings=True,
                hidden_act="gelu_pytorch_tanh",
                rope_parameters=rope("linear", factor=4.0),
            )
        ),
        "deepseek-v3-yarn-groups": DeepseekV3ForCausalLM(
            DeepseekV3Config(**DEEPSEEK, q_lora_rank=20, rope_parameters=YARN)
        ),
        "deepseek-v3-half-pairs": DeepseekV3ForCausalLM(
            DeepseekV3Config(**DEEPSEEK, q_lora_rank=None, rope_interleave=False, norm_topk_prob=False)
        ),
        "gpt2-base-scale-by-layer": GPT2Model(
            GPT2Config(
                vocab_size=VOCABULARY,
                n_embd=32,
                n_layer=2,
                n_head=4,
                n_positions=64,
                scale_attn_by_inverse_layer_idx=True,
                **EAGER,
            )
        ),
        "bert-decoder": BertLMHeadModel(BertConfig(**ENCODER, num_hidden_layers=2, is_decoder=True)),
        "albert-groups": AlbertForMaskedLM(
            AlbertConfig(**ENCODER, embedding_size=12, num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2)
        ),
        "t5-gated-few-buckets": T5ForConditionalGeneration(
            T5Config(
                vocab_size=VOCABULARY,
                d_model=32,
                d_kv=8,
                d_ff=48,
                num_layers=2,
                num_decoder_layers=2,
                num_heads=4,
                feed_forward_proj="gated-gelu",
                relative_attention_num_buckets=16,
                relative_attention_max_distance=24,
                **EAGER,
            )
        ),
    }


def write(folder: Path, model: PreTrainedModel, length: int = 40) -> None:
    model.eval()
    with torch.no_grad():
        # Sharper than an untrained model, whose attention is the same everywhere.
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.add_(torch.randn_like(buffer) * 0.3)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    inputs = {"input_ids": torch.randint(3, VOCABULARY, (1, length))}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.randint(3, VOCABULARY, (1, 33))
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True, output_hidden_states=True)
    tensors = {name: ids.to(torch.int32) for name, ids in inputs.items()}
    for name, value in outputs.items():
        if name.endswith(("attentions", "hidden_states")) and isinstance(value, (tuple, list)):
            tensors |= {f"{name}.{index}": layer[0].contiguous() for index, layer in enumerate(value)}
        elif name == "logits":
            tensors[name] = value[0].contiguous()
    save_file({name: value.clone() for name, value in tensors.items()}, folder / "reference.safetensors")


def main() -> None:
    torch.manual_seed(20)
    for name, model in variants().items():
        write(Path(sys.argv[1]) / name, model)


if __name__ == "__main__":
    main()
