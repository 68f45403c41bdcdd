"""Which attention maps a pass will return, found out before its weights are read."""

import inspect
import json
import sys
from dataclasses import dataclass

import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_MAPPING

from .failure import Failure


def read_config(text):
    """The config as its own class reads it. Code that a config names is never run."""
    values = json.loads(text)
    kind = values.get("model_type")
    if kind not in CONFIG_MAPPING:
        own = "; the code that the config names is never run" if "auto_map" in values else ""
        raise Failure("unsupported", f"transformers {transformers.__version__} has no model type {kind!r}{own}")
    try:
        config = CONFIG_MAPPING[kind].from_dict(values)
    except Exception as error:
        raise Failure("config", f"transformers refuses this config: {error}") from error
    config.use_cache = False
    return config


def model_class(name, config):
    found = getattr(transformers, name or "", None)
    if inspect.isclass(found) and issubclass(found, transformers.PreTrainedModel):
        return found
    if type(config) in MODEL_MAPPING:
        return MODEL_MAPPING[type(config)]
    raise Failure("unsupported", f"transformers {transformers.__version__} has no class {name}")


def arguments(cls, inputs):
    """What the class's forward pass is given: of the inputs those that it takes."""
    taken = inspect.signature(cls.forward).parameters
    given = {name: tensor for name, tensor in inputs.items() if name in taken}
    if "decoder_input_ids" in taken and "input_ids" in given:
        given.setdefault("decoder_input_ids", given["input_ids"])
    if "use_cache" in taken:
        given["use_cache"] = False
    return {**given, "output_attentions": True, "return_dict": True}


def attentions_of(outputs, prefix=""):
    """(name, number, map) of each attention map that a pass returned, those of parts of the model among them."""
    for name, value in outputs.items():
        if isinstance(value, transformers.utils.ModelOutput):
            yield from attentions_of(value, f"{prefix}{name}.")
        elif name.endswith("attentions") and value is not None:
            for number, found in enumerate(value):
                yield f"{prefix}{name}", number, found


# The call of a map that no module returns as it is: the end of the pass tells it.
NO_MODULE = -1


@dataclass
class Layer:
    """An attention map that will come: `call` counts the module's runs, `index` is its place in what the module returns."""

    path: str
    place: str
    heads: int
    queries: int
    keys: int
    groups: int = 1
    call: int = 0
    index: int = -1
    # Where the pass returns it: the output's name, and which of them.
    output: tuple = ()


@dataclass
class Plan:
    layers: list
    # Maps that the class returns and that can't be shown, each with the reason.
    withheld: list

    @property
    def map_bytes(self):
        return sum(4 * layer.heads * layer.queries * layer.keys for layer in self.layers)


class Shapes(TorchDispatchMode):
    """Runs a model whose weights are shapes alone. What follows from the inputs and not from weights is known all the same."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        devices = [leaf for leaf in leaves if isinstance(leaf, torch.device)]
        if not any(tensor.is_meta for tensor in tensors) and not any(d.type == "meta" for d in devices):
            return func(*args, **kwargs)
        known = all(not tensor.is_meta or hasattr(tensor, "known") for tensor in tensors)
        values = func(*tree_map(self.value, args), **tree_map(self.value, kwargs)) if known else None
        if known and func is torch.ops.aten._local_scalar_dense.default:
            return values
        shapes = func(*tree_map(self.shape, args), **tree_map(self.shape, kwargs))
        for shape, value in zip(tree_leaves(shapes), tree_leaves(values) if known else ()):
            if isinstance(shape, torch.Tensor):
                shape.known = value
        return shapes

    @staticmethod
    def value(leaf):
        if isinstance(leaf, torch.Tensor):
            return leaf.known if leaf.is_meta else leaf
        return torch.device("cpu") if isinstance(leaf, torch.device) else leaf

    @staticmethod
    def shape(leaf):
        if isinstance(leaf, torch.Tensor):
            return leaf if leaf.is_meta else leaf.to("meta")
        return torch.device("meta") if isinstance(leaf, torch.device) else leaf


def skeleton(cls, config):
    """The model without memory for its weights."""
    with torch.device("meta"):
        try:
            # Experts that don't ask which tokens chose them have shapes that follow from shapes.
            return cls._from_config(config, attn_implementation="eager", experts_implementation="batched_mm").eval()
        except (TypeError, ValueError):
            return cls._from_config(config, attn_implementation="eager").eval()


def make_plan(model, given):
    """What a pass will return, by a pass over shapes; None where shapes depend on the weights' values."""
    found = {}
    runs = {}
    order = []

    def watch(path, module):
        plain = not any(True for _ in module.parameters())

        def hook(_, __, output):
            call = runs[path] = runs.get(path, -1) + 1
            for index, value in enumerate(output if isinstance(output, tuple) else (output,)):
                # A dropout that returns what it is given is not where a map comes from, unless nothing else returns it.
                if isinstance(value, torch.Tensor) and (id(value) not in found or found[id(value)][3]):
                    found[id(value)] = (path, call, index if isinstance(output, tuple) else -1, plain, module)
                    order.append(value)

        return module.register_forward_hook(hook)

    hooks = [watch(path, module) for path, module in model.named_modules()]
    try:
        with torch.no_grad(), Shapes():
            outputs = model(**given)
    except RuntimeError as error:
        print(f"no plan: {error}", file=sys.stderr)
        return None
    finally:
        for hook in hooks:
            hook.remove()
    at = {id(value): number for number, value in enumerate(order)}
    layers, withheld = [], []
    for name, number, value in attentions_of(outputs):
        path, call, index, _, module = found.get(id(value), (f"{name}.{number}", 0, -1, True, None))
        reason = unshowable(value)
        if reason is not None:
            withheld.append(f"{path}: {reason}")
            continue
        _, heads, queries, keys = value.shape
        groups = getattr(module, "num_key_value_groups", 1) or 1
        layer = Layer(path, place_of(name), heads, queries, keys, groups, call, index, (name, number))
        if module is None:
            layer.call = NO_MODULE
        layers.append((at.get(id(value), len(order)), layer))
    # In the order of execution; what no module returned as it is comes with the end of the pass.
    layers.sort(key=lambda entry: entry[0])
    return Plan([layer for _, layer in layers], withheld)


def place_of(name):
    last = name.rsplit(".", 1)[-1]
    return {"encoder_attentions": "encoder", "decoder_attentions": "decoder", "cross_attentions": "cross"}.get(last, "self")


def unshowable(value):
    if value is None:
        return "transformers returns no attention of this layer"
    if value.dim() == 4 and value.shape[0] == 1:
        return None
    return f"its attention has the shape {list(value.shape)}, which is no [heads, queries, keys]"


def blocks_of(model, plan):
    """Names of the blocks that the model is a sequence of: all in the lists in which its attention stands."""
    names = {}
    for layer in plan.layers:
        parts = layer.path.split(".") if layer.call != NO_MODULE else ()
        for end, part in enumerate(parts):
            name = ".".join(parts[: end + 1])
            # A list of lists is no block.
            if part.isdigit() and not isinstance(model.get_submodule(name), torch.nn.ModuleList):
                names.update(dict.fromkeys(children(model, ".".join(parts[:end]))))
                break
    if not names:
        lists = [(name, module) for name, module in model.named_modules() if isinstance(module, torch.nn.ModuleList)]
        largest = max(lists, key=lambda entry: sum(p.numel() for p in entry[1].parameters()), default=None)
        return children(model, largest[0]) if largest else []
    return list(names)


def children(model, name):
    return [f"{name}.{child}" for child, _ in model.get_submodule(name).named_children()]
