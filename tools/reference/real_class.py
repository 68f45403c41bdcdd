"""What a transformers class says of a config: parameters, ties and FLOPs, from PyTorch itself."""

from __future__ import annotations

import re
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
    """Equal layers as one line: `h.0.weight`, `h.1.weight` become `h.{0-1}.weight`, layers of layers likewise."""
    while True:
        groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        names: dict[tuple[str, tuple[int, ...]], str] = {}
        for name, shape in params.items():
            # The first index that is not folded yet; names that differ in it alone are one.
            match = re.search(r"(?<=\.)(\d+)(?=\.|$)", name)
            key = (name if match is None else f"{name[: match.start()]}#{name[match.end() :]}", tuple(shape))
            groups.setdefault(key, []).append(-1 if match is None else int(match[0]))
            names[key] = name
        if all(indices == [-1] for indices in groups.values()):
            return params
        params = {
            key[0].replace("#", "{%s}" % ranges(indices)) if indices != [-1] else names[key]: list(key[1])
            for key, indices in groups.items()
        }


def ranges(indices: list[int]) -> str:
    """0, 1, 2, 5 as `0-2,5`."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def is_ids(name: str) -> bool:
    """Whether an input holds whole numbers."""
    return name.endswith("_ids") or name in ("bbox", "visual_token_type_ids")


def flops(model: torch.nn.Module, inputs: dict[str, list[int]], ids: int = 0) -> int:
    """FlopCounterMode over one forward pass; ids are all the same, pixels and sounds zeros."""
    parameter = next(model.parameters())
    tensors = {
        name: torch.full(shape, ids, device=parameter.device, dtype=torch.long)
        if is_ids(name)
        else torch.zeros(shape, device=parameter.device, dtype=parameter.dtype)
        for name, shape in inputs.items()
    }
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(**tensors)
    return counter.get_total_flops()
