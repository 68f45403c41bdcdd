"""Attention maps: taken out of a pass while it runs, and what is asked of them."""

import math
import sys
from contextlib import ExitStack

import torch
from torch.overrides import TorchFunctionMode

from .failure import Cancelled, Failure
from .plan import attentions_of

# Scores that a mask takes away lie at least so far below the largest of their row: masks add −10,000 or much less.
MASKED_BELOW = 9_000.0
# As in the worker's thumbnails.
MASKED_BYTE = 255
LARGEST_THUMBNAIL = 1024


class LayerMap:
    """One layer's attention, [heads, queries, keys] in float32."""

    def __init__(self, values, masked, scores):
        self.values = values
        # [heads or 1, queries, keys]; None where that is not known.
        self.masked = masked
        # As they went into the softmax; None where that was not seen, or memory is short.
        self.scores = scores
        self.maximum = float(values.max()) if values.numel() else 0.0

    def thumbnails(self, size, pooling):
        """The largest or mean visible value of each pool, 0–254 of the layer's largest; 255 where nothing is visible."""
        heads, queries, keys = self.values.shape
        size = min(LARGEST_THUMBNAIL, max(1, int(size)))
        rows, columns = min(queries, size), min(keys, size)
        if pooling == "mean":
            seen = torch.ones_like(self.values) if self.masked is None else (~self.masked).float().expand_as(self.values)
            count = pooled(pooled(seen.double(), 1, rows, "sum"), 2, columns, "sum")
            levels = pooled(pooled((self.values * seen).double(), 1, rows, "sum"), 2, columns, "sum") / count
            levels = levels.nan_to_num(nan=-1.0)
        else:
            levels = self.values if self.masked is None else self.values.masked_fill(self.masked, -1.0)
            levels = pooled(pooled(levels, 1, rows, "amax"), 2, columns, "amax").double()
        scaled = torch.floor(levels / self.maximum * 254 + 0.5) if self.maximum > 0 else torch.zeros_like(levels)
        levels = torch.where(levels < 0, float(MASKED_BYTE), scaled).to(torch.uint8)
        result = {"heads": heads, "rows": rows, "columns": columns, "maximum": self.maximum}
        return result, {"bytes": levels.contiguous()}

    def head(self, head, first, end, scores):
        heads, queries, keys = self.values.shape
        if not 0 <= head < heads:
            raise Failure("engine", f"the layer has {heads} heads, and no head {head}")
        if not 0 <= first < end <= queries:
            raise Failure("engine", f"the layer has {queries} queries, and not {first} to {end}")
        if scores and self.scores is None:
            raise Failure("unsupported", "the scores of this layer: transformers does not show them, or memory is short")
        values = (self.scores if scores else self.values)[head, first:end].float().cpu()
        if self.masked is not None:
            values = values.masked_fill(self.masked[head if len(self.masked) > 1 else 0, first:end], math.nan)
        return {}, {"values": values.contiguous().clone()}


def pooled(values, axis, size, how):
    length = values.shape[axis]
    if length == size:
        return values
    shape = list(values.shape)
    shape[axis] = size
    pool = torch.arange(length) * size // length
    if how == "sum":
        return values.new_zeros(shape).index_add_(axis, pool, values)
    return values.new_full(shape, -1.0).index_reduce_(axis, pool, values, how)


class Softmaxes(TorchFunctionMode):
    """What goes into each softmax: the scores, in which masked cells can be told from small ones."""

    KINDS = {torch.softmax, torch.nn.functional.softmax, torch.Tensor.softmax}

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func in self.KINDS and result.dim() >= 3:
            self.seen.append((args[0] if args else kwargs["input"], result))
        return result

    def take(self, shape):
        """Masked cells and scores of the map [heads, queries, keys] that was made last; forgets all others."""
        seen, self.seen = self.seen, []
        for scores, result in reversed(seen):
            # A sink has a column of its own, which the map leaves out.
            scores, result = (each.reshape(-1, *each.shape[-2:])[..., : shape[-1]] for each in (scores, result))
            if scores.shape == shape:
                masked = (scores < scores.amax(dim=-1, keepdim=True) - MASKED_BELOW) & (result == 0)
                alike = bool((masked == masked[:1]).all())
                return (masked[:1] if alike else masked).cpu(), scores.detach().cpu()
        return None, None


class Recorder:
    """Takes the maps of planned layers out of passes, wherever in this process their modules run."""

    def __init__(self, plan, scores=True, cancelled=None):
        self.layers = plan.layers
        self.maps = [None] * len(plan.layers)
        # The tensors that modules returned as their maps, where whoever runs them wants to know.
        self.taken = None
        # [length, width] each: what the first block gets, and what each makes.
        self.hidden = []
        self.announce = lambda done: None
        self.scores = scores
        self.cancelled = cancelled
        self.softmaxes = Softmaxes()

    def watching(self, model, blocks=()):
        """While this context is entered, passes of the model are recorded; hidden states where blocks are named."""
        stack = ExitStack()
        wanted = {(layer.path, layer.call): number for number, layer in enumerate(self.layers)}
        paths = {layer.path for layer in self.layers}
        for path, module in model.named_modules():
            stack.callback(module.register_forward_pre_hook(self.look).remove)
            if path in paths:
                stack.callback(module.register_forward_hook(self.taker(path, wanted)).remove)
            if path in blocks:
                stack.callback(module.register_forward_pre_hook(self.keep_first, with_kwargs=True).remove)
                stack.callback(module.register_forward_hook(lambda *given: self.keep_hidden(given[-1])).remove)
        stack.enter_context(self.softmaxes)
        return stack

    def look(self, *_):
        if self.cancelled is not None and self.cancelled.is_set():
            raise Cancelled()

    def taker(self, path, wanted):
        calls = iter(range(sys.maxsize))

        def hook(_, __, output):
            number = wanted.get((path, next(calls)))
            if number is not None:
                index = self.layers[number].index
                value = output if index < 0 else output[index]
                if self.taken is not None:
                    self.taken.append(value)
                masked, scores = self.softmaxes.take(value.shape[1:])
                self.keep(number, value, masked, scores if self.scores else None)

        return hook

    def keep_first(self, _, args, kwargs):
        if not self.hidden:
            self.keep_hidden(args or kwargs.get("hidden_states"))

    def keep_hidden(self, value):
        value = value[0] if isinstance(value, (tuple, list)) else value
        if isinstance(value, torch.Tensor):
            # XLNet has the batch behind the positions.
            single = value[0] if value.shape[0] == 1 else value[:, 0]
            self.hidden.append(single.detach().float().cpu())

    def keep(self, number, value, masked=None, scores=None):
        layer = self.layers[number]
        values = value.detach()[0].float().cpu()
        if tuple(values.shape) != (layer.heads, layer.queries, layer.keys):
            raise Failure("engine", f"{layer.path}: attention of {list(values.shape)}, unlike what its shapes told")
        finite = torch.isfinite(values)
        if not finite.all():
            head, query, _ = (~finite).nonzero()[0].tolist()
            raise Failure("engine", f"{layer.path}: attention of head {head}, query {query} is not finite")
        self.take(number, LayerMap(values, masked, scores))

    def take(self, number, made):
        self.maps[number] = made
        self.announce(sum(1 for each in self.maps if each is not None))

    def finish(self, outputs):
        """Layers that only the end of the pass tells; which of their cells were masked is not known by then."""
        told = {(name, number): value for name, number, value in attentions_of(outputs)}
        for number, layer in enumerate(self.layers):
            if self.maps[number] is None:
                self.keep(number, told[tuple(layer.output)])

    def map(self, layer):
        made = self.maps[layer] if 0 <= layer < len(self.maps) else None
        if made is None:
            raise Failure("engine", f"layer {layer} is not done")
        return made
