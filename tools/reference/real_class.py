"""What a transformers class says of a config: parameters, ties and FLOPs, from PyTorch itself."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode


def config_of(values: dict[str, Any]) -> transformers.PretrainedConfig:
    """The config object of a config.json's values, as AutoConfig reads them."""
    values = dict(values)
    config_class = transformers.CONFIG_MAPPING[values.pop("model_type")]
    return config_class.from_dict({k: v for k, v in values.items() if k != "architectures"})


def build(values: dict[str, Any], device: str = "meta") -> torch.nn.Module:
    """The class named in `architectures`, unallocated on the meta device, with eager attention."""
    config = config_of(values)
    config._attn_implementation = "eager"
    with torch.device(device):
        model = getattr(transformers, values["architectures"][0])(config)
    model.tie_weights()
    return model.eval()


def parameters(model: torch.nn.Module) -> dict[str, Any]:
    """Unique parameters by name and shape, and the names tied to them."""
    first: dict[int, str] = {}
    params: dict[str, list[int]] = {}
    tied: dict[str, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        owner = first.setdefault(id(parameter), name)
        if owner == name:
            params[name] = list(parameter.shape)
        else:
            tied[name] = owner
    total = sum(p.numel() for p in model.parameters())
    return {"total": total, "params": folded(params), "tied": tied}


def folded(params: dict[str, list[int]]) -> dict[str, list[int]]:
    """Equal layers as one line: `h.0.weight`, `h.1.weight` become `h.{0-1}.weight`."""
    groups: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    order: list[tuple[str, tuple[int, ...]]] = []
    for name, shape in params.items():
        match = re.search(r"\.(\d+)\.", name)
        key = (name if match is None else f"{name[: match.start(1)]}#{name[match.end(1):]}", tuple(shape))
        if key not in groups:
            order.append(key)
        groups[key].append(-1 if match is None else int(match[1]))
    return {name.replace("#", "{%s}" % ",".join(map(str, groups[(name, shape)]))): list(shape) for name, shape in order}


def flops(model: torch.nn.Module, inputs: dict[str, list[int]]) -> int:
    """FlopCounterMode over one forward pass; ids and pixels are zeros."""
    device = next(model.parameters()).device
    tensors = {
        name: torch.zeros(shape, device=device, dtype=model.dtype if name == "pixel_values" else torch.long)
        for name, shape in inputs.items()
    }
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(**tensors)
    return counter.get_total_flops()
