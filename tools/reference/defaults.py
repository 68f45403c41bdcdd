"""Writes what every class of transformers' auto mappings says of its default config.

    python tools/reference/defaults.py --out test/fixtures/reference

`parameters-defaults.jsonl.gz` has a line for each (model_type, architecture); `error` where the class can't be built
alone. `flops-defaults.jsonl.gz` has a line for each model type whose first class runs on the meta device with batch 1:
64 tokens, or an image of the config's size. Both take a few minutes; `--types bert,gpt2` leaves the others out.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any, Iterator

import torch
import transformers
from transformers import logging
from transformers.models.auto import modeling_auto

from real_class import build, flops, parameters

TOKENS = 64


def pairs() -> Iterator[tuple[str, str, str]]:
    """(mapping, model_type, architecture), each architecture once."""
    seen: set[tuple[str, str]] = set()
    for variable in sorted(vars(modeling_auto)):
        if not variable.startswith("MODEL") or not variable.endswith("MAPPING_NAMES"):
            continue
        for model_type, names in getattr(modeling_auto, variable).items():
            for architecture in names if isinstance(names, (list, tuple)) else (names,):
                if (model_type, architecture) not in seen:
                    seen.add((model_type, architecture))
                    yield variable.removesuffix("_NAMES"), model_type, architecture


def parameter_row(mapping: str, model_type: str, architecture: str) -> dict[str, Any]:
    row = {"model_type": model_type, "architecture": architecture, "mapping": mapping.removesuffix("_MAPPING")}
    try:
        found = parameters(build({"model_type": model_type, "architectures": [architecture]}))
    except Exception as error:  # noqa: BLE001  any failure of a class is what the row is to say
        return {**row, "error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
    return {**row, **found}


def flop_row(model_type: str, architecture: str) -> dict[str, Any] | None:
    try:
        # Grouped products of experts run on the meta device in bfloat16 alone.
        model = build({"model_type": model_type, "architectures": [architecture]}).to(torch.bfloat16)
        main = model.main_input_name
        if main == "pixel_values":
            size = model.config.image_size
            height, width = size if isinstance(size, (list, tuple)) else (size, size)
            shapes = {main: [1, model.config.num_channels, height, width]}
        else:
            shapes = {"input_ids": [1, TOKENS]}
        counted = flops(model, shapes)
    except Exception:  # noqa: BLE001  classes that need other inputs have no row
        return None
    return {"model_type": model_type, "architecture": architecture, "main": main, "shapes": shapes, "flops": counted}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        for row in rows:
            out.write((json.dumps(row) + "\n").encode())
    print(f"{path}: {len(rows)} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--types", default="", help="only these model types, separated by commas")
    options = parser.parse_args()
    logging.set_verbosity_error()
    wanted = set(filter(None, options.types.split(",")))
    chosen = [pair for pair in pairs() if not wanted or pair[1] in wanted]
    print(f"{len(chosen)} classes, transformers {transformers.__version__}")
    counted = [parameter_row(*pair) for pair in chosen]
    write(options.out / "parameters-defaults.jsonl.gz", counted)
    measured: dict[str, dict[str, Any]] = {}
    for row in counted:
        if "error" not in row and row["model_type"] not in measured:
            found = flop_row(row["model_type"], row["architecture"])
            if found is not None:
                measured[row["model_type"]] = found
    write(options.out / "flops-defaults.jsonl.gz", list(measured.values()))


if __name__ == "__main__":
    main()
