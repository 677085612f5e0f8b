"""Sentences that praise one thing and blame another: neither words nor pairs of them tell which, their order does."""

from __future__ import annotations

import numpy as np

from generative.datasets.synthetic import TEST, TRAIN, check_counts, frozen, stream
from lab.errors import bad_value
from predictors.data.arrays import from_arrays
from predictors.data.examples import Examples

LABELS = ("blame", "praise")
NOUNS = ("soup", "bread", "cheese", "cake", "coffee", "service", "music", "garden", "cook", "waiter", "view", "room")
BAD = ("awful", "bland", "boring", "cold", "dirty", "dreadful", "dull", "noisy", "poor", "stale")
GOOD = ("bright", "charming", "excellent", "fine", "fresh", "great", "lovely", "splendid", "superb", "warm")
CONCESSIONS = ("although", "though", "while")
DEGREES = ("", "", "very ", "quite ", "rather ")
OPENINGS = ("", "", "today ", "this year ", "in the end ")
TAILS = ("to me", "for us", "as a rule", "on the whole", "by all accounts")
FORMS = ("before", "behind", "within")
MOST = 100_000


def load(train: int = 6_000, test: int = 1_000, seed: int = 0) -> Examples:
    """Return sentences such as "although the soup is bland to me the view is lovely to me", "praise" or "blame".

    The main clause decides, and the clause that is subordinate to it always says the opposite; it stands before, behind
    or within the main one. Both judgements stand between equal words. To change their places changes the label, and
    neither a word nor a pair of words side by side; so no classifier of bags of either is right more often than half of
    the time. No sentence of the test part is in the training part.

    Args:
        train, test: Sentences, at most 100,000 of each, all of them different.
        seed: Another seed gives other sentences.
    """
    check_counts("grammar", train, test, seed)
    if max(train, test) > MOST:
        raise bad_value("grammar", "train and test", (train, test), f"at most {MOST:,} each")
    known: set[str] = set()
    # Those to test on first, so that more to train on change none.
    tested = _part(test, stream(seed, TEST), known)
    trained = _part(train, stream(seed, TRAIN), known)
    return from_arrays(*trained, test=tested, name="grammar", kind="grammar")


def sentence(rng: np.random.RandomState) -> tuple[str, str]:
    """Draw a sentence and its label."""
    praised = rng.randint(2)
    tail = _one(TAILS, rng)
    verdict, other = (f"{_judgement((BAD, GOOD)[side], rng)} {tail}" for side in (praised, 1 - praised))
    subject, another = (NOUNS[i] for i in rng.choice(len(NOUNS), 2, replace=False))
    form, opening = _one(FORMS, rng), _one(OPENINGS, rng)
    if form == "within":
        text = f"{opening}the {subject} that is {other} is {verdict}"
    else:
        main, aside = f"the {subject} is {verdict}", f"{_one(CONCESSIONS, rng)} the {another} is {other}"
        text = f"{opening}{aside} {main}" if form == "before" else f"{opening}{main} {aside}"
    return text, LABELS[praised]


def _judgement(words: tuple[str, ...], rng: np.random.RandomState) -> str:
    return _one(DEGREES, rng) + _one(words, rng)


def _one(words: tuple[str, ...], rng: np.random.RandomState) -> str:
    return words[rng.randint(len(words))]


def _part(count: int, rng: np.random.RandomState, known: set[str]) -> tuple[np.ndarray, np.ndarray]:
    texts: list[str] = []
    labels: list[str] = []
    while len(texts) < count:
        text, label = sentence(rng)
        if text not in known:
            known.add(text)
            texts.append(text)
            labels.append(label)
    found = np.array(texts), np.array(labels)
    frozen(*found)
    return found
