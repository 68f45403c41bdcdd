"""A model in pieces on a Ray cluster: actors hold its blocks and the maps that these make; the rest runs here."""

import functools
import socket
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import torch
from torch.utils._pytree import tree_map

from .failure import Failure
from .maps import Recorder
from .model import Loaded, devices, load
from .plan import Plan, blocks_of, model_class, read_config

# Seconds in which the cluster must have found room for an actor that is no more than a process.
ROOM = 120


class Piece:
    """An actor: some of the model's blocks, with the maps of each run that went through them."""

    def __init__(self):
        self.recorders = {}

    def where(self):
        return socket.gethostname()

    def load(self, question, blocks):
        config = read_config(question["config"])
        device = "cuda" if torch.cuda.is_available() else "cpu"
        placement = {"": "meta", **{block: device for block in blocks}}
        self.model = load(model_class(question["architecture"], config), config, question, placement).model
        self.device = torch.device(device)
        return devices(self.model)

    def begin(self, run, plan, scores):
        recorder = Recorder(plan, scores)
        recorder.taken = []
        self.recorders[run] = (recorder, recorder.watching(self.model))

    def run(self, run, block, args, kwargs):
        """What a block returns, and the numbers of the layers that it made; their maps stay here."""
        recorder = self.recorders[run][0]
        before = {number for number, made in enumerate(recorder.maps) if made is not None}
        args, kwargs = tree_map(lambda leaf: leaf.to(self.device) if isinstance(leaf, torch.Tensor) else leaf, (args, kwargs))
        with torch.no_grad():
            output = self.model.get_submodule(block)(*args, **kwargs)
        made = [number for number, map_ in enumerate(recorder.maps) if map_ is not None and number not in before]
        kept, recorder.taken = recorder.taken, []
        return tree_map(lambda leaf: lean(leaf, kept), output), made

    def end(self, run):
        self.recorders[run][1].close()

    def ask(self, run, layer, method, arguments):
        return getattr(self.recorders[run][0].map(layer), method)(*arguments)

    def forget(self, run):
        self.recorders.pop(run, None)


def lean(leaf, kept):
    """A map that is kept here is told by its shape alone; anything else goes back to where the pass runs."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    if any(leaf is map_ for map_ in kept):
        return torch.zeros(()).expand(leaf.shape)
    return leaf.cpu()


class RemoteMap:
    """A layer's map in the actor that made it."""

    def __init__(self, ray, piece, run, layer):
        self.call = lambda method, *arguments: ray.get(piece.ask.remote(run, layer, method, arguments))

    def thumbnails(self, *arguments):
        return self.call("thumbnails", *arguments)

    def head(self, *arguments):
        return self.call("head", *arguments)


class Cluster:
    """Actors with the blocks of one model, and what runs here of it."""

    def __init__(self, cls, config, question, skeleton, plan):
        for package in ("ray", "accelerate"):
            if find_spec(package) is None:
                detail = f"{sys.executable} has no {package}; install it with: {sys.executable} -m pip install {package}"
                raise Failure("pytorch", detail)
        if plan is None:
            raise Failure("unsupported", f"{cls.__name__} over Ray: which maps it makes is not known before it runs")
        import ray

        self.ray = ray
        connect(ray, question["ray"]["address"])
        blocks = blocks_of(skeleton, plan)
        count = question["ray"]["workers"] or sum(1 for node in ray.nodes() if node["Alive"])
        parts = split(skeleton, blocks, min(count, len(blocks)))
        itemsize = getattr(torch, question["dtype"]).itemsize
        gpus = 1 if ray.cluster_resources().get("GPU", 0) >= len(parts) else 0
        self.pieces = []
        for part in parts:
            size = sum(weights_of(skeleton, block) for block in part) * itemsize
            actor = ray.remote(Piece).options(num_cpus=1, num_gpus=gpus, memory=size, scheduling_strategy="SPREAD")
            self.pieces.append(actor.remote())
        hosts = self.settled([piece.where.remote() for piece in self.pieces])
        kinds = ray.get([piece.load.remote(question, part) for piece, part in zip(self.pieces, parts)])
        self.piece_of = {block: piece for piece, part in zip(self.pieces, parts) for block in part}
        own = load(cls, config, question, {"": "cpu", **{block: "meta" for block in blocks}})
        for block, piece in self.piece_of.items():
            own.model.get_submodule(block).forward = functools.partial(self.forward, block, piece)
        places = ", ".join(f"{len(part)} of {len(blocks)} blocks on {host} ({kind})" for part, host, kind in zip(parts, hosts, kinds))
        self.loaded = Loaded(own.model, own.weights, own.missing, own.unused, f"Ray: {places}", self)

    def settled(self, answers):
        ready, waiting = self.ray.wait(answers, num_returns=len(answers), timeout=ROOM)
        if waiting:
            self.close()
            detail = f"the Ray cluster has room for {len(ready)} of {len(answers)} actors; add machines, or set more workers"
            raise Failure("memory", detail)
        return self.ray.get(answers)

    @contextmanager
    def recording(self, number, recorder):
        """Passes in this context are those of a run, whose recorder learns of the maps."""
        self.number, self.recorder = number, recorder
        plan = Plan(recorder.layers, [])
        self.ray.get([piece.begin.remote(number, plan, recorder.scores) for piece in self.pieces])
        try:
            yield
        finally:
            self.ray.get([piece.end.remote(number) for piece in self.pieces])

    def forward(self, block, piece, *args, **kwargs):
        """In the place of a block's own forward pass."""
        output, made = self.ray.get(piece.run.remote(self.number, block, args, kwargs))
        for layer in made:
            self.recorder.take(layer, RemoteMap(self.ray, piece, self.number, layer))
        return output

    def forget(self, number):
        for piece in self.pieces:
            piece.forget.remote(number)

    def close(self):
        for piece in self.pieces:
            self.ray.kill(piece)


def connect(ray, address):
    if ray.is_initialized():
        return
    import headlight

    # The cluster's machines have no Headlight: its classes go with what is asked of them.
    ray.cloudpickle.register_pickle_by_value(headlight)
    try:
        ray.init(address=address, logging_level="warning", log_to_driver=True)
    except Exception as error:
        raise Failure("pytorch", f"no Ray cluster at {address}: {error}") from error


def weights_of(model, block):
    return sum(tensor.numel() for tensor in model.get_submodule(block).parameters())


def split(model, blocks, count):
    """Neighbouring blocks in so many parts of about the same size."""
    total = sum(weights_of(model, block) for block in blocks)
    parts, held = [[] for _ in range(count)], 0
    for block in blocks:
        size = weights_of(model, block)
        parts[min(count - 1, int((held + size / 2) * count / max(1, total)))].append(block)
        held += size
    return [part for part in parts if part]
