"""Text and token sequences for the induction sample.

Everything is generated here, so that the sample can be made again without
downloading anything: a small grammar writes English sentences, and random
token sequences are drawn from the whole vocabulary. Both are repeated inside
one sequence, because a repeated sequence is what an induction head predicts.
"""

import random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"

# The sentence that the sample's README suggests, and the fixture is made from.
SENTENCE = "The quick brown fox jumps over the lazy dog."
REPEATED_SENTENCE = f"{SENTENCE} {SENTENCE}"

NAMES = "Alice Anna Ben Carlos David Emma Harry John Lily Maria Mary Nina Omar Peter Sarah Tom".split()
ADJECTIVES = (
    "big black blue bright brown clever cold dark gentle golden green happy heavy hungry "
    "lazy little lonely long new old quick quiet red sad sharp silver small soft strange "
    "tall tired warm white wild wise yellow young"
).split()
ANIMALS = (
    "bear bird cat cow crow dog dragon duck fish fox frog horse lion monkey mouse owl "
    "rabbit sheep tiger wolf"
).split()
PEOPLE = "baker boy child doctor farmer friend girl king man queen sailor student teacher woman".split()
THINGS = (
    "apple ball basket bell boat book box bread bridge candle chair clock coat coin cup "
    "door flower hat house key lamp letter map mirror picture ring rope stone table tree "
    "wheel window"
).split()
PLURALS = "birds books boys cats dogs ducks flowers girls horses houses stones trees windows".split()
PLACES = (
    "bridge castle city farm field forest garden hill island kitchen library market "
    "mountain river road school sea street tower town valley village"
).split()
MOVES = "climbs flies hides jumps runs sings sits sleeps swims waits walks".split()
ACTIONS = (
    "breaks brings builds buys carries draws drops finds follows gives helps holds keeps "
    "likes loses loves makes opens paints reads sees sells takes wants watches"
).split()
PREPOSITIONS = "across around behind below from in into near on over past through to towards under with".split()
ADVERBS = "again alone always late never often quickly quietly slowly sometimes soon there today".split()
NUMBERS = "two three four five six seven eight nine ten".split()
OPENINGS = "At night|In the morning|After the storm|Every day|One day|Once upon a time|Then".split("|")


class Sentences:
    """Writes simple English sentences, and passages in which some are repeated."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def _noun_phrase(self, nouns: list[str]) -> str:
        choose = self.rng.choice
        adjectives = self.rng.sample(ADJECTIVES, self.rng.choices([0, 1, 2], [3, 4, 2])[0])
        determiner = choose(["the", "the", "the", "a", "this", "that", "my", "your", "his", "her", "our"])
        words = [*adjectives, choose(nouns)]
        if determiner == "a" and words[0][0] in "aeiou":
            determiner = "an"
        return " ".join([determiner, *words])

    def _subject(self) -> str:
        if self.rng.random() < 0.3:
            return self.rng.choice([*NAMES, "he", "she", "it"])
        return self._noun_phrase(ANIMALS + PEOPLE)

    def _place(self) -> str:
        return f"{self.rng.choice(PREPOSITIONS)} {self._noun_phrase(PLACES + THINGS + ANIMALS)}"

    def _clause(self) -> str:
        choose = self.rng.choice
        kind = self.rng.randrange(6)
        if kind == 0:
            return f"{self._subject()} {choose(MOVES)} {self._place()}"
        if kind == 1:
            return f"{self._subject()} {choose(ACTIONS)} {self._noun_phrase(THINGS)}"
        if kind == 2:
            return f"{self._subject()} {choose(ACTIONS)} {self._noun_phrase(ANIMALS + PEOPLE)} {self._place()}"
        if kind == 3:
            return f"{self._subject()} {choose(MOVES)} {choose(ADVERBS)}"
        if kind == 4:
            return f"{self._subject()} is {choose(['', 'not ', 'very '])}{choose(ADJECTIVES)}"
        return f"there are {choose(NUMBERS)} {choose(ADJECTIVES)} {choose(THINGS)}s {self._place()}"

    def sentence(self) -> str:
        text = self._clause()
        chance = self.rng.random()
        if chance < 0.15:
            text = f"{self.rng.choice(OPENINGS)}, {text}"
        elif chance < 0.4:
            text = f"{text}{self.rng.choice([' and ', ', but ', ' because ', ' when ', ' while '])}{self._clause()}"
        return text[0].upper() + text[1:] + self.rng.choices([".", "!", "?"], [8, 1, 1])[0]

    def passage(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def text_with_repeats(self, characters: int) -> str:
        """At least `characters` of text: passages of one to three sentences, most of them said several times."""
        parts: list[str] = []
        while sum(map(len, parts)) < characters:
            passage = self.passage(self.rng.randint(1, 3))
            parts += [passage] * self.rng.choices([1, 2, 3, 4], [2, 4, 2, 1])[0]
        return " ".join(parts)


def train_tokenizer(vocab_size: int, seed: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE as GPT-2 has it: any text can be encoded, and frequent words are one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    sentences = Sentences(seed)
    # Each sentence a document of its own, and again after a space: "The" and " The" are different tokens.
    corpus = (text for _ in range(20_000) for sentence in [sentences.sentence()] for text in (sentence, f" {sentence}"))
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )


class TrainingStream:
    """Endless batches of token ids, [rows, length]: half random sequences, half text."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, length: int, seed: int):
        self.tokenizer = tokenizer
        self.length = length
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.sentences = Sentences(seed)

    def _random_row(self) -> torch.Tensor:
        """A random sequence, repeated 2 to 4 times after some unrelated tokens, and cut to length."""
        repeats = self.rng.randint(2, 4)
        period = self.rng.randint(4, self.length // repeats)
        lead_in = self.rng.randint(0, self.length - repeats * period)
        tail = self.length - lead_in - repeats * period
        before, unit, after = (self._random_tokens(n) for n in (lead_in, period, tail))
        return torch.cat([before, unit.repeat(repeats), after])

    def _random_tokens(self, count: int) -> torch.Tensor:
        # Token 0 is <|endoftext|>, which never occurs inside a sequence.
        return torch.randint(1, len(self.tokenizer), (count,), generator=self.generator)

    def _text_row(self) -> torch.Tensor:
        # A token is at most some ten characters long, so this is always enough to fill the row.
        text = self.sentences.text_with_repeats(10 * self.length)
        return torch.tensor(self.tokenizer(text)["input_ids"][: self.length])

    def batch(self, rows: int) -> torch.Tensor:
        half = rows // 2
        random_rows = [self._random_row() for _ in range(half)]
        text_rows = [self._text_row() for _ in range(rows - half)]
        return torch.stack(random_rows + text_rows)


def repeated_random_sequences(vocab_size: int, period: int, rows: int, seed: int) -> torch.Tensor:
    """Held-out test: `period` different random tokens, then the same again. [rows, 2 * period]"""
    generator = torch.Generator().manual_seed(seed)
    units = [1 + torch.randperm(vocab_size - 1, generator=generator)[:period] for _ in range(rows)]
    return torch.stack(units).repeat(1, 2)


def repeated_passages(
    tokenizer: PreTrainedTokenizerFast, max_length: int, rows: int, seed: int
) -> list[tuple[torch.Tensor, int]]:
    """Held-out test: (token ids of a passage said twice, the position at which it begins again)."""
    sentences = Sentences(seed)
    passages: list[tuple[torch.Tensor, int]] = []
    while len(passages) < rows:
        passage = sentences.passage(2)
        ids = tokenizer(f"{passage} {passage}")["input_ids"]
        if len(ids) <= max_length:
            passages.append((torch.tensor(ids), len(tokenizer(passage)["input_ids"])))
    return passages
