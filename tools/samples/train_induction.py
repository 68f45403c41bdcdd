#!/usr/bin/env python3
"""Trains the model in samples/induction: a small GPT-2 with visible induction heads.

    pip install -r tools/samples/requirements.txt
    python tools/samples/train_induction.py

A head in the first layer learns to look at the previous token. With its help, a
head in a later layer finds the place where the current token occurred before,
and looks at what came next: that is an induction head, and it is how the model
continues a sequence that it has seen once. The training data rewards just that:
half of it is random tokens, repeated, which can be predicted in no other way;
the other half is simple English with repeats, so that readable text works too.

The seed fixes the data, the tokenizer and the first weights. The same versions,
processor and number of threads give the same model; others give one that differs
in the last digits and may number its heads differently.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from induction_data import TrainingStream, train_tokenizer
from score_heads import (
    SAMPLE,
    evaluate,
    format_report,
    held_out_random,
    held_out_text,
    load,
    losses_by_part,
)


def build_model(args: argparse.Namespace, tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=args.positions,
        n_embd=args.width,
        n_layer=args.layers,
        n_head=args.heads,
        # Narrower than GPT-2's 4 * width: induction is the work of the attention.
        n_inner=2 * args.width,
        # GPT-2's 0.02 suits a width of 768; in a model as narrow as this, heads would start out faint.
        initializer_range=1 / math.sqrt(args.width),
        # The data never runs out, so there is nothing to regularise.
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = GPT2LMHeadModel(config)
    # The positions are learned, but start as sinusoids, as large as the token embeddings: one
    # step back is then the same rotation everywhere, which suits a previous-token head.
    with torch.no_grad():
        weight = model.transformer.wpe.weight
        weight.copy_(sinusoids(*weight.shape) * config.initializer_range * math.sqrt(2))
    return model


def sinusoids(positions: int, width: int) -> torch.Tensor:
    """Sines and cosines of the position, at wavelengths from 2π to 10,000 · 2π. [positions, width]"""
    frequencies = 10_000 ** -(torch.arange(width // 2) / (width // 2))
    angles = torch.arange(positions)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def learning_rate(step: int, args: argparse.Namespace) -> float:
    """Linear warm-up, then a cosine down to a tenth."""
    if step < args.warmup:
        return args.lr * (step + 1) / args.warmup
    progress = (step - args.warmup) / max(1, args.steps - args.warmup)
    return args.lr * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))


def train(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, args: argparse.Namespace) -> float:
    """Returns the training loss, averaged over the last hundred steps."""
    stream = TrainingStream(tokenizer, args.positions, args.seed)
    random_sequences = held_out_random(len(tokenizer))
    passages = held_out_text(tokenizer, args.positions)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=args.weight_decay)
    losses: list[float] = []
    started = time.monotonic()
    print(" step    train   random: first  repeated   text: first  repeated   seconds")
    for step in range(args.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args)
        batch = stream.batch(args.rows)
        loss = model(batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())

        if (step + 1) % args.report_every == 0 or step + 1 == args.steps:
            model.eval()
            random_first, random_repeated = losses_by_part(model, random_sequences)
            text_first, text_repeated = losses_by_part(model, passages)
            model.train()
            recent = losses[-100:]
            print(
                f"{step + 1:5}   {sum(recent) / len(recent):6.3f}   {random_first:13.3f}  {random_repeated:8.3f}"
                f"   {text_first:11.3f}  {text_repeated:8.3f}   {time.monotonic() - started:7.0f}",
                flush=True,
            )
    return sum(losses[-100:]) / len(losses[-100:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SAMPLE, help="folder to save the model in")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    shape = parser.add_argument_group("shape of the model")
    shape.add_argument("--vocab-size", type=int, default=768)
    shape.add_argument("--positions", type=int, default=128)
    shape.add_argument("--width", type=int, default=128)
    shape.add_argument("--layers", type=int, default=2)
    shape.add_argument("--heads", type=int, default=4)
    training = parser.add_argument_group("training")
    training.add_argument("--steps", type=int, default=7500)
    training.add_argument("--rows", type=int, default=16, help="sequences a batch")
    training.add_argument("--lr", type=float, default=4e-3)
    training.add_argument("--warmup", type=int, default=100)
    training.add_argument("--weight-decay", type=float, default=0.01)
    training.add_argument("--report-every", type=int, default=500)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)

    tokenizer = train_tokenizer(args.vocab_size, args.seed)
    model = build_model(args, tokenizer)
    print(f"{model.num_parameters():,} parameters, {len(tokenizer)} tokens")
    train_loss = train(model, tokenizer, args)

    model.save_pretrained(args.out)
    tokenizer.model_max_length = args.positions
    tokenizer.save_pretrained(args.out)
    (args.out / "generation_config.json").unlink(missing_ok=True)

    # Scored from what was saved, just as score_heads.py does it.
    report = evaluate(*load(args.out))
    settings = {name: value for name, value in vars(args).items() if name not in ("out", "report_every")}
    record = {"settings": settings, "train_loss": round(train_loss, 4), **report}
    (args.out / "training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"\nTraining loss, last 100 steps: {train_loss:.3f}\n\n{format_report(report)}")


if __name__ == "__main__":
    main()
