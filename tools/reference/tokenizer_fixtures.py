"""Writes small tokenizers with the ids and offsets that Hugging Face tokenizers gives for the texts.

    python tools/reference/tokenizer_fixtures.py --out test/fixtures/tokenizers [NAME ...]

NAME.json.gz holds `tokenizer` (a tokenizer.json) and `texts`: for each text or pair, `ids`, `types` (segments) and
`offsets`, in code points of the text that `of` says (0 or 1), null for a token that the tokenizer put in.
"""

import argparse
import gzip
import json
import pathlib

from tokenizer_specs import SPECS
from tokenizer_texts import PAIRS, TEXTS


def encoded(tokenizer, text, pair=None):
    encoding = tokenizer.encode(text, pair)
    put_in = encoding.special_tokens_mask
    sequences = encoding.sequence_ids
    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        "ids": encoding.ids,
        "types": encoding.type_ids,
        "offsets": [None if put_in[i] else list(at) for i, at in enumerate(encoding.offsets)],
        "of": [None if put_in[i] else sequence for i, sequence in enumerate(sequences)],
    }


def write(folder, name, content):
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # Without name and time, so that the same content is the same file.
    with open(folder / f"{name}.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text.encode("utf-8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for spec in SPECS:
        if arguments.names and spec.__name__ not in arguments.names:
            continue
        tokenizer = spec()
        texts = [encoded(tokenizer, text) for text in TEXTS]
        pairs = [encoded(tokenizer, *pair) for pair in PAIRS]
        write(arguments.out, spec.__name__, {"tokenizer": json.loads(tokenizer.to_str()), "texts": texts + pairs})
        print(spec.__name__, tokenizer.get_vocab_size(), sum(len(text["ids"]) for text in texts))


if __name__ == "__main__":
    main()
