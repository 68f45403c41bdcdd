"""What the keys of a config class are: told by name, by type and by the source of its folder."""

from __future__ import annotations

import inspect
import random
import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, AutoConfig, PretrainedConfig

Values = dict[str, Any]
Place = tuple[str, ...]

LIBRARY = {f.name for f in fields(PretrainedConfig)} - {"tie_word_embeddings"}
LIBRARY |= {"model_type", "_name_or_path", "transformers_version", "output_attentions"}
"""Keys that every config has, and no module."""

# By name: what a number is. Sizes are scaled together; the others have ranges of their own.
LAYERS = re.compile(
    r"(^|_)(num_)?(hidden_|encoder_|decoder_)?(layers?|blocks)$|"
    r"^(n_layers?|depth|.*_depth|.*_num_layers|num_.*_layers)$"
)
NO_LAYERS = re.compile(r"feat_extract|adapter|shared|only|window|predict|codec|conv_layers|feature_layer|mtp")
HEADS = re.compile(r"(^|_)heads?$")
GROUPS = re.compile(r"(key_value|kv|key|query)_?(num_)?heads?$|^num_kv_heads$|multi_query_group_num|kv_n_heads")
SIZE = re.compile(
    r"size|dim|width|embd|hidden|d_model|d_ff|d_kv|ffn|inner|intermediate|channels|rank|planes|filters|units|"
    r"d_head|d_inner"
)
NO_SIZE = re.compile(
    r"image|patch|window|kernel|vocab|chunk|block|batch|merge|num_channels|position|token|tile|stride|label|codebook_size|"
    r"grid|size_divis|crop|pool|bucket|sampling|max_|num_hidden|hidden_layers|hidden_act|resolution|frames"
)
NO_FLOAT = re.compile(
    r"dropout|drop_|eps|std|range|coef|weight|prob|theta|cost|momentum|loss|init|temperature|time_|alpha|gamma|"
    r"noise|layerdrop|lambda|threshold|decay|slope"
)
NO_INTEGER = re.compile(
    r"token|_id$|_ids$|seed|length_penalty|beams|ignore_index|time_length|min_masks|sampling|_rate$|cost|"
    r"coefficient|weight|loss|chunk_size_feed|pretraining_tp|theta|temperature"
)
ACTIVATIONS = ["relu", "gelu", "silu", "gelu_new", "gelu_pytorch_tanh", "tanh", "quick_gelu", "relu2"]
LAYER_KINDS = re.compile(
    r"layer_types|layers_block_type|block_types|hybrid.*pattern|attention_layers|attn_layers|mlp_layer_types|"
    r"layers_type|full_attn"
)

# Kinds of layers, as sources name them without the key beside them.
KNOWN_KINDS = r"(?:full|sliding|linear|chunked)_attention|attention|mamba2?|conv|sparse|dense|moe|mlp"

# Models that a composite takes in each other's place: one of the same group is drawn now and then.
EXCHANGEABLE = [
    ["llama", "mistral", "qwen2", "qwen3", "gemma", "phi3", "gpt2", "opt"],
    ["clip_vision_model", "siglip_vision_model"],
    ["resnet", "swin", "convnext", "dinov2", "hiera"],
]


@dataclass
class Level:
    """A config or one nested in it."""

    place: Place
    cls: type[PretrainedConfig]
    defaults: Values
    derived: set[str]
    """Keys that the class itself computes where they are left out."""
    named: bool
    """Whether the nested config says its model type."""


def levels(r: random.Random, config: PretrainedConfig, exchange: bool) -> list[Level]:
    """The config and all that are nested in it, outermost first."""
    found: list[Level] = []

    def enter(cls: type[PretrainedConfig], defaults: Values, place: Place, named: bool) -> None:
        own = {f.name: f for f in fields(cls)}
        derived = {name for name, f in own.items() if f.default is None and defaults.get(name) is not None}
        found.append(Level(place, cls, defaults, derived, named))
        for key, value in defaults.items():
            inner = (getattr(cls, "sub_configs", None) or {}).get(key)
            if not isinstance(value, dict) or (inner is None and "model_type" not in value):
                continue
            model_type = value.get("model_type")
            if inner is None or inner is AutoConfig:
                if model_type not in CONFIG_MAPPING:
                    continue
                other = exchanged(r, model_type) if exchange and inner is AutoConfig else None
                inner = CONFIG_MAPPING[other or model_type]
                value = inner().to_dict() if other else value
                enter(inner, value, (*place, key), True)
            else:
                enter(inner, value, (*place, key), model_type is not None and r.random() < 0.7)

    enter(type(config), config.to_dict(), (), True)
    return found


def exchanged(r: random.Random, model_type: str) -> str | None:
    for group in EXCHANGEABLE:
        if model_type in group and r.random() < 0.3:
            return r.choice([other for other in group if other != model_type])
    return None


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_ints(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(is_int(each) for each in value)


def is_layers(key: str) -> bool:
    return bool(LAYERS.search(key)) and not NO_LAYERS.search(key)


def is_size(key: str, value: Any) -> bool:
    return bool(SIZE.search(key)) and not NO_SIZE.search(key) and not HEADS.search(key) and is_int(value) and value >= 32


@cache
def literals(cls: type[PretrainedConfig], key: str) -> list[str]:
    """Strings that the class's folder compares the key with."""
    name, word = re.escape(key), r"[\"']([\w\-]+)[\"']"
    compared = re.compile(rf"\b{name}(?:\[\w+\])?\s*(?:==|!=|not in|in)\s*[\[\(\{{]?((?:\s*{word},?)+)")
    contained = re.compile(rf"{word} (?:not )?in (?:\w+\.)*{name}\b")
    kind = re.compile(rf"[\"']({KNOWN_KINDS})[\"']\s*(?:if|else|:|==)")
    found: set[str] = set()
    for file in sorted(Path(inspect.getfile(cls)).parent.glob("*.py")):
        if not file.name.startswith(("modeling_", "configuration_")):
            continue
        text = source(file)
        for match in compared.finditer(text):
            found |= set(re.findall(word, match[1]))
        found |= set(contained.findall(text))
        if key.endswith("layer_types"):
            found |= set(kind.findall(text))
    return sorted(found)


@cache
def source(file: Path) -> str:
    return file.read_text(encoding="utf8")
