"""Writes tokenizers in the forms that lie beside older models, with the ids that their own libraries give for the texts.

    python tools/reference/tokenizer_files.py --out test/fixtures/tokenizerFiles [NAME ...]

NAME.json.gz holds `files` (name to base64), `modelType`, and `texts` with `ids` and, where transformers made them,
`types` and `offsets` in code points. Ids of SentencePiece models are the library's own, moved as the family moves them;
texts in which a special token is typed are left out there, because the library does not look for them.
"""

import argparse
import base64
import json
import pathlib
import tempfile
import unicodedata

import sentencepiece
from tokenizer_fixtures import encoded, write
from tokenizer_specs import (
    bert_cased,
    bert_uncased,
    clip,
    deberta,
    gpt2,
    proto,
    qwen2,
    roberta,
    sentencepiece_model,
)
from tokenizer_texts import PAIRS, TEXTS
from transformers import AutoTokenizer


def packed(files):
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def dumped(value):
    return json.dumps(value, ensure_ascii=False).encode()


def from_transformers(files, model_type):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (pathlib.Path(folder) / name).write_bytes(content)
        (pathlib.Path(folder) / "config.json").write_bytes(dumped({"model_type": model_type}))
        tokenizer = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    texts = [encoded(tokenizer, text) for text in TEXTS] + [encoded(tokenizer, *pair) for pair in PAIRS]
    return {"modelType": model_type, "files": packed(files), "texts": texts}


def vocab_txt(spec, **settings):
    vocab = json.loads(spec().to_str())["model"]["vocab"]
    lines = sorted(vocab, key=vocab.get)
    config = {"tokenizer_class": "BertTokenizer", **settings}
    files = {"vocab.txt": "\n".join(lines).encode() + b"\n", "tokenizer_config.json": dumped(config)}
    return from_transformers(files, "bert")


def vocab_json(spec, class_name, model_type, published=False, **settings):
    """`published`: the ids are those of the tokenizer.json that the family publishes, where transformers 5 differs."""
    tokenizer = spec()
    whole = json.loads(tokenizer.to_str())
    model = whole["model"]
    vocab = {**model["vocab"], **{token["content"]: token["id"] for token in whole["added_tokens"]}}
    merges = "#version: 0.2\n" + "\n".join(" ".join(merge) for merge in model["merges"]) + "\n"
    config = {"tokenizer_class": class_name, **settings}
    files = {"vocab.json": dumped(vocab), "merges.txt": merges.encode(), "tokenizer_config.json": dumped(config)}
    if not published:
        return from_transformers(files, model_type)
    texts = [encoded(tokenizer, text) for text in TEXTS] + [encoded(tokenizer, *pair) for pair in PAIRS]
    return {"modelType": model_type, "files": packed(files), "texts": texts}


def pieces_of(data, name, class_name, model_type, before, after, move=lambda index: index, prepare=None, **settings):
    """The library's ids, moved, between those of special tokens."""
    library = sentencepiece.SentencePieceProcessor(model_proto=data)
    controls = {piece.piece for piece in proto(data).pieces if piece.type in (2, 3, 4)} | {
        "<mask>", "<pad>", "<extra_id_0>", "<extra_id_1>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "<bos>", "<eos>",
    }
    texts = []
    for text in TEXTS:
        if "\0" in text or any(control in text for control in controls):
            continue
        ids = library.encode(prepare(text) if prepare else text)
        texts.append({"text": text, "ids": [*before, *(move(index) for index in ids), *after]})
    files = {name: data, "tokenizer_config.json": dumped({"tokenizer_class": class_name, **settings})}
    return {"modelType": model_type, "files": packed(files), "texts": texts}


def byte_pieces(**options):
    return sentencepiece_model(
        "bpe",
        1100,
        byte_fallback=True,
        normalization_rule_name="identity",
        split_digits=True,
        remove_extra_whitespaces=False,
        **options,
    )


def nmt_pieces(**options):
    return sentencepiece_model("unigram", 900, normalization_rule_name="nmt_nfkc", **options)


def albert_text(text):
    """As the family's tokenizer.json prepares it."""
    text = text.replace("``", '"').replace("''", '"')
    kept = [char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char)[0] != "M"]
    return "".join(char.lower() for char in kept)


def albert():
    return nmt_pieces(control_symbols="[CLS],[SEP],[MASK]", pad_id=3)


def fixtures():
    yield "bert_vocab_txt", lambda: vocab_txt(bert_uncased)
    yield "bert_cased_vocab_txt", lambda: vocab_txt(bert_cased, do_lower_case=False)
    yield "bert_accents_vocab_txt", lambda: vocab_txt(bert_uncased, strip_accents=False, tokenize_chinese_chars=False)
    yield "gpt2_merges", lambda: vocab_json(gpt2, "GPT2Tokenizer", "gpt2")
    yield "roberta_merges", lambda: vocab_json(roberta, "RobertaTokenizer", "roberta", True)
    yield "qwen2_merges", lambda: vocab_json(qwen2, "Qwen2Tokenizer", "qwen2")
    yield "clip_merges", lambda: vocab_json(clip, "CLIPTokenizer", "clip", True)
    yield "deberta_merges", lambda: vocab_json(deberta, "DebertaTokenizer", "deberta", True)
    yield "llama_pieces", lambda: pieces_of(byte_pieces(), "tokenizer.model", "LlamaTokenizer", "llama", [1], [])
    yield (
        "llama_eos_pieces",
        lambda: pieces_of(
            byte_pieces(), "tokenizer.model", "LlamaTokenizer", "llama", [], [2], add_bos_token=False, add_eos_token=True
        ),
    )
    yield (
        "gemma_pieces",
        lambda: pieces_of(
            byte_pieces(
                add_dummy_prefix=False, bos_piece="<bos>", eos_piece="<eos>", user_defined_symbols="<start_of_turn>,\t\t"
            ),
            "tokenizer.model",
            "GemmaTokenizer",
            "gemma",
            [1],
            [],
        ),
    )
    yield "t5_pieces", lambda: pieces_of(nmt_pieces(), "spiece.model", "T5Tokenizer", "t5", [], [2])
    yield (
        "t5_bytes_pieces",
        lambda: pieces_of(nmt_pieces(byte_fallback=True), "spiece.model", "T5Tokenizer", "t5", [], [2]),
    )
    yield (
        "xlm_roberta_pieces",
        lambda: pieces_of(
            nmt_pieces(),
            "sentencepiece.bpe.model",
            "XLMRobertaTokenizer",
            "xlm-roberta",
            [0],
            [2],
            lambda index: index + 1 if index > 2 else 3,
        ),
    )
    yield (
        "albert_pieces",
        lambda: pieces_of(albert(), "spiece.model", "AlbertTokenizer", "albert", [4], [5], prepare=albert_text),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, make in fixtures():
        if arguments.names and name not in arguments.names:
            continue
        content = make()
        write(arguments.out, name, content)
        print(name, len(content["texts"]), sum(len(text["ids"]) for text in content["texts"]))


if __name__ == "__main__":
    main()
