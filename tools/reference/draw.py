"""Draws configs of any config class: what may be changed is read off the class, not written down by family.

A draw is a list of edits of the default config. The first makes it small; each other changes one thing (a flag, a size
with all that equal it, heads with their groups, a layer pattern, an alias). Edits know nothing of what the class
demands: the caller builds the class and leaves out the edits that it refuses.
"""

from __future__ import annotations

import random
import re
import typing
from dataclasses import dataclass, field, fields
from typing import Any, Iterator

from transformers import PretrainedConfig
from transformers.activations import ACT2FN

from config_keys import (
    ACTIVATIONS,
    GROUPS,
    HEADS,
    LAYER_KINDS,
    LIBRARY,
    NO_FLOAT,
    NO_INTEGER,
    NO_SIZE,
    SIZE,
    Level,
    Place,
    Values,
    is_int,
    is_ints,
    is_layers,
    is_size,
    levels,
    literals,
)

ABSENT = object()
"""For a key that keeps what it has."""


@dataclass
class Edit:
    """Keys set together at their places; `names` gives keys another spelling afterwards."""

    what: str
    sets: list[tuple[Place, str, Any]] = field(default_factory=list)
    names: list[tuple[Place, str, str]] = field(default_factory=list)


class Draw:
    """One draw: the levels of a config, their values as they are now, and the edits that made them so."""

    def __init__(self, r: random.Random, model_type: str, config: PretrainedConfig, exchange: bool = False):
        self.r = r
        self.model_type = model_type
        self.levels = levels(r, config, exchange)
        self.now = {level.place: dict(level.defaults) for level in self.levels}

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def small(self, scale: bool) -> Edit:
        """Few layers, and sizes divided by one power of two so that their ratios stay."""
        edit = Edit("small")
        widths = [v for level in self.levels for k, v in level.defaults.items() if is_size(k, v)]
        factor = 1
        self.whole_heads = self.chance(0.6)
        while scale and widths and max(widths) // factor > self.r.choice([160, 320, 640]):
            factor *= 2
        for level in self.levels:
            for key, value in level.defaults.items():
                if key in LIBRARY or key in level.derived:
                    continue
                new = self.smaller(key, value, factor)
                if new is not None and new != value:
                    edit.sets.append((level.place, key, new))
                    self.now[level.place][key] = new
            self.fewer_heads(level, factor, edit)
        return edit

    def smaller(self, key: str, value: Any, factor: int) -> Any:
        if is_int(value) and is_layers(key) and value > 0:
            return self.r.randint(1, min(4, value + 1))
        if is_ints(value) and re.search(r"depths|layers_per|num_layers|encoder_layers", key) and "_ids" not in key:
            return [self.r.randint(1, 2) for _ in value]
        if factor == 1 or (self.whole_heads and re.search(r"head_dim|rope|d_kv|d_head|dim_head", key)):
            return None
        if is_size(key, value):
            new = max(8, value // factor) if value % factor == 0 else max(8, value // factor // 8 * 8)
            return new + new % 2
        if is_ints(value) and SIZE.search(key) and not NO_SIZE.search(key) and min(value) >= 16:
            return [max(8, each // factor) for each in value]
        return None

    def fewer_heads(self, level: Level, factor: int, edit: Edit) -> None:
        """Head counts that divide the smaller widths."""
        values = self.now[level.place]
        sizes = [v for k, v in values.items() if is_size(k, level.defaults.get(k)) and is_int(v)]
        for key, value in list(level.defaults.items()):
            if not HEADS.search(key) or not is_int(value) or key in level.derived or factor == 1:
                continue
            new = value
            while new > 2 and new % 2 == 0 and new > value // factor:
                new //= 2
            if sizes and not any(size % new == 0 and size // new >= 4 for size in sizes):
                new = next((n for n in (8, 6, 4, 3, 2) if any(size % n == 0 for size in sizes)), value)
            if new != value:
                edit.sets.append((level.place, key, new))
                values[key] = new

    def edits(self) -> list[Edit]:
        """Independent changes, in random order."""
        found: list[Edit] = []
        for level in self.levels:
            found += self.of_level(level)
        self.r.shuffle(found)
        return found + list(self.spellings())

    def of_level(self, level: Level) -> Iterator[Edit]:
        values, place = self.now[level.place], level.place
        hints = {f.name: f.type for f in fields(level.cls)}
        yield from self.vocabulary(level)
        yield from self.heads(level)
        yield from self.widths(level)
        yield from self.rope(level)
        yield from self.stages(level)
        layers = next((values[k] for k in values if is_int(values[k]) and is_layers(k)), None)
        for key, value in values.items():
            if key in LIBRARY or isinstance(value, dict) or key in ("vocab_size", "rope_parameters"):
                continue
            new = self.other(level, key, value, hints.get(key), layers)
            if new is not ABSENT and new != value:
                yield Edit(f"{key}", [(place, key, new)])
            elif key not in level.derived and value is not None and self.chance(0.06):
                yield Edit(f"{key} as it is", [(place, key, value)])
        if not place and self.chance(0.4):
            yield self.labels()
        if self.chance(0.25 if not place else 0.1):
            yield Edit("dtype", [(place, self.r.choice(["torch_dtype", "dtype"]), self.r.choice(["float16", "bfloat16", "float32"]))])

    def labels(self) -> Edit:
        count = self.r.randint(1, 7)
        if self.chance(0.5):
            return Edit("labels", [((), "num_labels", count)])
        return Edit("labels", [((), "id2label", {str(i): f"label {i}" for i in range(count)})])

    def other(self, level: Level, key: str, value: Any, hint: Any, layers: int | None) -> Any:
        """Another value for a key, or ABSENT."""
        r = self.r
        optional = hint is not None and type(None) in typing.get_args(hint)
        kinds = set(typing.get_args(hint)) or {hint}
        if isinstance(value, bool) or (value is None and bool in kinds):
            if re.search(r"use_cache|return_|output_(?!norm)|freeze|gradient|torchscript|disable_custom|kernels|deterministic", key):
                return ABSENT
            return (not value) if self.chance(0.35) else ABSENT
        if LAYER_KINDS.search(key) and layers and (value is None or isinstance(value, (list, tuple))):
            return self.pattern(level, key, value, layers) if self.chance(0.5) else ABSENT
        if optional and value is not None and not isinstance(value, float) and self.chance(0.06) and not NO_INTEGER.search(key):
            return None
        if isinstance(value, str):
            choices = self.words(level, key, value, hint)
            return r.choice(choices) if choices and self.chance(0.35) else ABSENT
        if is_int(value) and not NO_INTEGER.search(key):
            return self.number(level, key, value, kinds) if self.chance(0.3) else ABSENT
        if isinstance(value, float) and not NO_FLOAT.search(key):
            choices = [0.25, 0.5, 1.0] if re.search(r"factor|ratio_", key) else [value * 2, value / 2, 1.0, 2.0]
            return r.choice(choices) if self.chance(0.2) else ABSENT
        if is_ints(value) and not NO_INTEGER.search(key) and len(value) <= 12 and key not in level.derived:
            return self.numbers(level, key, value) if self.chance(0.3) else ABSENT
        if (value is None or isinstance(value, (list, tuple))) and any("str" in str(kind) for kind in kinds):
            # Names of parts (DeBERTa's pos_att_type); those of stages are set by the class itself.
            choices = [] if re.search(r"^_|features|stage|architectures", key) else literals(level.cls, key)
            return sorted(r.sample(choices, r.randint(1, len(choices)))) if choices and self.chance(0.5) else ABSENT
        if re.search(r"^(out_indices|encode_proj_layers|vision_feature_layer)$", key) and value is not None:
            return sorted(r.sample(range(1, 5), r.randint(1, 3))) if is_ints(value) and self.chance(0.3) else ABSENT
        if value is None and float in kinds and not NO_FLOAT.search(key):
            return r.choice([1.0, 2.0, 30.0]) if self.chance(0.3) else ABSENT
        if value is None and int in kinds and not NO_INTEGER.search(key) and self.chance(0.4):
            return self.filled(level, key)
        return ABSENT

    def number(self, level: Level, key: str, value: int, kinds: set[Any]) -> Any:
        r = self.r
        if HEADS.search(key):
            return ABSENT
        if re.search(r"head_dim|d_head|d_kv|dim_head", key):
            return r.choice([8, 12, 16, 24, 32])
        if is_layers(key):
            return r.randint(1, 5)
        if re.search(r"^image_size$|input_size|img_size", key) and value >= 32:
            patch = level.defaults.get("patch_size")
            unit = patch if is_int(patch) else 32
            side = unit * r.randint(2, 6)
            return [side, unit * r.randint(2, 6)] if list[int] in kinds and self.chance(0.3) else side
        if re.search(r"position|max_length|_length$|frames$", key) and value >= 32:
            return r.choice([48, 64, 96, 130])
        if re.search(r"experts?$|num_local_experts", key) and "per_tok" not in key and value >= 4:
            return r.choice([4, 8, 12])
        if value >= 32:
            return r.choice([value // 2, value * 2, value + 8, value // 4 * 3, 8 * r.randint(2, 20), r.randint(10, 99)])
        least = 0 if value == 0 else 1
        return max(least, r.choice([value - 1, value + 1, value * 2, value // 2]))

    def numbers(self, level: Level, key: str, value: Any) -> Any:
        r, value = self.r, list(value)
        if min(value) >= 16 and r.random() < 0.5:
            return [each // 2 if each % 2 == 0 else each for each in value]
        if r.random() < 0.5:
            return [max(1, each + r.choice([-1, 0, 1])) for each in value] if max(value) < 16 else [each * 2 for each in value]
        shuffled = value[:]
        r.shuffle(shuffled)
        return shuffled

    def filled(self, level: Level, key: str) -> Any:
        """A number for a key that is null."""
        r, values = self.r, self.now[level.place]
        if GROUPS.search(key):
            heads = next((v for k, v in values.items() if HEADS.search(k) and is_int(v) and not GROUPS.search(k)), None)
            return r.choice([d for d in range(1, heads + 1) if heads % d == 0]) if heads else ABSENT
        if "head_dim" in key:
            return r.choice([8, 12, 16, 24])
        if SIZE.search(key) and not NO_SIZE.search(key):
            return 8 * r.randint(2, 12)
        return r.randint(1, 8)

    def pattern(self, level: Level, key: str, value: Any, layers: int) -> Any:
        """A kind for each layer: those of the default, and those that the class's source compares with."""
        kinds = set(literals(level.cls, key)) | ({each for each in value if isinstance(each, str)} if value else set())
        if value is not None and value and not all(isinstance(each, str) for each in value):
            return [self.r.choice(list(value)) for _ in range(layers)] if not isinstance(value[0], list) else ABSENT
        if "layer_types" in key and not kinds:
            kinds = {"full_attention", "sliding_attention"}
        return [self.r.choice(sorted(kinds)) for _ in range(layers)] if kinds else ABSENT

    def words(self, level: Level, key: str, value: str, hint: Any) -> list[str]:
        literal = [a for t in (hint, *typing.get_args(hint)) if typing.get_origin(t) is typing.Literal for a in typing.get_args(t)]
        if literal:
            return [each for each in literal if isinstance(each, str)]
        if value in ACT2FN and re.search(r"act|activation", key):
            return ACTIVATIONS
        if key == "feed_forward_proj":
            return ["relu", "gated-gelu", "gelu", "gated-silu"]
        return literals(level.cls, key)

    def vocabulary(self, level: Level) -> Iterator[Edit]:
        """A small vocabulary, with the special ids inside it."""
        values = self.now[level.place]
        if not is_int(values.get("vocab_size")) or self.chance(0.1):
            return
        vocab = self.r.randint(50, 500)
        edit = Edit("vocab_size", [(level.place, "vocab_size", vocab)])
        for key, value in values.items():
            if re.search(r"_token_id$|_token_index$", key) and is_int(value) and value >= vocab:
                edit.sets.append((level.place, key, self.r.randint(0, vocab - 1)))
        values["vocab_size"] = vocab
        yield edit

    def heads(self, level: Level) -> Iterator[Edit]:
        """Another number of heads with its groups."""
        values = self.now[level.place]
        for key in [k for k, v in values.items() if HEADS.search(k) and not GROUPS.search(k) and is_int(v)]:
            if not self.chance(0.5):
                continue
            sizes = [v for k, v in values.items() if is_size(k, level.defaults.get(k)) and is_int(v)]
            width = next((s for s in sizes if s % values[key] == 0), None)
            fit = [n for n in (1, 2, 3, 4, 6, 8, 12) if width is None or (width % n == 0 and width // n % 2 == 0 and width // n >= 4)]
            if not fit:
                continue
            count = self.r.choice(fit)
            edit = Edit(key, [(level.place, key, count)])
            for group in [k for k, v in values.items() if GROUPS.search(k) and is_int(v)]:
                if group in level.derived and self.chance(0.5):
                    continue
                edit.sets.append((level.place, group, self.r.choice([d for d in range(1, count + 1) if count % d == 0])))
            yield edit

    def widths(self, level: Level) -> Iterator[Edit]:
        """A size changed with all that equal it, here or everywhere."""
        values = self.now[level.place]
        sizes = {v for k, v in values.items() if is_size(k, level.defaults.get(k)) and is_int(v)}
        for size in sorted(sizes):
            if not self.chance(0.35):
                continue
            new = self.r.choice([size // 2 * 3, size * 2, size + 8, 48, 96, 120, 144, 24 * self.r.randint(2, 9)])
            everywhere = self.chance(0.5)
            edit = Edit(f"size {size}")
            for place, held in self.now.items():
                if place == level.place or everywhere:
                    same = [k for k, v in held.items() if v == size and SIZE.search(k) and not NO_SIZE.search(k)]
                    edit.sets += [(place, k, new) for k in same]
            yield edit

    def stages(self, level: Level) -> Iterator[Edit]:
        """One stage fewer: every list of a number a stage loses its last."""
        values = self.now[level.place]
        own = {k: v for k, v in values.items() if k not in level.derived and k not in LIBRARY}
        lists = {k: v for k, v in own.items() if isinstance(v, (list, tuple)) and len(v) in (3, 4, 5)}
        counts = [k for k, v in values.items() if is_int(v) and re.search(r"stages|num_.*blocks|num_levels", k)]
        for length in {len(v) for v in lists.values()}:
            if not self.chance(0.25):
                continue
            edit = Edit("stages", [(level.place, k, list(v)[:-1]) for k, v in lists.items() if len(v) == length])
            edit.sets += [(level.place, k, length - 1) for k in counts if values[k] == length]
            yield edit

    def rope(self, level: Level) -> Iterator[Edit]:
        """Rotary parameters in the old spelling or the new one."""
        old = level.defaults.get("rope_parameters")
        if not isinstance(old, dict) or "rope_theta" not in old or not self.chance(0.4):
            return
        scaling = self.r.choice([{"factor": 2.0, "rope_type": "linear"}, {"factor": 4.0, "rope_type": "dynamic"}])
        if "mrope_section" in old or self.chance(0.3):
            scaling = {k: v for k, v in old.items() if k != "rope_theta"}
        if self.chance(0.5):
            legacy = {("type" if k == "rope_type" and self.chance(0.5) else k): v for k, v in scaling.items()}
            yield Edit("rope_scaling", [(level.place, "rope_scaling", legacy), (level.place, "rope_theta", 5000.0)])
        else:
            partial = {"partial_rotary_factor": self.r.choice([0.5, 1.0])} if "partial_rotary_factor" in old else {}
            yield Edit("rope_parameters", [(level.place, "rope_parameters", {**scaling, "rope_theta": 5000.0, **partial})])

    def spellings(self) -> Iterator[Edit]:
        """Aliases in place of names."""
        for level in self.levels:
            for alias, name in (getattr(level.cls, "attribute_map", None) or {}).items():
                if self.chance(0.25):
                    yield Edit(f"{alias} for {name}", names=[(level.place, name, alias)])

    def render(self, architecture: str, edits: list[Edit]) -> Values:
        """The config.json of some edits."""
        by_place = {level.place: level for level in self.levels}
        values: Values = {"model_type": self.model_type, "architectures": [architecture]}

        def node(place: Place, make: bool) -> Values | None:
            here = values
            for depth, key in enumerate(place):
                if key not in here or not isinstance(here[key], dict):
                    if not make:
                        return None
                    level = by_place[place[: depth + 1]]
                    here[key] = {"model_type": level.cls.model_type} if level.named else {}
                here = here[key]
            return here

        for edit in edits:
            for place, key, value in edit.sets:
                here = node(place, make=True)
                assert here is not None
                here[key] = value
        for edit in edits:
            for place, name, alias in edit.names:
                here = node(place, make=False)
                if here is not None and name in here and alias not in here:
                    here[alias] = here.pop(name)
        return values
