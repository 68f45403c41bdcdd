"""Writes the forward tables: what the classes of transformers compute, as data that Headlight evaluates.

    python tools/reference/forward_tables.py --out forward.txt

The class tables hold constructors; these hold `forward` and all that it reaches, in the same form, and only what the
class tables do not have already. Losses, generation and training are left out: no FLOPs of a forward pass depend on them.
"""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path
from typing import Any, Iterator

import class_tables
from class_tables import Library, Tables, Writer, collected, write


class ForwardLibrary(Library):
    followed = (*class_tables.FOLLOWED, "modeling_outputs", "pytorch_utils")
    native = {**class_tables.NATIVE, "modeling_rope_utils": {"dynamic_rope_update"}, "pytorch_utils": {"Conv1D", "compile_compatible_method_lru_cache", "apply_chunking_to_forward"}}


class ForwardWriter(Writer):
    """As the class tables', with masks inverted and without what only training does."""

    def expression(self, node: ast.expr | None) -> Any:
        match node:
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return ["()", [".", self.expression(operand), "bitwise_not"], []]
            case ast.Attribute(value=ast.Name(id="self"), attr="training"):
                return False
        return super().expression(node)

    def statement(self, node: ast.stmt) -> Iterator[Any]:
        match node:
            case ast.If(test=ast.Compare(left=ast.Name(id=name), ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]), orelse=orelse) if TARGETS.fullmatch(name):
                yield from self.body(orelse)
            case ast.If(test=ast.Attribute(attr="training"), orelse=orelse):
                yield from self.body(orelse)
            case _:
                yield from super().statement(node)


# Arguments that a loss is computed of; a forward pass without them has none.
TARGETS = re.compile(r"labels|\w+_labels|start_positions")


class ForwardTables(Tables):
    library_class = ForwardLibrary
    writer_class = ForwardWriter
    left_out = (class_tables.LEFT_OUT - {"forward", "compute_default_rope_parameters", "update"}) | {
        "loss_function", "compute_loss", "generate", "sample", "_get_initial_cache_position", "compute_contrastive_loss",
    }  # fmt: skip
    left_out_values = re.compile(
        r"base_model_(?!prefix)|keys_to|_?supports|_can_(?!record)|_keep|_no_split|_skip|_is_stateful|_checkpoint|_tp_|_pp_|_ep_|_keys_to|"
        r"input_modalities|all_attention|_auto_class|_compatible|accepts|is_parallel|_input_embed|output_modalities"
    )

    def __init__(self) -> None:
        super().__init__()
        self.called |= {"forward", "__call__", "__getitem__", "__len__", "__iter__"}

    def define(self, key: tuple[str, str], source: Any, node: ast.AST) -> list[tuple[str, str]]:
        found = super().define(key, source, node)
        for decorator in getattr(node, "decorator_list", []):
            # Its forward is replaced by grouped products over all experts, unless the model asks for eager ones.
            eager = any(
                isinstance(each, ast.FunctionDef) and each.name == "get_correct_experts_implementation"
                for other in source.definitions.values()
                for each in getattr(other, "body", [])
            )
            if isinstance(node, ast.ClassDef) and not eager and "use_experts_implementation" in ast.unparse(decorator):
                given = decorator.keywords if isinstance(decorator, ast.Call) else []
                options = [["s", each.arg] if i == 0 else each.value.value for each in given for i in (0, 1)]  # type: ignore[attr-defined]
                self.written[key]["body"]["_experts"] = ["=", ["d", *([options[i], options[i + 1]] for i in range(0, len(options), 2))]]
        return found

    def method(self, key: tuple[str, str], node: ast.FunctionDef) -> list[tuple[str, str]]:
        found = super().method(key, node)
        # It returns what the hooks of the class's `_can_record_outputs` met, where it is asked to.
        for decorator in node.decorator_list:
            written = ast.unparse(decorator)
            if node.name == "forward" and written.startswith("capture_outputs") and key in self.written:
                last = "tie_last_hidden_states=False" not in written
                self.written[key]["body"]["_captures"] = ["=", ["d", [["s", "tie_last"], last]]]
        return found


def beyond(full: dict[str, dict[str, Any]], known: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the forward tables have that the class tables have not: definitions, and members of classes."""
    out: dict[str, dict[str, Any]] = {}
    for file, table in full.items():
        old = known.get(file, {"names": {}, "imports": {}})
        names: dict[str, Any] = {}
        for name, definition in table["names"].items():
            before = old["names"].get(name)
            if before == definition:
                continue
            if isinstance(definition, dict) and isinstance(before, dict):
                body = {k: v for k, v in definition["body"].items() if before["body"].get(k) != v}
                names[name] = {"body": body}
            else:
                names[name] = definition
        imports = {k: v for k, v in table["imports"].items() if old["imports"].get(k) != v}
        if names or imports:
            out[file] = {"names": names, "imports": imports}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    tables = ForwardTables()
    _, full = collected(tables)
    _, known = collected(Tables())
    files = beyond(full, known)
    text = write(options.out, ["{}"], files)
    for problem in tables.problems:
        print(problem)
    print(f"{sum(len(each['names']) for each in files.values())} definitions of {len(files)} files, {len(text)} bytes")


if __name__ == "__main__":
    main()
