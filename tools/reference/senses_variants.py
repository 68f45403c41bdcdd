"""Makes small random models of images and sound whose configs differ in every flag, with reference values.

    python tools/reference/senses_variants.py FOLDER [NAME …]

Each folder gets config.json and model.safetensors as save_pretrained writes them, and reference.safetensors: the
inputs, every map that the class returns [windows · heads, query, key], hidden states and logits. Needs torch and
transformers (made with 2.13.0 and 5.18.0). Eager attention, float32.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file

SMALL = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40)
IMAGE = dict(image_size=[24, 40], patch_size=8, **SMALL)
SWIN = dict(embed_dim=12, depths=[2, 3], num_heads=[2, 3], patch_size=4, mlp_ratio=2.0)
WAVE = dict(
    vocab_size=37,
    conv_dim=[16, 24, 24],
    conv_stride=[5, 3, 2],
    conv_kernel=[10, 3, 2],
    num_conv_pos_embeddings=17,
    num_conv_pos_embedding_groups=4,
    apply_spec_augment=False,
    **SMALL,
)
STAGES = dict(hidden_sizes=[8, 12, 16, 24], depths=[1, 2, 1, 1])
PYRAMID = dict(num_attention_heads=[1, 2, 4, 3], sr_ratios=[4, 2, 2, 1], image_size=64, **STAGES)
VIDEO = dict(image_size=16, num_frames=6, **SMALL)


def pixels(*shape: int) -> dict[str, torch.Tensor]:
    return {"pixel_values": torch.randn(1, *shape)}


def samples(length: int) -> dict[str, torch.Tensor]:
    return {"input_values": torch.randn(1, length)}


def image(config: dict[str, Any], **values: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    config = {**config, **values}
    side = config["image_size"]
    height, width = side if isinstance(side, (list, tuple)) else (side, side)
    frames = [config["num_frames"]] if "num_frames" in config else []
    return config, pixels(*frames, 3, height, width)


def wave(length: int = 1400, **values: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    return {**WAVE, **values}, samples(length)


def speech(name: str, length: int = 37, **values: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    if name == "whisper":
        positions = values.get("max_source_positions", 21)
        config = dict(
            vocab_size=61, num_mel_bins=10, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
            decoder_attention_heads=2, encoder_ffn_dim=40, decoder_ffn_dim=24, max_source_positions=positions,
            max_target_positions=30, pad_token_id=0, decoder_start_token_id=1, suppress_tokens=None,
            begin_suppress_tokens=None,
        )
        inputs = {"input_features": torch.randn(1, 10, 2 * positions)}
    else:
        config = dict(
            vocab_size=61, input_feat_per_channel=10, d_model=32, encoder_layers=2, decoder_layers=2,
            encoder_attention_heads=4, decoder_attention_heads=2, encoder_ffn_dim=40, decoder_ffn_dim=24,
            conv_channels=24, max_source_positions=100, max_target_positions=40, pad_token_id=1,
            decoder_start_token_id=2,
        )
        inputs = {"input_features": torch.randn(1, length, 10 * values.get("input_channels", 1))}
    inputs["decoder_input_ids"] = torch.randint(3, 61, (1, 13))
    return {**config, **values}, inputs


Draw = tuple[str, tuple[dict[str, Any], dict[str, torch.Tensor]]]


def draws() -> dict[str, Draw]:
    """Class names, configs and inputs."""
    mae = dict(use_mean_pooling=True)
    return {
        "vit-base": ("ViTModel", image(IMAGE, qkv_bias=False, hidden_act="gelu_new")),
        "vit-masked": ("ViTForMaskedImageModeling", image(IMAGE, image_size=24, encoder_stride=8)),
        "vit-patches": ("ViTForImageClassification", image(IMAGE, patch_size=[8, 4], num_labels=7)),
        "deit-teacher": ("DeiTForImageClassificationWithTeacher", image(IMAGE)),
        "deit-masked": ("DeiTForMaskedImageModeling", image(IMAGE, image_size=16, encoder_stride=8)),
        "ijepa": ("IJepaForImageClassification", image(IMAGE)),
        "vit_msn": ("ViTMSNForImageClassification", image(IMAGE)),
        "beit-relative": ("BeitForImageClassification", image(IMAGE, use_relative_position_bias=True)),
        "beit-shared": (
            "BeitModel",
            image(IMAGE, image_size=24, use_shared_relative_position_bias=True, use_absolute_position_embeddings=True, layer_scale_init_value=0.0),
        ),
        "beit-both": (
            "BeitForMaskedImageModeling",
            image(IMAGE, use_shared_relative_position_bias=True, use_relative_position_bias=True, use_mask_token=True, use_mean_pooling=False, vocab_size=40),
        ),
        "data2vec-vision": (
            "Data2VecVisionForImageClassification",
            image(IMAGE, image_size=32, use_relative_position_bias=True, use_mean_pooling=False),
        ),
        "data2vec-vision-shared": (
            "Data2VecVisionForImageClassification",
            image(IMAGE, image_size=32, use_shared_relative_position_bias=True, use_absolute_position_embeddings=True),
        ),
        "dinov2": ("Dinov2ForImageClassification", image(IMAGE, image_size=[24, 24])),
        "dinov2-gated": ("Dinov2Model", image(IMAGE, image_size=24, use_swiglu_ffn=True, mlp_ratio=3)),
        "dinov2_with_registers": ("Dinov2WithRegistersForImageClassification", image(IMAGE, image_size=24, num_register_tokens=3)),
        "dinov2_with_registers-gated": ("Dinov2WithRegistersModel", image(IMAGE, image_size=24, use_swiglu_ffn=True)),
        "dinov3_vit": ("DINOv3ViTModel", image(IMAGE, num_register_tokens=3, rope_theta=50.0)),
        "dinov3_vit-gated": ("DINOv3ViTModel", image(IMAGE, use_gated_mlp=True, key_bias=True, query_bias=False, mlp_bias=False, proj_bias=False, hidden_act="silu")),
        "clip_vision_model": ("CLIPVisionModel", image(IMAGE, image_size=32, hidden_act="gelu")),
        "clip_text_model": ("CLIPTextModel", ({**SMALL, "vocab_size": 50, "max_position_embeddings": 20, "eos_token_id": 49}, {"input_ids": torch.cat([torch.randint(3, 48, (1, 16)), torch.tensor([[49]])], 1)})),
        "siglip_vision_model": ("SiglipVisionModel", image(IMAGE, image_size=32)),
        "siglip_vision_model-headless": ("SiglipVisionModel", image(IMAGE, image_size=24, vision_use_head=False)),
        "siglip_text_model": ("SiglipTextModel", ({**SMALL, "vocab_size": 50, "max_position_embeddings": 20}, {"input_ids": torch.randint(3, 48, (1, 20))})),
        "yolos": ("YolosForObjectDetection", image(IMAGE, num_detection_tokens=5)),
        "yolos-plain": ("YolosModel", image(IMAGE, num_detection_tokens=4, use_mid_position_embeddings=False)),
        "vivit": ("VivitForVideoClassification", image(VIDEO, tubelet_size=[2, 8, 8])),
        "vivit-base": ("VivitModel", image(VIDEO, tubelet_size=[3, 4, 8], qkv_bias=False)),
        "videomae": ("VideoMAEForVideoClassification", image(VIDEO, tubelet_size=2, patch_size=8, **mae)),
        "videomae-token": ("VideoMAEForVideoClassification", image(VIDEO, tubelet_size=3, patch_size=4, use_mean_pooling=False, qkv_bias=False)),
        "pvt": ("PvtForImageClassification", image(dict(image_size=64, hidden_sizes=[8, 12, 16, 24], num_attention_heads=[1, 2, 4, 3], depths=[1, 2, 1, 1]))),
        "pvt-flags": ("PvtModel", image(dict(image_size=32, num_encoder_blocks=3, hidden_sizes=[8, 12, 16], num_attention_heads=[2, 2, 4], depths=[2, 1, 2], sequence_reduction_ratios=[2, 2, 1], strides=[4, 2, 2], patch_sizes=[4, 2, 2], mlp_ratios=[2, 3, 2], qkv_bias=False))),
        "pvt_v2": ("PvtV2ForImageClassification", image(PYRAMID)),
        "pvt_v2-linear": ("PvtV2ForImageClassification", image(PYRAMID, linear_attention=True, qkv_bias=False, image_size=[64, 96])),
        "segformer": ("SegformerForImageClassification", image({k: v for k, v in PYRAMID.items()}, decoder_hidden_size=20)),
        "segformer-odd": ("SegformerForImageClassification", image(PYRAMID, image_size=[72, 56], hidden_act="relu")),
        "segformer-tokens": ("SegformerForImageClassification", image(PYRAMID, reshape_last_stage=False)),
        "segformer-segmentation": ("SegformerForSemanticSegmentation", image(PYRAMID, decoder_hidden_size=20, image_size=[72, 56])),
        "swin": ("SwinForImageClassification", image(SWIN, image_size=32, window_size=3)),
        "swin-flags": ("SwinModel", image(SWIN, image_size=[32, 48], window_size=4, qkv_bias=False, use_absolute_embeddings=True)),
        "swin-padded": ("SwinForImageClassification", image(SWIN, image_size=[38, 54], window_size=5, depths=[2, 2])),
        "swin-masked": ("SwinForMaskedImageModeling", image(SWIN, image_size=32, window_size=4, encoder_stride=8)),
        "swinv2": ("Swinv2ForImageClassification", image(SWIN, image_size=32, window_size=3)),
        "swinv2-pretrained": ("Swinv2Model", image(SWIN, image_size=[48, 32], window_size=4, pretrained_window_sizes=[6, 3], qkv_bias=False, depths=[1, 2])),
        "swinv2-padded": ("Swinv2ForImageClassification", image(SWIN, image_size=40, window_size=4)),
        "swinv2-masked": ("Swinv2ForMaskedImageModeling", image(SWIN, image_size=32, window_size=4, encoder_stride=8)),
        "donut-swin": ("DonutSwinModel", image(SWIN, image_size=[40, 24], window_size=3)),
        "maskformer-swin": ("MaskFormerSwinModel", image(SWIN, image_size=20, window_size=6)),
        "mobilevit": ("MobileViTForImageClassification", image(dict(image_size=64, hidden_sizes=[12, 16, 20], neck_hidden_sizes=[8, 8, 12, 12, 16, 16, 24], num_attention_heads=2))),
        "mobilevit-odd": ("MobileViTForImageClassification", image(dict(image_size=[72, 104], hidden_sizes=[12, 16, 20], neck_hidden_sizes=[8, 8, 12, 12, 16, 16, 24], num_attention_heads=2, output_stride=16, qkv_bias=False))),
        "wav2vec2": ("Wav2Vec2ForCTC", wave()),
        "wav2vec2-stable": ("Wav2Vec2ForCTC", wave(do_stable_layer_norm=True, feat_extract_norm="layer", conv_bias=True, num_conv_pos_embeddings=16)),
        "wav2vec2-adapter": ("Wav2Vec2Model", wave(2000, add_adapter=True, adapter_stride=2, num_adapter_layers=2, output_hidden_size=20)),
        "wav2vec2-languages": ("Wav2Vec2ForCTC", wave(do_stable_layer_norm=True, adapter_attn_dim=6)),
        "wav2vec2-weighed": ("Wav2Vec2ForSequenceClassification", wave(use_weighted_layer_sum=True, classifier_proj_size=14)),
        "wav2vec2-frames": ("Wav2Vec2ForAudioFrameClassification", wave(do_stable_layer_norm=True, use_weighted_layer_sum=True)),
        "hubert": ("HubertForCTC", wave(1701, feat_proj_layer_norm=False, conv_pos_batch_norm=True)),
        "hubert-stable": ("HubertForSequenceClassification", wave(do_stable_layer_norm=True, feat_extract_norm="layer")),
        "sew": ("SEWForCTC", wave(squeeze_factor=3)),
        "sew-weighed": ("SEWForSequenceClassification", wave(1501, use_weighted_layer_sum=True, conv_bias=True)),
        "wavlm": ("WavLMForCTC", wave(num_buckets=20, max_bucket_distance=30)),
        "wavlm-stable": ("WavLMForSequenceClassification", wave(900, hidden_size=24, num_attention_heads=3, intermediate_size=32, do_stable_layer_norm=True, feat_extract_norm="layer", use_weighted_layer_sum=True)),
        "data2vec-audio": ("Data2VecAudioForCTC", wave(conv_pos_kernel_size=4, num_conv_pos_embeddings=2)),
        "unispeech": ("UniSpeechForCTC", wave(num_conv_pos_embeddings=16)),
        "unispeech-sat": ("UniSpeechSatForSequenceClassification", wave(do_stable_layer_norm=True, use_weighted_layer_sum=True)),
        "audio-spectrogram-transformer": ("ASTForAudioClassification", ({**SMALL, "patch_size": 4, "max_length": 35, "num_mel_bins": 14, "frequency_stride": 3, "time_stride": 4}, {"input_values": torch.randn(1, 35, 14)})),
        "audio-spectrogram-transformer-base": ("ASTModel", ({**SMALL, "qkv_bias": False, "patch_size": 5, "max_length": 30, "num_mel_bins": 16, "frequency_stride": 5, "time_stride": 2}, {"input_values": torch.randn(1, 30, 16)})),
        "whisper": ("WhisperForConditionalGeneration", speech("whisper")),
        "whisper-untied": ("WhisperForConditionalGeneration", speech("whisper", tie_word_embeddings=False, activation_function="relu", max_source_positions=33)),
        "whisper-base": ("WhisperModel", speech("whisper", encoder_layers=3)),
        "speech_to_text": ("Speech2TextForConditionalGeneration", speech("s2t")),
        "speech_to_text-flags": ("Speech2TextForConditionalGeneration", speech("s2t", 50, scale_embedding=False, input_channels=2, num_conv_layers=3, conv_kernel_sizes=[5, 3, 3], tie_word_embeddings=False, activation_function="gelu", pad_token_id=0)),
        "wav2vec2-odd": ("Wav2Vec2ForCTC", wave(2333, conv_dim=[12, 20], conv_stride=[7, 4], conv_kernel=[9, 5], num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, hidden_size=24, num_attention_heads=3)),
        "hubert-base": ("HubertModel", wave(1234, conv_bias=True)),
        "unispeech-stable": ("UniSpeechForSequenceClassification", wave(do_stable_layer_norm=True, feat_extract_norm="layer", use_weighted_layer_sum=True)),
        "wavlm-frames": ("WavLMForAudioFrameClassification", wave(num_buckets=32, max_bucket_distance=64)),
        "data2vec-audio-class": ("Data2VecAudioForSequenceClassification", wave(use_weighted_layer_sum=True, num_conv_pos_embeddings=3, conv_pos_kernel_size=5)),
        "whisper-class": ("WhisperForAudioClassification", (lambda pair: (pair[0], {"input_features": pair[1]["input_features"]}))(speech("whisper", use_weighted_layer_sum=True, classifier_proj_size=12))),
        "resnet": ("ResNetForImageClassification", (dict(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 2, 1, 1]), pixels(3, 224, 224))),
        "regnet": ("RegNetForImageClassification", (dict(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 2, 1, 1], groups_width=8), pixels(3, 224, 224))),
        "convnextv2": ("ConvNextV2ForImageClassification", (dict(image_size=64, hidden_sizes=[8, 16, 24, 32], depths=[1, 2, 1, 1]), pixels(3, 64, 64))),
        "poolformer": ("PoolFormerForImageClassification", (dict(hidden_sizes=[8, 16, 24, 32], depths=[1, 2, 1, 1]), pixels(3, 224, 224))),
        "mobilevitv2": ("MobileViTV2ForImageClassification", (dict(image_size=64, width_multiplier=0.25), pixels(3, 64, 64))),
        "bit": ("BitForImageClassification", (dict(embedding_size=32, hidden_sizes=[128, 128, 128, 256], depths=[1, 2, 1, 1], num_groups=8), pixels(3, 224, 224))),
        "pixtral": ("PixtralVisionModel", (dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40, image_size=32, patch_size=8), pixels(3, 32, 32))),
    }


def config_of(model_class: type, values: dict[str, Any]) -> transformers.PretrainedConfig:
    config = model_class.config_class(**values)
    config._attn_implementation = "eager"
    return config


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """Sharper than an untrained model, whose attention is the same everywhere; no statistic is 0 or 1."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(torch.randn_like(buffer) * 0.2)
            elif name.endswith("running_var"):
                buffer.mul_(1 + torch.rand_like(buffer))
    return model.eval()


def flat(name: str, value: torch.Tensor) -> torch.Tensor:
    """Without the batch axis; maps of windows as those of the first one's heads, then the next one's."""
    if name.endswith("attentions"):
        return value.reshape(-1, *value.shape[-2:])
    return value[0] if value.shape[0] == 1 else value


def listed(value: Any) -> list[torch.Tensor]:
    """The tensors of a tuple, those of tuples in it too: some classes give a tuple for each stage."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [each for part in value or () for each in listed(part)]


def write(folder: Path, class_name: str, values: dict[str, Any], inputs: dict[str, torch.Tensor]) -> None:
    model_class = getattr(transformers, class_name)
    model = shaken(model_class(config_of(model_class, values)))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True, output_hidden_states=True)
    tensors = {name: value.to(torch.int32) if value.dtype == torch.long else value for name, value in inputs.items()}
    for name, value in outputs.items():
        if name.endswith(("attentions", "hidden_states")) and not name.startswith("reshaped") and isinstance(value, tuple):
            tensors |= {f"{name}.{index}": flat(name, each) for index, each in enumerate(listed(value))}
        elif name in ("logits", "reconstruction", "last_hidden_state"):
            tensors[name] = value[0]
    if class_name == "MaskFormerSwinModel":  # What it calls attentions are hidden states.
        tensors = {name: value for name, value in tensors.items() if not name.startswith("attentions")}
    tensors = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
    save_file(tensors, folder / "reference.safetensors")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(23)
    wanted = sys.argv[2:]
    for name, (class_name, (values, inputs)) in draws().items():
        if wanted and name not in wanted:
            continue
        try:
            write(Path(sys.argv[1]) / name, class_name, values, inputs)
        except Exception as error:  # A class that refuses a draw is told, the others go on.
            print(f"{name}: {type(error).__name__} {error}", flush=True)


if __name__ == "__main__":
    main()
