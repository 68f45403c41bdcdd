"""Writes the class tables: what each class of transformers builds, as data that Headlight evaluates.

    python tools/reference/class_tables.py --out classes.txt

A model class of transformers says in its constructor which modules it is made of, and how their sizes follow from the
config. This reads those constructors (never their forward passes) with Python's own parser, follows what they call,
leaves out what no structure depends on (dropout, logging, initial values), and writes the rest as nested lists, a
line a file. src/core/tables/format.ts has the format; `npm run tables` packs it. Nothing is fitted or sampled: a size is the expression that the class evaluates.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any, Iterator

import transformers
from transformers.models.auto import configuration_auto, modeling_auto

PACKAGE = Path(transformers.__file__).parent

# Files whose definitions are followed; every other import is a name that the evaluator knows itself, or ignores.
FOLLOWED = ("models/", "modeling_layers", "backbone_utils", "configuration_utils", "modeling_rope_utils", "time_series_utils", "activations")

# Definitions that the evaluator has its own versions of.
NATIVE = {
    "configuration_utils": {"is_torch_available"},
    "activations": {"ACT2FN", "ACT2CLS", "ClassInstantier"},
    "models/videomae/modeling_videomae": {"get_sinusoid_encoding_table"},
    "models/inkling/modeling_inkling": {"plan_out_scales"},
    "modeling_rope_utils": {"ROPE_INIT_FUNCTIONS", "dynamic_rope_update"},
}
NATIVE_FILES = {
    "models/auto/modeling_auto",
    "models/auto/configuration_auto",
    "models/auto/auto_factory",
    "models/auto/auto_mappings",
}

# Methods that build nothing: running, loading, saving and the values that weights begin with.
LEFT_OUT = {
    "forward", "_init_weights", "generate", "prepare_inputs_for_generation", "from_pretrained", "save_pretrained",
    "to_dict", "to_diff_dict", "_reorder_cache", "tie_weights", "validate_token_ids", "validate_output_attentions",
    "init_weights", "post_init", "_init_rope", "compute_default_rope_parameters", "save_config", "push_to_hub",
    "dict_dtype_to_str", "_set_token_in_kwargs", "get_config_dict", "validate_rope", "resize_token_embeddings",
    "convert_rope_params_to_dict_", "update", "register_for_auto_class", "_get_generation_parameters", "get_text_config_",
}  # fmt: skip
IGNORED_CALLS = {"logger", "warnings", "requires_backends"}


# Names that files take from the package itself.
ROOT = {"PreTrainedConfig": ("configuration_utils", "PreTrainedConfig"), "PretrainedConfig": ("configuration_utils", "PreTrainedConfig")}


class Unsupported(Exception):
    """Syntax that has no form in the tables."""


class Source:
    """One file of the package: its definitions by name."""

    def __init__(self, name: str):
        self.name = name
        path = PACKAGE / f"{name}.py"
        if not path.exists():
            path = PACKAGE / name / "__init__.py"
        self.package = name if path.name == "__init__.py" else name.rpartition("/")[0]
        self.definitions: dict[str, ast.AST] = {}
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.read(ast.parse(path.read_text(encoding="utf-8")).body)

    def read(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                self.definitions[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.definitions[node.targets[0].id] = node
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self.definitions[node.target.id] = node
            elif isinstance(node, ast.ImportFrom):
                self.import_from(node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    self.imports[name] = (alias.name if alias.asname else name, None)
            elif isinstance(node, ast.If):
                # `if is_torch_available():` and the like; of the other branch, classes that stand in for a package.
                self.read(node.body)
                stand_ins = (ast.ClassDef, ast.FunctionDef, ast.ImportFrom)
                known = dict(self.imports)
                self.read([each for each in node.orelse if isinstance(each, stand_ins)])
                self.imports.update(known)
            elif isinstance(node, ast.Try):
                self.read(node.body)

    def import_from(self, node: ast.ImportFrom) -> None:
        if node.level == 0:
            base = (node.module or "").replace(".", "/")
            inside = base.removeprefix("transformers").removeprefix("/") if base.split("/")[0] == "transformers" else None
        else:
            parts = self.package.split("/") if self.package else []
            parts = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
            inside = "/".join([*parts, *(node.module.split(".") if node.module else [])])
        for alias in node.names:
            target = inside if inside is not None else (node.module or "")
            self.imports[alias.asname or alias.name] = (("@" if inside is not None else "") + target, alias.name)


class Library:
    """The files that have been read."""

    followed = FOLLOWED
    native: dict[str, set[str]] = NATIVE

    def __init__(self) -> None:
        self.sources: dict[str, Source | None] = {}

    def source(self, name: str) -> Source | None:
        if name not in self.sources:
            exists = (PACKAGE / f"{name}.py").exists() or (PACKAGE / name / "__init__.py").exists()
            self.sources[name] = Source(name) if exists else None
        return self.sources[name]

    def resolve(self, source: Source, name: str) -> tuple[str, str] | None:
        """(file, name) of a definition that is followed; None for what is not."""
        if name in source.definitions:
            if source.name in NATIVE_FILES or name in self.native.get(source.name, set()):
                return None
            return (source.name, name)
        if name not in source.imports:
            return None
        target, attribute = source.imports[name]
        if attribute is None or not target.startswith("@"):
            return None
        return self.inside(target[1:], attribute)

    def inside(self, file: str, name: str) -> tuple[str, str] | None:
        """A definition of the package, also where the package hands it on from one of its files."""
        if file == "":
            return ROOT.get(name)
        if not file.startswith(self.followed):
            return None
        found = self.source(file)
        resolved = None if found is None else self.resolve(found, name)
        if resolved is None and (PACKAGE / file).is_dir() and file not in ("models/auto", "models"):
            for path in sorted((PACKAGE / file).glob("*.py")):
                if path.name.startswith(("configuration_", "modeling_")):
                    inner = self.source(f"{file}/{path.stem}")
                    if inner is not None and name in inner.definitions:
                        return self.resolve(inner, name)
        return resolved


BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^", ast.MatMult: "@",
}  # fmt: skip
COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "isnt", ast.In: "in", ast.NotIn: "notin",
}  # fmt: skip


class Writer:
    """Python's syntax tree as nested lists."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    # --- expressions

    def expression(self, node: ast.expr | None) -> Any:
        match node:
            case None:
                return None
            case ast.Constant(value=str() as value):
                return ["s", value]
            case ast.Constant(value=bool() | int() | float() | None as value):
                if isinstance(value, float) and value in (float("inf"),):
                    return ["inf"]
                return ["fl", value] if isinstance(value, float) and value.is_integer() else value
            case ast.Constant():
                return ["..."] if node.value is ... else None
            case ast.Name(id=name):
                self.names.add(name)
                return name
            case ast.Attribute(value=value, attr=attribute):
                self.attributes.add(attribute)
                return [".", self.expression(value), attribute]
            case ast.Subscript(value=value, slice=ast.Slice(lower=a, upper=b, step=c)):
                return ["[:]", self.expression(value), *(self.expression(each) for each in (a, b, c))]
            case ast.Subscript(value=value, slice=index):
                return ["[]", self.expression(value), self.expression(index)]
            case ast.Slice(lower=a, upper=b, step=c):
                return ["slice", *(self.expression(each) for each in (a, b, c))]
            case ast.Call():
                return self.call(node)
            case ast.BinOp(left=left, op=op, right=right):
                return [BINARY[type(op)], self.expression(left), self.expression(right)]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ["not", self.expression(operand)]
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ["fl", -value] if isinstance(value, float) and value.is_integer() else -value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return ["neg", self.expression(operand)]
            case ast.UnaryOp(operand=operand):
                return ["opaque"]
            case ast.BoolOp(op=op, values=values):
                return ["and" if isinstance(op, ast.And) else "or", *map(self.expression, values)]
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                out: list[Any] = ["cmp", self.expression(left)]
                for op, comparator in zip(ops, comparators):
                    out += [COMPARE[type(op)], self.expression(comparator)]
                return out
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ["?", self.expression(test), self.expression(body), self.expression(orelse)]
            case ast.List(elts=items):
                return ["l", *map(self.expression, items)]
            case ast.Tuple(elts=items):
                return ["t", *map(self.expression, items)]
            case ast.Set(elts=items):
                return ["set", *map(self.expression, items)]
            case ast.Dict(keys=keys, values=values):
                return ["d", *([self.expression(k), self.expression(v)] if k else [["**"], self.expression(v)] for k, v in zip(keys, values))]
            case ast.ListComp(elt=item, generators=generators) | ast.GeneratorExp(elt=item, generators=generators):
                return ["lc", self.expression(item), self.generators(generators)]
            case ast.SetComp(elt=item, generators=generators):
                return ["()", "set", [["lc", self.expression(item), self.generators(generators)]]]
            case ast.DictComp(key=key, value=value, generators=generators):
                return ["dc", self.expression(key), self.expression(value), self.generators(generators)]
            case ast.JoinedStr(values=values):
                return ["f", *(self.expression(v.value) if isinstance(v, ast.FormattedValue) else ["s", v.value] for v in values)]
            case ast.Lambda(args=args, body=body):
                return ["lambda", self.parameters(args), self.expression(body)]
            case ast.Starred(value=value):
                return ["*", self.expression(value)]
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                return [":=", name, self.expression(value)]
        raise Unsupported(ast.dump(node)[:200])

    def generators(self, generators: list[ast.comprehension]) -> list[Any]:
        return [[self.target(g.target), self.expression(g.iter), *map(self.expression, g.ifs)] for g in generators]

    def call(self, node: ast.Call) -> list[Any]:
        out = ["()", self.expression(node.func), [self.expression(each) for each in node.args]]
        if node.keywords:
            out.append([[each.arg or "**", self.expression(each.value)] for each in node.keywords])
        return out

    def target(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=value, attr=attribute):
                return [".", self.expression(value), attribute]
            case ast.Subscript(value=value, slice=index):
                return ["[]", self.expression(value), self.expression(index)]
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return ["t", *map(self.target, items)]
            case ast.Starred(value=value):
                return ["*", self.target(value)]
        raise Unsupported(ast.dump(node)[:200])

    def parameters(self, args: ast.arguments) -> list[Any]:
        """Names, each with its default where it has one: `name`, `[name, default]`, `["*", name]`, `["**", name]`."""
        out: list[Any] = []
        positional = [*args.posonlyargs, *args.args]
        first_default = len(positional) - len(args.defaults)
        for i, each in enumerate(positional):
            out.append(each.arg if i < first_default else [each.arg, self.expression(args.defaults[i - first_default])])
        if args.vararg or args.kwonlyargs:
            out.append(["*", args.vararg.arg if args.vararg else None])
        for each, default in zip(args.kwonlyargs, args.kw_defaults):
            out.append(each.arg if default is None else [each.arg, self.expression(default)])
        if args.kwarg:
            out.append(["**", args.kwarg.arg])
        return out

    # --- statements

    def body(self, nodes: list[ast.stmt]) -> list[Any]:
        return [out for node in nodes for out in self.statement(node)]

    def statement(self, node: ast.stmt) -> Iterator[Any]:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Global() | ast.Nonlocal() | ast.Import():
                return
            case ast.ImportFrom():
                return
            case ast.Expr(value=ast.Call() as call) if self.ignored(call):
                return
            case ast.Expr(value=value):
                yield ["e", self.expression(value)]
            case ast.Assign(targets=targets, value=value):
                out = self.expression(value)
                for i, target in enumerate(targets):
                    # `a = b = value`: once evaluated, then handed on.
                    yield ["=", self.target(target), out if i == 0 else self.expression(targets[0])]
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    yield ["=", self.target(target), self.expression(value)]
            case ast.AugAssign(target=target, op=op, value=value):
                yield ["=", self.target(target), [BINARY[type(op)], self.expression(target), self.expression(value)]]
            case ast.If(test=test, body=body, orelse=orelse):
                then, otherwise = self.body(body), self.body(orelse)
                if then or otherwise or any(isinstance(each, ast.NamedExpr) for each in ast.walk(test)):
                    yield ["if", self.expression(test), then, *([otherwise] if otherwise else [])]
            case ast.For(target=target, iter=iterable, body=body):
                yield ["for", self.target(target), self.expression(iterable), self.body(body)]
            case ast.While(test=test, body=body):
                yield ["while", self.expression(test), self.body(body)]
            case ast.Return(value=value):
                yield ["return", self.expression(value)]
            case ast.Raise(exc=exception):
                yield self.raised(exception)
            case ast.Assert(test=test, msg=message):
                yield ["if", ["not", self.expression(test)], [["raise", "AssertionError", self.expression(message)]]]
            case ast.With(body=body):
                yield from self.body(body)
            case ast.Try(body=body, handlers=handlers):
                yield ["try", self.body(body), self.body(handlers[0].body) if handlers else []]
            case ast.Break():
                yield ["break"]
            case ast.Continue():
                yield ["continue"]
            case ast.FunctionDef():
                yield ["=", node.name, ["lambda", self.parameters(node.args), ["body", self.body(node.body)]]]
            case ast.Delete(targets=targets):
                for target in targets:
                    yield ["del", self.target(target)]
            case _:
                raise Unsupported(ast.dump(node)[:200])

    def raised(self, exception: ast.expr | None) -> list[Any]:
        if isinstance(exception, ast.Call) and isinstance(exception.func, ast.Name):
            return ["raise", exception.func.id, self.expression(exception.args[0]) if exception.args else None]
        return ["raise", exception.id if isinstance(exception, ast.Name) else "Exception", None]

    def ignored(self, call: ast.Call) -> bool:
        root: ast.expr = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and root.id in IGNORED_CALLS


# Class values that say how a model is run, saved or split over devices.
LEFT_OUT_VALUES = re.compile(
    r"base_model_(?!prefix)|keys_to|_?supports|_can|_keep|_no_split|_skip|_is_stateful|_checkpoint|_tp_|_pp_|_ep_|_keys_to|"
    r"input_modalities|main_input|all_attention|_auto_class|_compatible|accepts|is_parallel|_input_embed|output_modalities"
)


class Tables:
    """Definitions that the wanted classes reach, written as they are met."""

    library_class = Library
    writer_class = Writer
    left_out = LEFT_OUT
    left_out_values = LEFT_OUT_VALUES

    def __init__(self) -> None:
        self.library = self.library_class()
        self.written: dict[tuple[str, str], Any] = {}
        self.methods: dict[tuple[str, str], dict[str, ast.FunctionDef]] = {}
        self.waiting: dict[str, list[tuple[tuple[str, str], ast.FunctionDef]]] = {}
        self.called: set[str] = set()
        self.problems: list[str] = []

    def want(self, key: tuple[str, str] | None) -> None:
        queue = [key] if key else []
        while queue:
            each = queue.pop()
            if each in self.written:
                continue
            source = self.library.source(each[0])
            assert source is not None
            node = source.definitions[each[1]]
            try:
                queue += self.define(each, source, node)
            except Unsupported as error:
                self.problems.append(f"{each[0]}:{each[1]}: {error}")

    def follow(self, source: Source, writer: Writer) -> list[tuple[str, str]]:
        found = [target for name in sorted(writer.names) if (target := self.library.resolve(source, name))]
        for attribute in writer.attributes - self.called:
            self.called.add(attribute)
            for key, method in self.waiting.pop(attribute, []):
                found += self.method(key, method)
        return found

    def define(self, key: tuple[str, str], source: Source, node: ast.AST) -> list[tuple[str, str]]:
        writer = self.writer_class()
        if isinstance(node, ast.ClassDef):
            self.written[key] = table = {"bases": [writer.expression(base) for base in node.bases], "body": OrderedDict()}
            found: list[tuple[str, str]] = []
            decorators = {ast.unparse(d).split("(")[0] for d in node.decorator_list}
            if decorators & {"dataclass", "dataclasses.dataclass"}:
                table["dataclass"] = True
            for each in node.body:
                found += self.member(key, source, table, writer, each)
            return found + self.follow(source, writer)
        if isinstance(node, ast.FunctionDef):
            read_inner_imports(source, node)
            self.written[key] = ["def", writer.parameters(node.args), writer.body(node.body)]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.written[key] = ["=", writer.expression(node.value)]
        return self.follow(source, writer)

    def member(self, key: tuple[str, str], source: Source, table: dict[str, Any], writer: Writer, node: ast.stmt) -> list[tuple[str, str]]:
        body = table["body"]
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                if "ClassVar" not in ast.unparse(annotation):
                    body[name] = ["field", ast.unparse(annotation), *([writer.expression(value)] if value is not None else [])]
                elif value is not None and not self.left_out_values.match(name):
                    body[name] = ["=", writer.expression(value)]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if not self.left_out_values.match(name):
                    body[name] = ["=", writer.expression(value)]
            case ast.FunctionDef(name=name):
                if name in self.left_out or name.startswith(("get_output_emb", "set_output_emb")):
                    return []
                if name in ("__init__", "__post_init__", "__new__") or name.startswith("validate_") or name in self.called:
                    return self.method(key, node)
                self.waiting.setdefault(name, []).append((key, node))
        return []

    def method(self, key: tuple[str, str], node: ast.FunctionDef) -> list[tuple[str, str]]:
        writer = self.writer_class()
        source = self.library.source(key[0])
        assert source is not None
        read_inner_imports(source, node)
        try:
            out = ["def", writer.parameters(node.args), writer.body(node.body)]
        except Unsupported as error:
            self.problems.append(f"{key[0]}:{key[1]}.{node.name}: {error}")
            return []
        decorators = [ast.unparse(d) for d in node.decorator_list]
        for kind in ("property", "staticmethod", "classmethod", "cached_property"):
            if any(d.split(".")[-1] == kind for d in decorators):
                out.append("property" if kind == "cached_property" else kind)
        setter = any(d.endswith(".setter") for d in decorators)
        self.written[key]["body"][f"{node.name}=" if setter else node.name] = out
        return self.follow(source, writer)


def read_inner_imports(source: Source, node: ast.FunctionDef) -> None:
    """Imports inside a function count as the file's."""
    for each in ast.walk(node):
        if isinstance(each, ast.ImportFrom):
            source.import_from(each)
        elif isinstance(each, ast.Import):
            source.read([each])


def wanted(library: Library) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every class that the auto classes name."""
    for module in sorted((PACKAGE / "models").iterdir()):
        if not module.is_dir():
            continue
        for path in sorted(module.glob("*.py")):
            if path.name.startswith(("configuration_", "modeling_")) and module.name != "auto":
                source = library.source(f"models/{module.name}/{path.stem}")
                assert source is not None
                for name, node in source.definitions.items():
                    if isinstance(node, ast.ClassDef):
                        yield name, (source.name, name)


def collected(tables: Tables) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The index, and each file's definitions, of all that the auto classes name."""
    classes: dict[str, tuple[str, str]] = {}
    for name, key in wanted(tables.library):
        classes.setdefault(name, key)
    architectures: dict[str, list[str]] = {}
    for variable in sorted(vars(modeling_auto)):
        if variable.startswith("MODEL") and variable.endswith("MAPPING_NAMES"):
            for model_type, names in getattr(modeling_auto, variable).items():
                for name in names if isinstance(names, (list, tuple)) else (names,):
                    architectures.setdefault(model_type, [])
                    if name in classes and name not in architectures[model_type]:
                        architectures[model_type].append(name)
    configs = {t: c for t, c in configuration_auto.CONFIG_MAPPING_NAMES.items() if c in classes}
    base = {t: (n if isinstance(n, str) else n[0]) for t, n in modeling_auto.MODEL_MAPPING_NAMES.items()}
    auto = {
        attribute: {t: (n if isinstance(n, str) else n[0]) for t, n in getattr(modeling_auto, mapping).items()}
        for attribute, mapping in AUTO_CLASSES.items()
    }
    for name in [*configs.values(), *(n for names in architectures.values() for n in names), *(n for m in auto.values() for n in m.values())]:
        if name in classes:
            tables.want(classes[name])
    tables.want(("configuration_utils", "PreTrainedConfig"))
    files: dict[str, dict[str, Any]] = {}
    for (file, name), table in tables.written.items():
        files.setdefault(file, {"names": {}, "imports": {}})["names"][name] = table
    for file, table in files.items():
        source = tables.library.source(file)
        assert source is not None
        used = names_in(table["names"])
        for name in sorted(used):
            if name in source.definitions and (file, name) in tables.written:
                continue
            target = tables.library.resolve(source, name)
            if target is not None:
                table["imports"][name] = list(target)
            elif name in source.definitions:
                table["imports"][name] = f"@{file}.{name}"
            elif name in source.imports:
                module, attribute = source.imports[name]
                table["imports"][name] = f"{module}.{attribute}" if attribute else module
    index = {
        "transformers": transformers.__version__,
        "configs": configs,
        "base": base,
        "architectures": {t: names for t, names in architectures.items() if t in configs},
        "auto": auto,
        "classes": {name: classes[name][0] for name in classes if classes[name] in tables.written},
    }
    return index, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    tables = Tables()
    index, files = collected(tables)
    text = write(options.out, [compact(index)], files)
    for problem in tables.problems:
        print(problem)
    print(f"{len(tables.written)} definitions of {len(files)} files, {len(text)} bytes; {len(index['configs'])} config classes")


def write(path: Path, head: list[str], files: dict[str, dict[str, Any]]) -> str:
    """A line for each file, after what comes before them."""
    text = "\n".join([*head, *(f"{file}\t{compact(files[file])}" for file in sorted(files))])
    path.write_text(text, encoding="ascii")
    return text


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


AUTO_CLASSES = {
    "AutoModel": "MODEL_MAPPING_NAMES",
    "AutoBackbone": "MODEL_FOR_BACKBONE_MAPPING_NAMES",
    "AutoModelForCausalLM": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForSeq2SeqLM": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "AutoModelForImageTextToText": "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES",
    "AutoModelForTextToWaveform": "MODEL_FOR_TEXT_TO_WAVEFORM_MAPPING_NAMES",
    "AutoModelForTextToSpectrogram": "MODEL_FOR_TEXT_TO_SPECTROGRAM_MAPPING_NAMES",
    "AutoModelForKeypointDetection": "MODEL_FOR_KEYPOINT_DETECTION_MAPPING_NAMES",
    "AutoModelForCTC": "MODEL_FOR_CTC_MAPPING_NAMES",
    "AutoModelForDepthEstimation": "MODEL_FOR_DEPTH_ESTIMATION_MAPPING_NAMES",
    "AutoModelForMaskedLM": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
}


def names_in(value: Any) -> set[str]:
    """Every string of a table: a superset of the names that it uses."""
    found: set[str] = set()
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            found.add(each)
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, (list, tuple)):
            if each and each[0] == "s":
                continue
            stack += each
    return found


if __name__ == "__main__":
    main()
