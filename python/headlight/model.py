"""A model of transformers: loaded, and run for the questions of one run after the other."""

import json
import os
import threading
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from unittest.mock import patch

import torch
import transformers

from .failure import Cancelled, Failure, failure_of
from .maps import Recorder
from .plan import NO_MODULE, Layer, Plan, arguments, attentions_of, blocks_of, make_plan, model_class, place_of
from .plan import read_config, skeleton, unshowable


@dataclass
class Loaded:
    model: object
    weights: dict
    missing: list
    unused: list
    device: str
    # What holds its blocks, where they are not in this process.
    cluster: object = None


# The model of the last run: another input of the same folder needs no second reading.
latest = {}


def forget_latest():
    for loaded in latest.values():
        if loaded.cluster is not None:
            loaded.cluster.close()
    latest.clear()


def weight_files(folder):
    """safetensors as transformers looks for them; None where a folder has no weights."""
    names = sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []
    if "model.safetensors" in names:
        return ["model.safetensors"]
    if "model.safetensors.index.json" in names:
        with open(os.path.join(folder, "model.safetensors.index.json"), encoding="utf-8") as index:
            return sorted(set(json.load(index)["weight_map"].values()))
    for name in names:
        if name.startswith("pytorch_model") and name.endswith(".bin"):
            raise Failure("weights", f"{name}: pickled weights aren't read; save the model as safetensors")
        if name.endswith(".gguf"):
            raise Failure("weights", f"{name}: PyTorch runs safetensors; Headlight's own engine reads GGUF")
    return None


def stamps(folder):
    """What changes with a folder's files."""
    files = [os.stat(os.path.join(folder, name)) for name in weight_files(folder) or []]
    return [[file.st_size, file.st_mtime_ns] for file in files]


def load(cls, config, question, placement=None):
    """The model with the folder's weights, or with those that its class starts from.

    `placement` says which modules lie where, as accelerate's device_map does.
    """
    folder, dtype, seed = question["folder"], getattr(torch, question["dtype"]), question["seed"]
    files = weight_files(folder)
    transformers.utils.logging.disable_progress_bar()
    # Of seeded weights, and of tensors that the files lack.
    torch.manual_seed(seed)
    if files is None and placement is not None:
        raise Failure("weights", "only weights in files are spread over Ray, and the folder has none")
    if files is None:
        model = cls._from_config(config, attn_implementation="eager", dtype=dtype).eval()
        if torch.cuda.is_available():
            model.to("cuda")
        return Loaded(model, {"type": "seeded", "seed": seed, "by": "torch"}, [], [], devices(model))
    if placement is None and find_spec("accelerate") is not None:
        placement = "auto"
    # What lies elsewhere stays there: accelerate would fetch it whenever it is run.
    apart = patch.object(transformers.modeling_utils, "accelerate_dispatch", lambda *_, **__: None)
    try:
        with apart if isinstance(placement, dict) else nullcontext():
            model, told = cls.from_pretrained(
                folder,
                config=config,
                dtype=dtype,
                attn_implementation="eager",
                device_map=placement,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:
        if failure_of(error)["code"] == "memory":
            raise
        raise Failure("weights", f"{', '.join(files)}: {error}") from error
    if "disk" in str(getattr(model, "hf_device_map", "")):
        raise Failure("memory", "the weights fit neither the devices nor the memory of this machine")
    missing, unused = sorted(told["missing_keys"]), sorted(told["unexpected_keys"])
    count = len(model.state_dict()) - len(missing)
    weights = {"type": "files", "files": files, "dtype": question["dtype"], "tensors": count}
    return Loaded(model.eval(), weights, missing, unused, devices(model))


def devices(model):
    return " + ".join(sorted({str(tensor.device) for tensor in model.parameters() if not tensor.is_meta}))


class Run:
    """One run of the protocol."""

    def __init__(self):
        self.cancelled = threading.Event()

    def open(self, question, inputs):
        self.number = question["run"]
        config = read_config(question["config"])
        cls = model_class(question["architecture"], config)
        self.given = arguments(cls, inputs)
        self.wanted = question["output"]
        model = skeleton(cls, config)
        plan = make_plan(model, self.given)
        maps = plan.map_bytes if plan else 0
        weights = sum(tensor.numel() for tensor in model.parameters()) * getattr(torch, question["dtype"]).itemsize
        self.check()
        free = question["memory"]
        spread = weights + maps > free
        if spread and question["ray"] is None:
            detail = f"weights and maps take {(weights + maps) >> 20} MB, and {free >> 20} MB are free"
            raise Failure("memory", f"{detail}; a Ray cluster (headlight.ray.address) can hold what one machine can't")
        named = [question[name] for name in ("config", "architecture", "folder", "seed", "dtype")]
        key = json.dumps(named + stamps(question["folder"]) + [question["ray"] if spread else None])
        if key not in latest:
            forget_latest()
            if spread:
                from .cluster import Cluster

                latest[key] = Cluster(cls, config, question, model, plan).loaded
            else:
                latest[key] = load(cls, config, question)
        self.loaded = latest[key]
        self.check()
        if plan is None:
            plan = self.plan_by_running()
        else:
            self.recorder = Recorder(plan, weights + 2 * maps <= free, self.cancelled)
        if not plan.layers:
            reasons = "; ".join(plan.withheld) or "transformers returns no attention of this class"
            raise Failure("unsupported", f"{cls.__name__}: {reasons}")
        self.blocks = blocks_of(model, plan) if self.wanted else ()
        loaded = self.loaded
        return {
            "architecture": cls.__name__,
            "layers": [asdict(layer) for layer in plan.layers],
            "withheld": plan.withheld,
            "weights": loaded.weights,
            "missing": loaded.missing,
            "unused": loaded.unused,
            "device": loaded.device,
        }

    def check(self):
        if self.cancelled.is_set():
            raise Cancelled()

    def run(self):
        model = self.loaded.model
        device = next(model.parameters()).device
        given = {name: v.to(device) if isinstance(v, torch.Tensor) else v for name, v in self.given.items()}
        with torch.no_grad():
            return model(**given)

    def plan_by_running(self):
        """Where shapes alone say nothing, the whole pass is run before anything is told."""
        with Recorder(Plan([], []), cancelled=self.cancelled).watching(self.loaded.model):
            outputs = self.run()
        layers, withheld = [], []
        for name, number, value in attentions_of(outputs):
            reason = unshowable(value)
            if reason is None:
                layers.append(Layer(f"{name}.{number}", place_of(name), *value.shape[1:], call=NO_MODULE, output=(name, number)))
            else:
                withheld.append(f"{name}.{number}: {reason}")
        plan = Plan(layers, withheld)
        self.recorder = Recorder(plan, cancelled=self.cancelled)
        self.recorder.finish(outputs)
        return plan

    def compute(self, announce):
        """Every layer of the plan, told as they are done; and what was asked for beside them."""
        self.recorder.announce = announce
        if None in self.recorder.maps or self.wanted:
            with self.recorder.watching(self.loaded.model, self.blocks), self.elsewhere():
                outputs = self.run()
            self.recorder.finish(outputs)
            if self.wanted:
                self.made = next(v for v in outputs.values() if isinstance(v, torch.Tensor))[0].float().cpu()
        announce(len(self.recorder.maps))
        return {}

    def elsewhere(self):
        """Where blocks are in other processes, their maps are recorded there."""
        cluster = self.loaded.cluster
        return cluster.recording(self.number, self.recorder) if cluster else nullcontext()

    def close(self):
        self.cancelled.set()
        loaded = getattr(self, "loaded", None)
        if loaded is not None and loaded.cluster is not None:
            loaded.cluster.forget(self.number)

    def thumbnails(self, layer, size, pooling):
        return self.recorder.map(layer).thumbnails(size, pooling)

    def head_map(self, layer, head, first, end, scores):
        return self.recorder.map(layer).head(head, first, end, scores)

    def hidden_state(self, index):
        if not 0 <= index < len(self.recorder.hidden):
            raise Failure("engine", f"hidden state {index} is not there")
        return {}, {"values": self.recorder.hidden[index].contiguous().clone()}

    def output(self, first, end):
        made = getattr(self, "made", None)
        if made is None:
            raise Failure("engine", "the run has no output")
        if not 0 <= first < end <= len(made):
            raise Failure("engine", f"the output has {len(made)} positions, and not {first} to {end}")
        return {}, {"values": made[first:end].contiguous().clone()}
