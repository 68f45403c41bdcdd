"""What PyTorch makes of small feature maps: convolutions, norms, pools and resizes, for the tests of single ops.

    python tools/reference/map_operations.py test/fixtures/ops/maps.json

Numbers are taken from sines, so that a test makes the same inputs: value i of a tensor is sin(start + i · step).
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
import torch.nn.functional as F


def sines(shape: list[int], start: float) -> torch.Tensor:
    count = torch.Size(shape).numel()
    return torch.sin(start + torch.arange(count, dtype=torch.float64) * 0.7).float().reshape(shape)


def case(name: str, run: dict[str, Any], inputs: list[list[int]], parameters: dict[str, list[int]], output: torch.Tensor) -> dict[str, Any]:
    rounded = [float(f"{value:.7g}") for value in output.flatten().tolist()]
    return dict(name=name, run=run, inputs=inputs, parameters=parameters, shape=list(output.shape), output=rounded)


def convolutions() -> list[dict[str, Any]]:
    draws = [
        ("three axes", [2, 4, 5, 6], dict(outputs=3, kernel=[2, 3, 2], stride=[2, 2, 3], padding=[0, 1, 1], groups=1, dilation=[1, 1, 1])),
        ("dilated", [4, 9, 8], dict(outputs=2, kernel=[3, 2], stride=[1, 2], padding=[2, 1], groups=2, dilation=[2, 3])),
        ("by channel", [5, 7, 8], dict(outputs=5, kernel=[3, 4], stride=[2, 1], padding=[1, 2], groups=5, dilation=[1, 1])),
        ("two a channel, dilated", [3, 11], dict(outputs=6, kernel=[3], stride=[2], padding=[2], groups=3, dilation=[2])),
        ("transposed", [4, 3, 4], dict(outputs=6, kernel=[3, 2], stride=[2, 3], padding=[1, 0], groups=2, dilation=[1, 2], transposed=True)),
        ("standardised", [3, 5, 5], dict(outputs=4, kernel=[3, 3], stride=[1, 1], padding=[1, 1], groups=1, dilation=[1, 1], standardized=1e-6)),
        ("weight norm", [4, 9], dict(outputs=4, kernel=[4], stride=[1], padding=[2], groups=2, dilation=[1], magnitude=True)),
    ]
    cases = []
    for name, shape, run in draws:
        axes, outputs, inputs, groups = len(run["kernel"]), run["outputs"], shape[0], run["groups"]
        transposed = run.get("transposed", False)
        first, second = (inputs, outputs) if transposed else (outputs, inputs)
        parameters = {"weight": [first, second // groups, *run["kernel"]], "bias": [outputs]}
        weight, bias, x = sines(parameters["weight"], 0.3), sines([outputs], 0.9), sines(shape, 0.1)[None]
        if run.get("magnitude"):
            parameters["magnitude"] = [1, 1, run["kernel"][0]]
            weight = weight * sines(parameters["magnitude"], 1.5) / weight.pow(2).sum((0, 1), keepdim=True).sqrt()
        if "standardized" in run:
            weight = F.batch_norm(weight.reshape(1, outputs, -1), None, None, training=True, momentum=0.0, eps=run["standardized"]).reshape(weight.shape)
        options = dict(stride=run["stride"], padding=run["padding"], groups=groups, dilation=run["dilation"])
        made = getattr(F, f"conv_transpose{axes}d" if transposed else f"conv{axes}d")(x, weight, bias, **options)
        cases.append(case(name, {"kind": "convolution", "inputs": inputs, **run}, [shape], parameters, made[0]))
    return cases


def norms() -> list[dict[str, Any]]:
    shape = [6, 3, 4]
    x, weight, bias = sines(shape, 0.1)[None], sines([6], 0.3), sines([6], 0.9)
    parameters = {"weight": [6], "bias": [6]}
    kept = {"running_mean": [6], "running_var": [6]}
    run = {"kind": "norm", "width": 6, "epsilon": 1e-5, "axis": "channels"}
    layer = F.layer_norm(x.permute(0, 2, 3, 1), (6,), weight, bias).permute(0, 3, 1, 2)
    # Variances are positive.
    batch = F.batch_norm(x, sines([6], 1.1), sines([6], 1.3) ** 2, weight, bias)
    rows = sines([5, 6], 0.1)
    lengths = torch.linalg.vector_norm(rows, dim=0)
    response = weight * (rows * (lengths / (lengths.mean() + 1e-6))) + bias + rows
    return [
        case("layer over channels", {**run, "type": "layer"}, [shape], parameters, layer[0]),
        case("group", {**run, "type": "group", "groups": 3}, [shape], parameters, F.group_norm(x, 3, weight, bias)[0]),
        case("batch", {**run, "type": "batch"}, [shape], {**parameters, **kept}, batch[0]),
        case("response", {"kind": "norm", "width": 6, "epsilon": 1e-6, "type": "response"}, [[5, 6]], parameters, response),
    ]


def operations() -> list[dict[str, Any]]:
    x = sines([2, 7, 6], 0.1)
    pool = dict(op="pool", kernel=3, stride=2, padding=1)
    ceil = dict(ceil_mode=True)
    average = F.avg_pool2d(x[None], 3, 2, 1)[0]
    frames = sines([2, 11], 0.1)
    return [
        case("largest", {**pool, "type": "max"}, [[2, 7, 6]], {}, F.max_pool2d(x[None], 3, 2, 1)[0]),
        case("average with padding", {**pool, "type": "average"}, [[2, 7, 6]], {}, average),
        case("average inside", {**pool, "type": "average", "inside": True}, [[2, 7, 6]], {}, F.avg_pool2d(x[None], 3, 2, 1, count_include_pad=False)[0]),
        case("average beyond the end", {**pool, "type": "average", "ceil": True}, [[2, 7, 6]], {}, F.avg_pool2d(x[None], 3, 2, 1, **ceil)[0]),
        case("largest beyond the end", {**pool, "type": "max", "ceil": True, "padding": 0}, [[2, 7, 6]], {}, F.max_pool2d(x[None], 3, 2, 0, **ceil)[0]),
        case("average of frames", {**pool, "type": "average", "padding": 0}, [[2, 11]], {}, F.avg_pool1d(frames[None], 3, 2)[0]),
        case("all places", {"op": "poolAll"}, [[2, 7, 6]], {}, F.adaptive_avg_pool2d(x[None], 1)[0]),
        case("to a larger map", {"op": "poolTo", "height": 9, "width": 4}, [[2, 7, 6]], {}, F.adaptive_avg_pool2d(x[None], (9, 4))[0]),
        case("areas", {"op": "resizeAs"}, [[2, 7, 6], [1, 4, 9]], {}, F.interpolate(x[None], (4, 9), mode="bilinear")[0]),
        case("corners", {"op": "resize", "height": 10, "width": 4}, [[2, 7, 6]], {}, F.interpolate(x[None], (10, 4), mode="bilinear", align_corners=True)[0]),
        case("gated channels", {"op": "gatedChannels"}, [[6, 4]], {}, F.glu(sines([6, 4], 0.1), dim=0)),
    ]


if __name__ == "__main__":
    with open(sys.argv[1], "w") as file:
        json.dump([*convolutions(), *norms(), *operations()], file, separators=(",", ":"))
        file.write("\n")
