"""Small tokenizers built as the families build theirs: normalizer, pre-tokenizer, model, post-processor, special tokens."""

import functools
import io

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_texts import CORPUS

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def special(*contents, **options):
    return [AddedToken(content, special=True, **options) for content in contents]


def byte_level_bpe(pre=None, normalizer=None, size=700, tokens=(), **model):
    """Byte-level BPE; `pre` splits before bytes become characters."""
    tokenizer = Tokenizer(models.BPE(**model))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(tokens),
        show_progress=False,
        continuing_subword_prefix=model.get("continuing_subword_prefix", ""),
        end_of_word_suffix=model.get("end_of_word_suffix", ""),
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def split_then_bytes(*patterns, behavior="isolated"):
    steps = [pre_tokenizers.Split(Regex(pattern), behavior) for pattern in patterns]
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def template(single, pair, **ids):
    return processors.TemplateProcessing(single=single, pair=pair, special_tokens=list(ids.items()))


def bracketed(tokenizer, first, last):
    """[CLS] A [SEP] B [SEP]."""
    return processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (first, last)],
    )


def around(tokenizer, single, pair):
    """A template of the tokens that stand in it."""
    tokens = {piece.split(":")[0] for piece in (single + " " + pair).split() if not piece.startswith("$")}
    return processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(token, tokenizer.token_to_id(token)) for token in sorted(tokens)]
    )


def with_added(json_text, *tokens):
    tokenizer = Tokenizer.from_str(json_text)
    tokenizer.add_special_tokens(list(tokens))
    return tokenizer


# Byte-level BPE


def gpt2():
    tokenizer = byte_level_bpe()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    return tokenizer


def gpt2_trimmed_prefix():
    tokenizer = byte_level_bpe(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True, add_prefix_space=True)
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    return tokenizer


def roberta():
    tokenizer = byte_level_bpe(tokens=["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens(special("<mask>", lstrip=True))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    return tokenizer


def deberta():
    tokenizer = byte_level_bpe(tokens=["[PAD]", "[CLS]", "[SEP]", "[UNK]"])
    tokenizer.add_special_tokens(special("[MASK]", lstrip=True))
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def modernbert():
    tokenizer = byte_level_bpe(normalizer=normalizers.NFC(), tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]"])
    tokenizer.add_special_tokens(special("[MASK]", lstrip=True))
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (4, 3, 2)])
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def gpt_neox():
    tokenizer = byte_level_bpe(normalizer=normalizers.NFC(), tokens=["<|endoftext|>", "<|padding|>"])
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(6, 1, -1)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def llama3():
    tokenizer = byte_level_bpe(split_then_bytes(LLAMA3), ignore_merges=True)
    tokenizer.add_special_tokens(special("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"))
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            around(tokenizer, "<|begin_of_text|> $A", "<|begin_of_text|> $A <|begin_of_text|>:1 $B:1"),
        ]
    )
    return tokenizer


def qwen2():
    tokenizer = byte_level_bpe(split_then_bytes(QWEN2), normalizer=normalizers.NFC())
    tokenizer.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def gpt_oss():
    tokenizer = byte_level_bpe(split_then_bytes(O200K), ignore_merges=True)
    tokenizer.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    return tokenizer


def cl100k():
    return byte_level_bpe(split_then_bytes(CL100K))


def deepseek():
    tokenizer = byte_level_bpe(split_then_bytes(r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK))
    tokenizer.add_special_tokens(special("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"))
    tokenizer.post_processor = around(
        tokenizer, "<｜begin▁of▁sentence｜> $A", "<｜begin▁of▁sentence｜> $A <｜begin▁of▁sentence｜>:1 $B:1"
    )
    return tokenizer


def bloom():
    tokenizer = byte_level_bpe(split_then_bytes(BLOOM), tokens=["<unk>", "<s>", "</s>", "<pad>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def falcon():
    steps = [
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
    ]
    tokenizer = byte_level_bpe(pre_tokenizers.Sequence(steps))
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    tokenizer.post_processor = around(tokenizer, "$A:0", "$A:0 $B:1")
    return tokenizer


def starcoder():
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer = byte_level_bpe(pre_tokenizers.Sequence(steps), tokens=["<|endoftext|>", "<fim_prefix>"])
    return tokenizer


def cohere():
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer = byte_level_bpe(
        pre_tokenizers.Sequence(steps), normalizer=normalizers.NFC(), tokens=["<PAD>", "<UNK>", "<BOS_TOKEN>"]
    )
    tokenizer.post_processor = around(tokenizer, "<BOS_TOKEN> $A", "<BOS_TOKEN> $A $B")
    return tokenizer


def clip():
    steps = [
        pre_tokenizers.Split(Regex(CLIP), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ]
    normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer = byte_level_bpe(
        pre_tokenizers.Sequence(steps),
        normalizer=normalizer,
        size=900,
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        unk_token="<|endoftext|>",
    )
    tokenizer.add_special_tokens(special("<|startoftext|>", "<|endoftext|>"))
    ids = [(token, tokenizer.token_to_id(token)) for token in ("<|endoftext|>", "<|startoftext|>")]
    tokenizer.post_processor = processors.RobertaProcessing(ids[0], ids[1], False, False)
    return tokenizer


def byte_level_normalizer():
    """Bytes as characters in the normalizer, and no pre-tokenizer but a split."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.ByteLevel()])
    tokenizer.pre_tokenizer = pre_tokenizers.FixedLength(7)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


# SentencePiece


@functools.cache
def sentencepiece_model(kind, size, **options):
    """A trained SentencePiece model, as the bytes of its file."""
    out = io.BytesIO()
    settings = {"character_coverage": 0.98, "byte_fallback": False, **options}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in CORPUS for line in text.split("\n") if "\0" not in line]),
        model_writer=out,
        model_type=kind,
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
        **settings,
    )
    return out.getvalue()


def proto(data):
    from transformers.convert_slow_tokenizer import import_protobuf

    model = import_protobuf().ModelProto()
    model.ParseFromString(data)
    return model


def spaced_merges(pieces):
    """Merges of a SentencePiece BPE: every two pieces that make a third, in the order of the pieces."""
    order = {piece: index for index, piece in enumerate(pieces)}
    merges = []
    for piece in pieces:
        found = [
            (piece[:cut], piece[cut:])
            for cut in range(1, len(piece))
            if piece[:cut] in order and piece[cut:] in order
        ]
        merges += sorted(found, key=lambda pair: (order[pair[0]], order[pair[1]]))
    return merges


def sentencepiece_bpe():
    data = sentencepiece_model("bpe", 1100, byte_fallback=True, normalization_rule_name="identity", split_digits=True)
    pieces = [piece.piece for piece in proto(data).pieces]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    merges = spaced_merges([piece for piece in pieces if piece not in BYTES])
    return models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)


def llama2():
    tokenizer = Tokenizer(sentencepiece_bpe())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>"))
    tokenizer.post_processor = around(tokenizer, "<s> $A", "<s> $A <s>:1 $B:1")
    return tokenizer


def llama2_metaspace():
    tokenizer = Tokenizer(sentencepiece_bpe())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>"))
    tokenizer.post_processor = around(tokenizer, "<s> $A </s>", "<s> $A </s> <s>:1 $B:1 </s>:1")
    return tokenizer


def gemma():
    tokenizer = Tokenizer(sentencepiece_bpe())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(special("<pad>", "<eos>", "<bos>", "<start_of_turn>"))
    tokenizer.add_tokens([AddedToken("\n" * n, normalized=False) for n in (2, 3)])
    tokenizer.post_processor = around(tokenizer, "<bos> $A", "<bos> $A <bos>:1 $B:1")
    return tokenizer


def unigram(pieces=(), **options):
    """A Unigram model and the normalizer of a SentencePiece file, with other pieces at its beginning."""
    model = proto(sentencepiece_model("unigram", 900, normalization_rule_name="nmt_nfkc", **options))
    own = [(piece.piece, piece.score) for piece in model.pieces][3:]
    scored = [(piece, 0.0) for piece in pieces] + own
    unknown = list(pieces).index("<unk>")
    charsmap = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    return models.Unigram(scored, unknown, options.get("byte_fallback", False)), charsmap


def t5():
    model, charsmap = unigram(["<pad>", "</s>", "<unk>"])
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [charsmap, normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens(special("<pad>", "</s>", "<unk>", *[f"<extra_id_{n}>" for n in range(3)]))
    tokenizer.post_processor = around(tokenizer, "$A </s>", "$A </s> $B </s>")
    return tokenizer


def xlm_roberta():
    model, charsmap = unigram(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([charsmap, normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([*special("<s>", "<pad>", "</s>", "<unk>"), *special("<mask>", lstrip=True)])
    tokenizer.post_processor = around(tokenizer, "<s> $A </s>", "<s> $A </s> </s> $B </s>")
    return tokenizer


def mbart():
    tokenizer = xlm_roberta()
    tokenizer.add_special_tokens(special("en_XX", "de_DE"))
    tokenizer.post_processor = around(tokenizer, "$A </s> en_XX", "$A $B </s> en_XX")
    return tokenizer


def deberta_v2():
    model, charsmap = unigram(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "<unk>"])
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), charsmap, normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("isolated"), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(special("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"))
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def albert():
    model, charsmap = unigram(["<pad>", "<unk>", "[CLS]", "[SEP]"])
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("``", '"'),
            normalizers.Replace("''", '"'),
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            charsmap,
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([*special("<pad>", "<unk>", "[CLS]", "[SEP]"), *special("[MASK]", lstrip=True)])
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def xlnet():
    model, charsmap = unigram(["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>"])
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Nmt(), charsmap]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>"))
    tokenizer.post_processor = around(
        tokenizer, "$A:0 <sep>:0 <cls>:2", "$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2"
    )
    return tokenizer


def unigram_bytes():
    model, charsmap = unigram(["<pad>", "<unk>"], byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = charsmap
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tokenizer


# WordPiece


def wordpiece(size=900, **normalizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=tokens, show_progress=False, limit_alphabet=400
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def bert_uncased():
    tokenizer = wordpiece(lowercase=True)
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def bert_cased():
    tokenizer = wordpiece(lowercase=False)
    ids = [(token, tokenizer.token_to_id(token)) for token in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ids)
    return tokenizer


def bert_accents():
    """Lower case that keeps accents, Chinese in words, control characters kept."""
    tokenizer = wordpiece(lowercase=True, strip_accents=False, handle_chinese_chars=False, clean_text=False)
    tokenizer.post_processor = bracketed(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def bert_single_words():
    """Added tokens that only stand for whole words, some of them normalised first."""
    tokenizer = wordpiece(lowercase=True, strip_accents=True)
    tokenizer.add_tokens(
        [
            AddedToken("free", single_word=True),
            AddedToken("Équal", single_word=True, normalized=True),
            AddedToken("RIGHT", lstrip=True, rstrip=True, normalized=True),
            AddedToken("中文", normalized=False),
            AddedToken("in", single_word=True, normalized=False, lstrip=True),
        ]
    )
    return tokenizer


# Others


def openai_gpt():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=800, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False, limit_alphabet=150
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def bpe_prefix():
    """BPE whose pieces inside of words have a prefix, and unknown characters are joined."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<unk>"],
        continuing_subword_prefix="##",
        show_progress=False,
        limit_alphabet=120,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(vocab_size=300, special_tokens=["[UNK]", "[BOS]"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = around(tokenizer, "[BOS] $A", "[BOS] $A [BOS]:1 $B:1")
    return tokenizer


def characters():
    """A character a token, split in every way there is."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="?"))
    tokenizer.normalizer = normalizers.Replace(Regex("[aeiou]"), "<vowel>")
    steps = [
        pre_tokenizers.CharDelimiterSplit(","),
        pre_tokenizers.Split("th", "merged_with_next"),
        pre_tokenizers.Split(Regex(r"[.!?]+"), "contiguous"),
        pre_tokenizers.Split(Regex(r"\p{Lu}"), "merged_with_previous", invert=True),
        pre_tokenizers.Split(Regex(r""), "isolated"),
    ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    trainer = trainers.WordLevelTrainer(vocab_size=300, special_tokens=["?"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


SPECS = [
    gpt2,
    gpt2_trimmed_prefix,
    roberta,
    deberta,
    modernbert,
    gpt_neox,
    llama3,
    qwen2,
    gpt_oss,
    cl100k,
    deepseek,
    bloom,
    falcon,
    starcoder,
    cohere,
    clip,
    byte_level_normalizer,
    llama2,
    llama2_metaspace,
    gemma,
    t5,
    xlm_roberta,
    mbart,
    deberta_v2,
    albert,
    xlnet,
    unigram_bytes,
    bert_uncased,
    bert_cased,
    bert_accents,
    bert_single_words,
    openai_gpt,
    bpe_prefix,
    word_level,
    characters,
]
