"""The peer of bench/run.ts: transformers counts a config's parameters on PyTorch's meta device.

    python bench/peer.py samples/gpt2/config.json …

Prints a JSON line: seconds of the imports, and for each config its total and the seconds of the first and of the
median further build.
"""

import json
import statistics
import sys
import time

start = time.perf_counter()
import torch  # noqa: E402  the import is part of what is measured
import transformers  # noqa: E402

# Names are resolved lazily: this one brings the model code's own imports.
transformers.AutoModel  # noqa: B018
imports = time.perf_counter() - start


def total(path: str) -> int:
    values = {k: v for k, v in json.load(open(path)).items() if k not in ("auto_map", "quantization_config")}
    config = transformers.CONFIG_MAPPING[values["model_type"]].from_dict(values)
    with torch.device("meta"):
        model = getattr(transformers, values["architectures"][0])(config)
    model.tie_weights()
    return sum(parameter.numel() for parameter in model.parameters())


def measure(path: str) -> dict:
    times = []
    count = 0
    for _ in range(6):
        begun = time.perf_counter()
        count = total(path)
        times.append(time.perf_counter() - begun)
    return {"path": path, "total": count, "first": times[0], "warm": statistics.median(times[1:])}


print(json.dumps({"imports": imports, "configs": [measure(path) for path in sys.argv[1:]]}))
