"""Inputs that a class's forward pass may want, tried one after the other."""

from __future__ import annotations

import inspect
import random
from typing import Any, Iterator

import torch

Shapes = dict[str, list[int]]

BINS = ("num_mel_bins", "feature_projection_input_dim", "feature_size", "input_feat_per_channel", "n_mels", "num_mel_bands")


def find(config: Any, *names: str) -> Any:
    """The first of some keys in a config or in those nested in it."""
    nested = [getattr(config, key, None) for key in getattr(config, "sub_configs", None) or {}]
    for holder in (config, *[each for each in nested if each is not None]):
        for name in names:
            value = getattr(holder, name, None)
            if value is not None:
                return value
    return None


def candidates(model: torch.nn.Module, r: random.Random) -> Iterator[Shapes]:
    """Shapes by input name, the likeliest first; batch and lengths differ from draw to draw."""
    config = model.config
    takes = inspect.signature(model.forward).parameters
    batch, length, other = r.randint(1, 3), r.randint(2, 24), r.randint(2, 24)
    ids = {"input_ids": [batch, length]}
    decoder = {"decoder_input_ids": [batch, other]} if "decoder_input_ids" in takes else {}
    main = model.main_input_name
    taken = [name for name in ("pixel_values", "pixel_values_videos") if name in takes]
    images = [{name: shape} for name in taken for shape in pictures(config, batch, r)]
    if "MultipleChoice" in type(model).__name__:
        yield {"input_ids": [batch, r.randint(2, 4), length]}
    if main == "input_ids" or ("input_ids" in takes and main not in takes):
        yield {**ids, **decoder}
        if decoder:
            yield ids
        yield {"input_ids": [1, length], **({"decoder_input_ids": [1, other]} if decoder else {})}
        for image in images:
            yield {**ids, **image}
    if main.startswith("pixel") or "pixel_values" in takes:
        for image in images:
            yield {**image, **decoder}
            if "input_ids" in takes:
                yield {**ids, **image}
    for name in ("input_features", "input_values", "audio_values", "input_audio"):
        if name not in takes:
            continue
        for shape in sounds(config, name, batch, r):
            yield {name: shape, **decoder}
            if decoder:
                yield {name: shape}
            if "input_ids" in takes:
                yield {name: shape, **ids}
    for name in ("past_values", "context_values"):
        if name in takes:
            yield {name: [batch, find(config, "context_length", "seq_length") or 32, find(config, "num_input_channels", "input_size") or 1]}
    if "inputs" in takes:
        yield {"inputs": [batch, length]}


def pictures(config: Any, batch: int, r: random.Random) -> Iterator[list[int]]:
    size = find(config, "image_size", "img_size", "input_size")
    channels = find(config, "num_channels", "in_channels", "in_chans") or 3
    if size is None or isinstance(size, dict):
        size = [32 * r.randint(2, 4), 32 * r.randint(2, 4)]
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    frames = find(config, "num_frames", "frames_per_clip") or r.randint(2, 4)
    yield [batch, channels, height, width]
    yield [batch, frames, channels, height, width]
    side = 32 * r.randint(2, 4)
    yield [batch, channels, side, side]


def sounds(config: Any, name: str, batch: int, r: random.Random) -> Iterator[list[int]]:
    bins = find(config, *BINS) or 80
    positions = find(config, "max_source_positions", "max_length")
    frames = 4 * r.randint(10, 40)
    if name == "input_features":
        if positions:
            yield [batch, bins, 2 * positions]
        yield [batch, frames, bins]
        yield [batch, bins, frames]
        yield [batch, 1, frames, bins]
    else:
        if positions:
            yield [batch, positions, bins]
        samples = r.randint(2000, 6000)
        yield [batch, samples]
        yield [batch, find(config, "audio_channels") or 1, samples]
        yield [batch, frames, bins]
