"""Writes pairs.json: ROUGE-L F1 over words and over characters, by rouge-score 0.1.2.

    python -m pip install rouge-score==0.1.2
    python golden/rouge/make.py > golden/rouge/pairs.json
"""

import json
import random

from rouge_score import rouge_scorer, tokenizers


class Characters(tokenizers.Tokenizer):
    """Every character is a token."""

    def tokenize(self, text):
        return list(text)


words = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
characters = rouge_scorer.RougeScorer(["rougeL"], tokenizer=Characters())

rng = random.Random(7)
vocabulary = "the a cat dog sat ran on mat 3 17 Reverse, sort: DIGITS of-list. yes no, it's x".split()


def sentence():
    return " ".join(rng.choice(vocabulary) for _ in range(rng.randint(0, 12)))


pairs = [
    ("", ""),
    ("", "a"),
    ("The cat sat.", "the black cat ran"),
    ("police killed the gunman", "police kill the gunman"),
    ("police killed the gunman", "the gunman kill police"),
    ("abcbdab", "bdcaba"),
    ("...", "!!!"),
    ("snake_case and CamelCase", "snake case and camelcase"),
]
pairs += [(sentence(), sentence()) for _ in range(200)]
rows = [
    {
        "a": a,
        "b": b,
        "words": words.score(a, b)["rougeL"].fmeasure,
        "characters": characters.score(a, b)["rougeL"].fmeasure,
    }
    for a, b in pairs
]
print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")
