"""Sentences: words alone tell nothing of them, their order tells all."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from generative.datasets.synthetic import stream
from lab.errors import UsageError
from predictors.datasets import grammar


@pytest.fixture(scope="module")
def data():
    return grammar.load(train=800, test=200)


def read(text):
    """Return the label by the rules alone: what is said outside of the subordinate clause."""
    words = text.split()
    verbs = [i for i, word in enumerate(words) if word == "is"]
    judged = [next(w for w in words[i + 1 :] if w in grammar.GOOD + grammar.BAD) for i in verbs]
    if "that" in words:
        main = judged[1]
    else:
        aside = next(i for i, word in enumerate(words) if word in grammar.CONCESSIONS)
        main = judged[0] if aside > verbs[0] else judged[1]
    return "praise" if main in grammar.GOOD else "blame"


def test_labels_follow_the_main_clause(data):
    for part in (data.train, data.test):
        assert [read(text) for text in part.inputs["input"]] == part.targets["target"].tolist()


def pairs(text):
    words = text.split()
    return Counter(zip(["", *words], [*words, ""], strict=True))


def test_words_and_pairs_without_their_order_say_nothing():
    """Each sentence has a counterpart of the same words and pairs and the other label, drawn as often."""
    rng = stream(3, 0)
    for _ in range(200):
        text, label = grammar.sentence(rng)
        words = text.split()
        places = [i for i, word in enumerate(words) if word in grammar.GOOD + grammar.BAD]
        assert len(places) == 2 and sum(words[i] in grammar.GOOD for i in places) == 1
        (start, end), (start_of_other, end_of_other) = ((i if words[i - 1] == "is" else i - 1, i + 1) for i in places)
        swapped = [*words[:start], *words[start_of_other:end_of_other], *words[end:start_of_other],
                   *words[start:end], *words[end_of_other:]]  # fmt: skip
        assert pairs(" ".join(swapped)) == pairs(text) and read(" ".join(swapped)) != label


def test_no_sentence_is_in_two_parts_and_none_twice(data):
    train, test = ({*part.inputs["input"]} for part in (data.train, data.test))
    assert len(train) == 800 and len(test) == 200 and not train & test
    counts = np.unique(data.train.targets["target"], return_counts=True)[1]
    assert abs(counts[0] - 400) < 60


def test_seeds_and_counts_are_the_users(data):
    more = grammar.load(train=900, test=200)
    assert more.test.inputs["input"].tolist() == data.test.inputs["input"].tolist()
    assert grammar.load(train=800, test=200).fingerprint() == data.fingerprint()
    assert grammar.load(train=800, test=200, seed=1).fingerprint() != data.fingerprint()
    with pytest.raises(UsageError, match="at most 100,000"):
        grammar.load(train=200_000)
    with pytest.raises(UsageError, match="train received 0"):
        grammar.load(train=0)
