"""GGUF files of small models, as llama.cpp's own converter writes them, to check names and conversions against.

    python tools/reference/gguf_models.py --llama-cpp CHECKOUT --from MODELS --out test/fixtures/gguf [TYPE ...]

CHECKOUT is a clone of github.com/ggml-org/llama.cpp with a single convert_hf_to_gguf.py (any of the first half of 2025);
MODELS holds a folder with config.json and model.safetensors for each type. Each folder of the result has the model's
config.json, model.gguf in float32 without a vocabulary, and a copy of model.safetensors where `--both` is given.
"""

import argparse
import importlib
import json
import shutil
import sys
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--llama-cpp", type=Path, required=True)
parser.add_argument("--from", dest="models", type=Path, required=True)
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--both", action="store_true", help="copy model.safetensors too")
parser.add_argument("types", nargs="+")
arguments = parser.parse_args()

sys.path[:0] = [str(arguments.llama_cpp / "gguf-py"), str(arguments.llama_cpp)]
convert = importlib.import_module("convert_hf_to_gguf")
gguf = importlib.import_module("gguf")

# Classes that transformers calls otherwise, and one that has a later converter with the same conversions.
CLASSES = {"MptForCausalLM": "MPTForCausalLM", "SmolLM3ForCausalLM": "LlamaForCausalLM"}


def older(config):
    """The config as transformers 4 wrote it, which the converter knows."""
    config.pop("dtype", None)
    rope = config.pop("rope_parameters", None)
    if isinstance(rope, dict):
        config.setdefault("rope_theta", rope.get("rope_theta", 10000.0))
    if "num_local_experts" in config:
        config.setdefault("num_experts", config["num_local_experts"])
    return config


def write(source, target):
    """Key–values that a config lacks are left out: no test reads them."""
    config = json.loads((source / "config.json").read_text())
    name = config["architectures"][0]
    model_class = convert.ModelBase.from_model_architecture(CLASSES.get(name, name))
    model = model_class(
        source, gguf.LlamaFileType.ALL_F32, target / "model.gguf", hparams=older(config), eager=True
    )
    parameters = model.set_gguf_parameters

    def tolerant():
        try:
            parameters()
        except (KeyError, ValueError) as error:
            print(f"{source.name}: not all key–values ({error})")

    model.set_gguf_parameters = tolerant
    model.set_vocab = lambda: None
    model.write()


for kind in arguments.types:
    target = arguments.out / kind
    target.mkdir(parents=True, exist_ok=True)
    write(arguments.models / kind, target)
    shutil.copyfile(arguments.models / kind / "config.json", target / "config.json")
    if arguments.both:
        shutil.copyfile(arguments.models / kind / "model.safetensors", target / "model.safetensors")
