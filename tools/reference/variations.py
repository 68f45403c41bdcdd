"""Draws configs that differ from the defaults and writes what the real classes say of them.

    python tools/reference/variations.py --seed 7 --each 6 --out test/fixtures/reference/variations.jsonl.gz

A line a config: `config` (as a config.json), `total`, `params`, `tied`, and where the class can run,
`inputs` and `flops`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from typing import Any, Callable

import transformers
from transformers import logging

from real_class import build, flops, parameters

Draw = Callable[[random.Random], dict[str, Any]]


def maybe(r: random.Random, **values: Any) -> dict[str, Any]:
    """Each value with a chance of one half: a key that is left out is as much a test as one that is given."""
    return {key: value for key, value in values.items() if r.random() < 0.5}


def labels(r: random.Random, least: int = 1) -> dict[str, Any]:
    """Labels by number, by name, or by both, which need not agree."""
    count = r.randint(1, 6)
    names = {str(i): f"label {i}" for i in range(count)}
    return maybe(r, num_labels=r.randint(least, 9), id2label=names)


def decoder(r: random.Random) -> dict[str, Any]:
    """Keys that Llama and its kin have in common."""
    heads, head_dim = r.choice([2, 4, 8]), r.choice([8, 16])
    kv = r.choice([k for k in (1, 2, 4, 8) if k <= heads])
    return {
        "vocab_size": r.randint(50, 500),
        # Multiples of 4: grouped products of experts want rows of 16 bytes.
        "hidden_size": heads * head_dim,
        "intermediate_size": 4 * r.randint(5, 50),
        "num_hidden_layers": r.randint(1, 5),
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "max_position_embeddings": r.choice([64, 256]),
        "pad_token_id": 0,
        **maybe(r, tie_word_embeddings=r.random() < 0.5),
    }


def llama(r: random.Random) -> dict[str, Any]:
    values = {
        **decoder(r),
        **maybe(r, attention_bias=True, mlp_bias=True, head_dim=r.choice([6, 24])),
        **labels(r),
    }
    if r.random() < 0.3:
        del values["num_key_value_heads"]
    if r.random() < 0.3:
        values["rope_scaling"] = {"type": "linear", "factor": 2.0}
        values["rope_theta"] = 5000.0
    return values


def mixtral(r: random.Random) -> dict[str, Any]:
    experts = r.randint(2, 6)
    return {
        **decoder(r),
        r.choice(["num_local_experts", "num_experts"]): experts,
        "num_experts_per_tok": r.randint(1, experts),
        **maybe(r, sliding_window=r.randint(2, 20), head_dim=r.choice([6, 24])),
    }


def deepseek_v3(r: random.Random) -> dict[str, Any]:
    values = decoder(r)
    values["num_key_value_heads"] = values["num_attention_heads"]
    return {
        **values,
        "moe_intermediate_size": 4 * r.randint(2, 10),
        "n_routed_experts": 8,
        "num_experts_per_tok": r.randint(1, 4),
        "n_group": r.choice([1, 2, 4]),
        "topk_group": 1,
        "n_shared_experts": r.randint(1, 3),
        "first_k_dense_replace": r.randint(0, values["num_hidden_layers"]),
        "q_lora_rank": r.choice([None, 12, 20]),
        "kv_lora_rank": r.randint(8, 32),
        "qk_rope_head_dim": r.choice([4, 8]),
        "qk_nope_head_dim": r.choice([6, 16]),
        "v_head_dim": r.choice([5, 12]),
        **maybe(r, attention_bias=True),
    }


def gpt2(r: random.Random) -> dict[str, Any]:
    heads = r.choice([1, 2, 4])
    old = r.random() < 0.6
    names = ("n_embd", "n_layer", "n_head", "n_positions")
    new = ("hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings")
    sizes = (heads * r.choice([4, 12]), r.randint(1, 4), heads, r.choice([32, 100]))
    return {
        **dict(zip(names if old else new, sizes)),
        "vocab_size": r.randint(50, 500),
        **maybe(r, n_inner=r.randint(10, 90), add_cross_attention=True, tie_word_embeddings=False),
        **maybe(r, summary_proj_to_labels=False, summary_use_proj=False, scale_attn_by_inverse_layer_idx=True),
        **labels(r),
        "pad_token_id": 1,
    }


def bert(r: random.Random) -> dict[str, Any]:
    heads = r.choice([1, 2, 3])
    decoding = r.random() < 0.4
    return {
        "vocab_size": r.randint(50, 500),
        "hidden_size": heads * r.choice([4, 10]),
        "num_hidden_layers": r.randint(1, 4),
        "num_attention_heads": heads,
        "intermediate_size": r.randint(10, 90),
        "max_position_embeddings": r.randint(40, 80),
        **maybe(r, type_vocab_size=r.randint(1, 4), tie_word_embeddings=False),
        **labels(r),
        **({"is_decoder": True, **maybe(r, add_cross_attention=True)} if decoding else {}),
    }


def albert(r: random.Random) -> dict[str, Any]:
    heads = r.choice([1, 2, 3])
    layers = r.choice([2, 4, 6, 7])
    return {
        "vocab_size": r.randint(50, 500),
        "embedding_size": r.randint(5, 20),
        "hidden_size": heads * r.choice([4, 10]),
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": r.randint(10, 90),
        "max_position_embeddings": r.randint(40, 80),
        "num_hidden_groups": r.randint(1, layers),
        "inner_group_num": r.randint(1, 3),
        **maybe(r, type_vocab_size=r.randint(1, 4), tie_word_embeddings=False),
        **labels(r),
    }


def t5(r: random.Random) -> dict[str, Any]:
    aliased = r.random() < 0.3
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads") if aliased else ("d_model", "num_layers", "num_heads")
    return {
        **dict(zip(names, (r.randint(10, 60), r.randint(1, 4), r.randint(1, 5)))),
        "vocab_size": r.randint(50, 500),
        "d_kv": r.randint(3, 16),
        "d_ff": r.randint(10, 90),
        "feed_forward_proj": r.choice(["relu", "gated-gelu", "gated-silu", "gelu"]),
        "decoder_start_token_id": 0,
        "eos_token_id": 0,
        **maybe(r, num_decoder_layers=r.randint(1, 5), relative_attention_num_buckets=r.choice([8, 32])),
        **maybe(r, is_gated_act=r.random() < 0.5, dense_act_fn="silu"),
        **labels(r),
    }


def vit(r: random.Random) -> dict[str, Any]:
    heads = r.choice([1, 2, 3])
    patch = r.choice([4, 8, [4, 8]])
    return {
        "hidden_size": heads * r.choice([4, 10]),
        "num_hidden_layers": r.randint(1, 4),
        "num_attention_heads": heads,
        "intermediate_size": r.randint(10, 90),
        "image_size": r.choice([32, 40, [32, 64]]),
        "patch_size": patch,
        "num_channels": r.choice([1, 3]),
        **maybe(r, qkv_bias=False, pooler_output_size=r.randint(5, 30), head_dim=6),
        **labels(r, least=0),
        "encoder_stride": 4,
    }


FAMILIES: dict[str, tuple[Draw, tuple[str, ...]]] = {
    "llama": (llama, ("LlamaModel", "LlamaForCausalLM", "LlamaForSequenceClassification", "LlamaForTokenClassification", "LlamaForQuestionAnswering")),
    "mixtral": (mixtral, ("MixtralModel", "MixtralForCausalLM", "MixtralForTokenClassification")),
    "deepseek_v3": (deepseek_v3, ("DeepseekV3Model", "DeepseekV3ForCausalLM")),
    "gpt2": (gpt2, ("GPT2Model", "GPT2LMHeadModel", "GPT2DoubleHeadsModel", "GPT2ForSequenceClassification", "GPT2ForTokenClassification")),
    "bert": (bert, ("BertModel", "BertForPreTraining", "BertForMaskedLM", "BertLMHeadModel", "BertForSequenceClassification", "BertForQuestionAnswering")),
    "albert": (albert, ("AlbertModel", "AlbertForPreTraining", "AlbertForMaskedLM", "AlbertForTokenClassification")),
    "t5": (t5, ("T5Model", "T5ForConditionalGeneration", "T5EncoderModel", "T5ForSequenceClassification", "T5ForTokenClassification", "T5ForQuestionAnswering")),
    "vit": (vit, ("ViTModel", "ViTForImageClassification", "ViTForMaskedImageModeling")),
}


def input_shapes(values: dict[str, Any], r: random.Random) -> dict[str, list[int]]:
    """A batch of one to three; T5's classes with a decoder of their own take a second length."""
    batch = r.randint(1, 3)
    if values["model_type"] == "vit":
        size = values["image_size"]
        height, width = size if isinstance(size, list) else (size, size)
        return {"pixel_values": [batch, values["num_channels"], height, width]}
    shapes = {"input_ids": [batch, r.randint(2, 30)]}
    if values["architectures"][0] in ("T5Model", "T5ForConditionalGeneration"):
        shapes["decoder_input_ids"] = [batch, r.randint(2, 30)]
    return shapes


def row(values: dict[str, Any], r: random.Random) -> dict[str, Any]:
    model = build(values)
    found = {"config": values, **parameters(model)}
    inputs = input_shapes(values, r)
    try:
        # On the CPU, since some classes look at the ids (for an end-of-sequence token); the models are small.
        return {**found, "inputs": inputs, "flops": flops(build(values, "cpu"), inputs)}
    except (RuntimeError, ValueError) as error:
        # A head that fits no such sizes: two answers from another number of labels, an image of other patches.
        print(f"{values['architectures'][0]}: no FLOPs, {str(error).splitlines()[0]}")
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=6, help="configs for each architecture")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    logging.set_verbosity_error()
    r = random.Random(options.seed)
    count = 0
    with open(options.out, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        for model_type, (draw, architectures) in FAMILIES.items():
            for architecture in architectures:
                for _ in range(options.each):
                    values = {"model_type": model_type, "architectures": [architecture], **draw(r)}
                    out.write((json.dumps(row(values, r)) + "\n").encode())
                    count += 1
    print(f"{count} configs, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
