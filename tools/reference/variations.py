"""Draws configs that differ from the defaults, for any model type, and writes what the real classes say of them.

    python tools/reference/variations.py --seed 7 --each 2 --out test/fixtures/reference/variations.jsonl.gz

A line a config: `config` (as a config.json), `total`, `params`, `tied`, and where the class runs with simple inputs,
`inputs` and `flops`. A row depends on the seed, the pair and its number, and for a slow class on the time it has. Each
model type is drawn in a process of its own, so that a class which crashes or never ends takes nothing along.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Iterator

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import logging  # noqa: E402

from defaults import pairs  # noqa: E402
from draw import Draw, Edit  # noqa: E402
from real_class import build, flops, parameters  # noqa: E402
from run_inputs import candidates  # noqa: E402

SMALL = 60_000_000
"""Models up to this many parameters run on the CPU, where ids and routing have values; larger ones on the meta device."""

LARGEST_ROW = 60_000
"""Characters of a row; a model of more different tensors teaches no more."""


class TooLong(Exception):
    """A class took longer than its share."""


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Drawer:
    """Draws configs of one pair that its class accepts."""

    def __init__(self, model_type: str, architecture: str, seconds: float, verbose: bool = False):
        self.model_type, self.architecture, self.seconds, self.verbose = model_type, architecture, seconds, verbose
        with limit(seconds):
            self.config = transformers.CONFIG_MAPPING[model_type]()
        self.refused: dict[str, int] = {}
        self.taken: set[str] = set()

    def accepts(self, draw: Draw, edits: list[Edit]) -> torch.nn.Module | None:
        try:
            with limit(min(10, self.seconds)):
                return build(json.loads(json.dumps(draw.render(self.architecture, edits))))
        except Exception as error:  # noqa: BLE001  whatever it raises, it refuses
            self.said(f"refuses {', '.join(edit.what for edit in edits)}: {type(error).__name__} {error}")
            return None

    def draw(self, r: random.Random) -> tuple[dict[str, Any], torch.nn.Module] | None:
        """A config and its model, with as many edits as the class takes within the time."""
        end = time.monotonic() + self.seconds
        for exchange, scale in ((r.random() < 0.3, True), (False, True), (False, False)):
            draw = Draw(r, self.model_type, self.config, exchange)
            base = [draw.small(scale)]
            model = self.accepts(draw, base)
            if model is not None:
                break
        else:
            draw = Draw(r, self.model_type, self.config)
            base, model = [], self.accepts(draw, [])
            if model is None:
                return None
        wanted = [e for e in draw.edits() if self.refused.get(e.what, 0) < 3 or e.what in self.taken]
        wanted = [e for e in wanted if r.random() < 0.75]
        kept, model = self.most(draw, base, wanted, model, end)
        return draw.render(self.architecture, kept), model

    def most(
        self, draw: Draw, kept: list[Edit], more: list[Edit], model: torch.nn.Module, end: float
    ) -> tuple[list[Edit], torch.nn.Module]:
        """Halves what is refused until single edits are."""
        if not more or time.monotonic() > end:
            return kept, model
        found = self.accepts(draw, kept + more)
        if found is not None:
            self.taken |= {edit.what for edit in more}
            return kept + more, found
        if len(more) == 1:
            self.refused[more[0].what] = self.refused.get(more[0].what, 0) + 1
            return kept, model
        half = len(more) // 2
        kept, model = self.most(draw, kept, more[:half], model, end)
        return self.most(draw, kept, more[half:], model, end)

    def row(self, r: random.Random) -> dict[str, Any] | None:
        """A row; often one that runs is drawn instead of one that only builds."""
        row = None
        for _ in range(3):
            drawn = self.draw(r)
            if drawn is None:
                break
            values, model = drawn
            found = {"config": values, **parameters(model)}
            if len(json.dumps(found)) > LARGEST_ROW:
                continue
            row = {**found, **self.counted(values, found["total"], r)}
            if "flops" in row or r.random() < 0.4:
                break
        return row

    def counted(self, values: dict[str, Any], total: int, r: random.Random) -> dict[str, Any]:
        """Inputs with which the class runs, and its FLOPs; nothing where it runs with none of ours."""
        try:
            with limit(self.seconds):
                model = build(values, "cpu") if total <= SMALL else build(values).to(torch.bfloat16)
                end_of_sequence = getattr(model.config, "eos_token_id", None)
                for inputs in candidates(model, r):
                    for ids in {0: 0, end_of_sequence: 0} if isinstance(end_of_sequence, int) else (0,):
                        try:
                            return {"inputs": inputs, "flops": flops(model, inputs, ids)}
                        except TooLong:
                            raise
                        except Exception as error:  # noqa: BLE001  other inputs, then
                            self.said(f"{inputs}: {type(error).__name__} {error}")
        except Exception as error:  # noqa: BLE001  no FLOPs then
            self.said(f"{type(error).__name__} {error}")
        return {}

    def said(self, reason: str) -> None:
        if self.verbose:
            print(f"    {self.architecture} {reason[:300]}", flush=True)


def draw_type(model_type: str, architectures: list[str], options: argparse.Namespace, file: Path) -> None:
    """All rows of a type, each written as soon as it is there."""
    torch.set_num_threads(1)
    with open(file, "w", encoding="utf8") as out:
        for architecture in architectures:
            try:
                drawer = Drawer(model_type, architecture, options.limit, options.verbose)
            except Exception as error:  # noqa: BLE001
                print(f"  {architecture}: no default config, {type(error).__name__}", flush=True)
                continue
            written = counted = 0
            for number in range(options.each):
                r = random.Random(f"{options.seed}/{model_type}/{architecture}/{number}")
                try:
                    row = drawer.row(r)
                except Exception as error:  # noqa: BLE001
                    print(f"  {architecture}: {type(error).__name__}: {str(error)[:100]}", flush=True)
                    row = None
                if row is None:
                    continue
                out.write(json.dumps(row) + "\n")
                out.flush()
                written += 1
                counted += "flops" in row
            if written < options.each:
                print(f"  {architecture}: {written} of {options.each} drawn", flush=True)


def in_own_process(model_type: str, architectures: list[str], options: argparse.Namespace, file: Path) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            draw_type(model_type, architectures, options, file)
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    end = time.monotonic() + 4 * options.limit * options.each * len(architectures)
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if status:
                print(f"  {model_type}: ended with {status}", flush=True)
            return
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            print(f"  {model_type}: stopped", flush=True)
            return
        time.sleep(0.01)


def rows_in(file: Path) -> Iterator[str]:
    """Whole lines alone: a process that was stopped may have left half a one."""
    if not file.exists():
        return
    for line in file.read_text(encoding="utf8").splitlines():
        with contextlib.suppress(ValueError):
            json.loads(line)
            yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=6, help="configs for each architecture")
    parser.add_argument("--types", default="", help="only these model types, separated by commas")
    parser.add_argument("--architectures", default="", help="only these classes, separated by commas")
    parser.add_argument("--limit", type=float, default=8, help="seconds for a config, and again for its FLOPs")
    parser.add_argument("--verbose", action="store_true", help="why classes do not run")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    wanted = [set(filter(None, text.split(","))) for text in (options.types, options.architectures)]
    chosen: dict[str, list[str]] = {}
    for _, model_type, architecture in pairs():
        if (not wanted[0] or model_type in wanted[0]) and (not wanted[1] or architecture in wanted[1]):
            chosen.setdefault(model_type, []).append(architecture)
    count = counted = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        open(options.out, "wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out,
    ):
        for model_type, architectures in sorted(chosen.items()):
            file = Path(folder) / f"{model_type.replace('/', '-')}.jsonl"
            start = time.monotonic()
            in_own_process(model_type, architectures, options, file)
            rows = list(rows_in(file))
            for line in rows:
                out.write((line + "\n").encode())
            count += len(rows)
            counted += sum('"flops"' in line for line in rows)
            print(f"{model_type}: {len(rows)} configs in {time.monotonic() - start:.1f} s", flush=True)
    print(f"{count} configs, {counted} with FLOPs, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
