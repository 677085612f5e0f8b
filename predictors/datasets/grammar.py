"""Sentences whose verb agrees with their subject or does not: a bag of words cannot tell, the order of words can."""

from __future__ import annotations

import numpy as np

from generative.datasets.synthetic import TEST, TRAIN, check_counts, frozen, stream
from lab.errors import bad_value
from predictors.data.arrays import from_arrays
from predictors.data.examples import Examples

RIGHT, WRONG = "right", "wrong"
NOUNS = [
    "dog",
    "cat",
    "boy",
    "girl",
    "king",
    "queen",
    "doctor",
    "farmer",
    "singer",
    "pilot",
    "baker",
    "nurse",
    "teacher",
    "clown",
    "robot",
    "uncle",
]
VERBS = ["sleep", "sing", "wait", "laugh", "run", "dance", "smile", "work", "cough", "dream", "swim", "shout"]
SEEN = ["saw", "praised", "followed", "feared", "helped", "called"]
PREPOSITIONS = ["near", "behind", "beside", "with", "above", "before"]
ADJECTIVES = ["old", "young", "tall", "quiet", "happy", "clever", "tired", "brave"]
ADVERBS = ["today", "often", "again", "outside", "alone", "quickly"]
MOST = 100_000


def load(train: int = 6_000, test: int = 1_000, seed: int = 0) -> Examples:
    """Return sentences such as "near the cats the old dog sleeps", labelled "right" or "wrong".

    The verb must agree in number with the subject, between which and the verb other nouns may stand (Linzen et al.
    2016). Subject and other nouns change places in half of the sentences, and their numbers are drawn so that the words
    of a sentence without their order say nothing of the label: no classifier of bags of words is right more often than
    half of the time. No sentence of the test part is in the training part.

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
    count = 2 if rng.uniform() < 0.6 else 3
    plural = bool(rng.randint(2))
    # With three nouns the two others are both unlike the subject, or one of each: then either number of the subject is
    # as likely for given words. With two, the other is unlike it.
    others = [not plural] * (count - 1)
    if count == 3 and rng.randint(2):
        others[rng.randint(2)] = plural
    label = (RIGHT, WRONG)[rng.randint(2)]
    stems = [NOUNS[i] for i in rng.choice(len(NOUNS), count, replace=False)]
    subject, *rest = [_noun(stem, many, rng) for stem, many in zip(stems, [plural, *others], strict=True)]
    verb = VERBS[rng.randint(len(VERBS))] + ("" if plural == (label == RIGHT) else "s")
    front, behind = "", ""
    for noun in rest:
        place = rng.randint(3)
        if place == 0 and not front:
            front = f"{_one(PREPOSITIONS, rng)} {noun} "
        elif place == 1 and not behind:
            # The past has one form for both numbers.
            behind = f" that {noun} {_one(SEEN, rng)}"
        else:
            behind += f" {_one(PREPOSITIONS, rng)} {noun}"
    adverb = f" {_one(ADVERBS, rng)}" if rng.randint(2) else ""
    return f"{front}{subject}{behind} {verb}{adverb}", label


def _noun(stem: str, plural: bool, rng: np.random.RandomState) -> str:
    adjective = f"{_one(ADJECTIVES, rng)} " if rng.randint(2) else ""
    return f"the {adjective}{stem}{'s' if plural else ''}"


def _one(words: list[str], rng: np.random.RandomState) -> str:
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
