#!/usr/bin/env python3
"""Says which heads of the induction sample look where, from its saved weights.

    python tools/samples/score_heads.py                 print the tables of samples/induction/README.md
    python tools/samples/score_heads.py --text "…"      score the heads on a text of your own
    python tools/samples/score_heads.py --reference     write the fixture that the extension is tested against

Two scores, each the mean attention that a head gives to one place, over all
positions that have such a place:

    previous token   the position just before
    induction        the position just after the last earlier occurrence of the
                     current token: "… brown fox … brown" looks at "fox"

The chance baseline is what a head scores that spreads its attention evenly over
everything it may see: 1 / (position + 1) at each of the positions scored.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from induction_data import REPEATED_SENTENCE, repeated_passages, repeated_random_sequences

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "induction"
FIXTURE = ROOT / "test" / "fixtures" / "attention" / "induction"

# Held-out sequences: seeds that training never uses, and three lengths of repeat.
HELD_OUT_SEED = 1_000_003
PERIODS = (16, 32, 64)
ROWS = 64

Place = tuple[int, int]  # (query position, the key position that is scored)


@dataclass
class Score:
    """Mean attention on one kind of place: heads[layer][head], the baseline, and the number of positions."""

    heads: torch.Tensor
    chance: float
    positions: int


def previous_token_places(ids: list[int]) -> list[Place]:
    return [(i, i - 1) for i in range(1, len(ids))]


def induction_places(ids: list[int]) -> list[Place]:
    """For each token that has occurred before, the position after its last earlier occurrence."""
    places: list[Place] = []
    last_seen: dict[int, int] = {}
    for i, token in enumerate(ids):
        # A token that follows itself would point at its own position: no look back.
        if token in last_seen and last_seen[token] + 1 < i:
            places.append((i, last_seen[token] + 1))
        last_seen[token] = i
    return places


PLACES = {"previous token": previous_token_places, "induction": induction_places}


@torch.no_grad()
def score_heads(model: GPT2LMHeadModel, sequences: list[torch.Tensor]) -> dict[str, Score]:
    """Scores every head on sequences of token ids. The model must use eager attention."""
    shape = (model.config.n_layer, model.config.n_head)
    sums = {name: torch.zeros(shape, dtype=torch.float64) for name in PLACES}
    chances = dict.fromkeys(PLACES, 0.0)
    counts = dict.fromkeys(PLACES, 0)
    for sequence in sequences:
        attentions = model(sequence[None], output_attentions=True).attentions
        attention = torch.cat(attentions).double()  # [layer, head, query, key]
        for name, places_of in PLACES.items():
            places = places_of(sequence.tolist())
            if not places:
                continue
            queries, keys = map(list, zip(*places))
            sums[name] += attention[:, :, queries, keys].sum(-1)
            chances[name] += sum(1 / (query + 1) for query in queries)
            counts[name] += len(places)
    # `or 1`: a text without any repeated token has no induction places, and scores 0.
    return {
        name: Score(sums[name] / (counts[name] or 1), chances[name] / (counts[name] or 1), counts[name])
        for name in PLACES
    }


@torch.no_grad()
def losses_by_part(model: GPT2LMHeadModel, sequences: list[tuple[torch.Tensor, int]]) -> tuple[float, float]:
    """Mean loss in nats a token before and after the position at which each sequence begins again."""
    first: list[torch.Tensor] = []
    repeated: list[torch.Tensor] = []
    for ids, start in sequences:
        logits = model(ids[None]).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, ids[1:], reduction="none")
        # losses[i] is for predicting token i + 1. The first token of the repeat
        # can't be told from what came before, so it counts as unrepeated.
        first.append(losses[:start])
        repeated.append(losses[start:])
    return torch.cat(first).mean().item(), torch.cat(repeated).mean().item()


def held_out_random(vocab_size: int) -> list[tuple[torch.Tensor, int]]:
    return [
        (row, period)
        for period in PERIODS
        for row in repeated_random_sequences(vocab_size, period, ROWS, HELD_OUT_SEED + period)
    ]


def held_out_text(tokenizer: PreTrainedTokenizerFast, max_length: int) -> list[tuple[torch.Tensor, int]]:
    return repeated_passages(tokenizer, max_length, ROWS, HELD_OUT_SEED)


def evaluate(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, text: str = REPEATED_SENTENCE) -> dict:
    """Everything that the README reports of the saved model, rounded, as plain JSON values."""
    random_sequences = held_out_random(model.config.vocab_size)
    passages = held_out_text(tokenizer, model.config.n_positions)
    sources = {
        "random sequences": [ids for ids, _ in random_sequences],
        "sentence": [torch.tensor(tokenizer(text)["input_ids"])],
    }
    report: dict = {"text": text, "loss": {}, "heads": {}}
    for name, sequences in {"random sequences": random_sequences, "text": passages}.items():
        first, repeated = losses_by_part(model, sequences)
        report["loss"][name] = {"first": round(first, 4), "repeated": round(repeated, 4)}
    for source, sequences in sources.items():
        report["heads"][source] = {
            name: {
                "scores": [[round(value, 4) for value in layer] for layer in score.heads.tolist()],
                "chance": round(score.chance, 4),
                "positions": score.positions,
            }
            for name, score in score_heads(model, sequences).items()
        }
    return report


def format_report(report: dict) -> str:
    """The report as the two Markdown tables of the README."""
    lines = [
        "| Held-out loss, nats a token | First time | Repeated |",
        "|---|---:|---:|",
        *(f"| {name} | {loss['first']:.3f} | {loss['repeated']:.3f} |" for name, loss in report["loss"].items()),
        "",
    ]
    columns = [(place, source) for place in PLACES for source in report["heads"]]
    lines += [
        "| Head | " + " | ".join(f"{place}, {source}" for place, source in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    cells = [report["heads"][source][place] for place, source in columns]
    for layer, heads in enumerate(cells[0]["scores"]):
        for head in range(len(heads)):
            values = (f"{cell['scores'][layer][head]:.3f}" for cell in cells)
            lines.append(f"| {layer}.{head} | " + " | ".join(values) + " |")
    lines.append("| chance | " + " | ".join(f"{cell['chance']:.3f}" for cell in cells) + " |")
    lines.append("| positions | " + " | ".join(f"{cell['positions']}" for cell in cells) + " |")
    return "\n".join(lines)


@torch.no_grad()
def write_reference(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, text: str, folder: Path) -> None:
    """One forward pass, with everything inside, for a test of another implementation.

    reference.safetensors   input_ids int64 [1, s]; attentions.N [heads, s, s];
                            hidden_states.N [s, width], of which 0 is the embedding and
                            the last is after the final norm; logits [s, vocabulary]
    text.json               the text, its tokens and ids, and where each token lies in
                            the text, in characters
    """
    encoding = tokenizer(text, return_offsets_mapping=True)
    ids = encoding["input_ids"]
    output = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    tensors = {"input_ids": torch.tensor([ids]), "logits": output.logits[0]}
    tensors |= {f"attentions.{n}": attention[0] for n, attention in enumerate(output.attentions)}
    tensors |= {f"hidden_states.{n}": state[0] for n, state in enumerate(output.hidden_states)}
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "reference.safetensors")
    description = {
        "text": text,
        "input_ids": ids,
        "tokens": tokenizer.convert_ids_to_tokens(ids),
        "offsets": [list(offset) for offset in encoding["offset_mapping"]],
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in description.items()]
    (folder / "text.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def load(folder: Path) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """The saved model, so that attention can be read (eager, float32), and its tokenizer."""
    model = GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    return model.eval(), PreTrainedTokenizerFast.from_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=SAMPLE, help="folder of the saved model")
    parser.add_argument("--text", default=REPEATED_SENTENCE, help="the text to score, with something repeated in it")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--reference",
        nargs="?",
        type=Path,
        const=FIXTURE,
        metavar="FOLDER",
        help="also write the reference values of this text (default folder: test/fixtures/attention/induction)",
    )
    args = parser.parse_args()

    model, tokenizer = load(args.model)
    length = len(tokenizer(args.text)["input_ids"])
    if not 2 <= length <= model.config.n_positions:
        parser.error(f"the text has {length} tokens; the model reads 2 to {model.config.n_positions}")
    report = evaluate(model, tokenizer, args.text)
    print(json.dumps(report, indent=2, ensure_ascii=False) if args.json else format_report(report))
    if args.reference:
        write_reference(model, tokenizer, args.text, args.reference)


if __name__ == "__main__":
    main()
