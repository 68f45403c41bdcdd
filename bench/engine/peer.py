"""The engine's peer: answers measurements asked on standard input, a JSON line each, with torch and transformers.

Answers {"ms": [...]}: the time of each repetition, after one that does not count.
"""

import json
import sys
import time

import torch
from transformers import AutoConfig, AutoModel


def timed(work, repetitions):
    work()
    times = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return times


def product(m, k, n):
    a, w = torch.randn(m, k), torch.randn(n, k)
    return lambda: torch.nn.functional.linear(a, w)


def attention(heads, length, width, causal):
    """Eager attention as transformers writes it, probabilities kept."""
    q, k, v = (torch.randn(1, heads, length, width) for _ in range(3))
    mask = torch.full((length, length), torch.finfo(torch.float32).min).triu(1) if causal else None

    def work():
        scores = torch.matmul(q, k.transpose(2, 3)) * width**-0.5
        if mask is not None:
            scores = scores + mask
        probabilities = torch.nn.functional.softmax(scores, dim=-1, dtype=torch.float32)
        return torch.matmul(probabilities, v).transpose(1, 2).contiguous(), probabilities

    return work


models = {}


def forward(config, length):
    key = json.dumps(config)
    if key not in models:
        models.clear()
        models[key] = AutoModel.from_config(AutoConfig.for_model(**config), attn_implementation="eager").eval()
    model = models[key]
    ids = torch.arange(length)[None] * 7 % 1000
    return lambda: model(input_ids=ids, output_attentions=True, use_cache=False)


kinds = {"product": product, "attention": attention, "forward": forward}


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        torch.set_num_threads(asked.pop("threads"))
        repetitions = asked.pop("repetitions")
        with torch.no_grad():
            times = timed(kinds[asked.pop("kind")](**asked), repetitions)
        print(json.dumps({"ms": times}), flush=True)


main()
