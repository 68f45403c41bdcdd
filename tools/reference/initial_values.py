"""Mean and standard deviation of every tensor of freshly initialised classes, to check seeded weights against.

    python tools/reference/initial_values.py MODELS [OUT]    (test/fixtures/reference/initial-values.jsonl.gz)

MODELS holds folders with a config.json each. A line for each: the config, and name → [mean, deviation, elements, zero
rows], over the same tensor of all layers where they have equal shapes, the index replaced by `#`.
"""

import gzip
import json
import re
import sys
from pathlib import Path

import torch
import transformers

models = Path(sys.argv[1])
out = sys.argv[2] if len(sys.argv) > 2 else "test/fixtures/reference/initial-values.jsonl.gz"
torch.set_num_threads(1)
torch.manual_seed(7)
lines = []
for folder in sorted(models.iterdir()):
    text = json.loads((folder / "config.json").read_text())
    # What backbones give out is no matter here, and stands in the way of fewer layers.
    own = {key: value for key, value in text.items() if not key.startswith(("out_", "stage_"))}
    config = transformers.AutoConfig.for_model(own.pop("model_type"), **own)
    model = getattr(transformers, text["architectures"][0])(config)
    groups = {}
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and tensor.numel() > 0:
            groups.setdefault((re.sub(r"\.\d+(?=\.)", ".#", name), tuple(tensor.shape)), []).append(tensor.float())
    tensors = []
    for (name, shape), members in groups.items():
        values = torch.stack(members).double()
        deviation = values.std(unbiased=False).item() if values.numel() else 0
        matrix = members[0].reshape(-1, shape[-1]) if len(shape) > 1 else members[0].reshape(1, -1)
        zero = (matrix == 0).all(-1).nonzero().flatten().tolist() if deviation > 0 else []
        tensors.append([name, list(shape), float(f"{values.mean().item():.6g}"), float(f"{deviation:.6g}"), values.numel(), zero[:3]])
    lines.append(json.dumps({"type": folder.name, "config": text, "tensors": tensors}))
with gzip.GzipFile(out, "wb", mtime=0) as file:
    file.write(("\n".join(lines) + "\n").encode())
