"""Makes small random models of families for long texts, longer than their windows, blocks and chunks.

    python tools/reference/long_variants.py test/fixtures/attention

Folders are as attention_variants.py writes them. Lengths are no multiples of what a class pads to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from attention_variants import EAGER, VOCABULARY, write
from transformers import (
    BigBirdPegasusConfig,
    BigBirdPegasusForConditionalGeneration,
    CanineConfig,
    CanineForTokenClassification,
    LEDConfig,
    LEDForConditionalGeneration,
    LongformerConfig,
    LongformerForSequenceClassification,
    LongT5Config,
    LongT5ForConditionalGeneration,
    PreTrainedModel,
    ReformerConfig,
    ReformerModelWithLMHead,
)

SEQ2SEQ = dict(
    vocab_size=VOCABULARY,
    d_model=16,
    encoder_layers=2,
    decoder_layers=1,
    encoder_attention_heads=2,
    decoder_attention_heads=4,
    encoder_ffn_dim=24,
    decoder_ffn_dim=24,
)


def variants() -> dict[str, PreTrainedModel]:
    return {
        "longformer-global-token": LongformerForSequenceClassification(
            LongformerConfig(
                vocab_size=VOCABULARY,
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=24,
                max_position_embeddings=64,
                attention_window=[6, 12],
            )
        ),
        "led-windows": LEDForConditionalGeneration(
            LEDConfig(
                **SEQ2SEQ,
                attention_window=12,
                max_encoder_position_embeddings=64,
                max_decoder_position_embeddings=40,
            )
        ),
        "bigbird-pegasus-blocks": BigBirdPegasusForConditionalGeneration(
            BigBirdPegasusConfig(
                **SEQ2SEQ, block_size=3, num_random_blocks=2, max_position_embeddings=64, use_bias=True, **EAGER
            )
        ),
        "longt5-summaries": LongT5ForConditionalGeneration(
            LongT5Config(
                vocab_size=VOCABULARY,
                d_model=16,
                d_kv=8,
                d_ff=24,
                num_layers=2,
                num_decoder_layers=1,
                num_heads=2,
                local_radius=5,
                global_block_size=7,
                encoder_attention_type="transient-global",
                **EAGER,
            )
        ),
        "canine-molecules": CanineForTokenClassification(
            CanineConfig(
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=24,
                max_position_embeddings=64,
                type_vocab_size=2,
                downsampling_rate=3,
                upsampling_kernel_size=4,
                num_hash_functions=4,
                num_hash_buckets=48,
                local_transformer_stride=32,
                **EAGER,
            )
        ),
        "reformer-hashed": ReformerModelWithLMHead(
            ReformerConfig(
                vocab_size=VOCABULARY,
                hidden_size=16,
                num_attention_heads=2,
                attention_head_size=6,
                attn_layers=["lsh", "local", "lsh"],
                feed_forward_size=24,
                axial_pos_shape=[8, 9],
                axial_pos_embds_dim=[6, 10],
                is_decoder=True,
                max_position_embeddings=72,
                local_attn_chunk_length=6,
                lsh_attn_chunk_length=4,
                num_hashes=3,
                num_buckets=[2, 4],
                hash_seed=17,
            )
        ),
    }


def main() -> None:
    torch.manual_seed(21)
    for name, model in variants().items():
        write(Path(sys.argv[1]) / name, model, 41)


if __name__ == "__main__":
    main()
