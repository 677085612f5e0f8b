"""Check the rows that baselines learn from, and keep their number and the rounds of boosting within bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.metrics.checks import check_rows

MOST_ROWS = 10_000
BUDGET = 60.0
ROUNDS = 100
FEWEST_ROUNDS = 5
# Seconds that scikit-learn's boosting takes a tree and feature on one slow core, and a row more of it: least squares of
# relative errors over eleven sizes, 300 x 10 to 10,000 x 784. Pixels of few values take about half.
A_TREE, A_ROW = 1.4e-5, 8e-9


def check_inputs(owner: str, train: ArrayLike, test: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return training and test inputs, (N, D) and (M, D), without the features that never vary in training."""
    a, b = check_rows(owner, "train_inputs", train), check_rows(owner, "test_inputs", test)
    if a.shape[1] != b.shape[1]:
        raise bad_value(owner, "inputs of widths", (a.shape[1], b.shape[1]), "one width for train and test")
    # They teach nothing, such as the pixels at the rim of a picture, but boosting would take its time for each.
    varying = (a != a[0]).any(axis=0)
    return (a[:, varying], b[:, varying]) if varying.any() else (a[:, :1], b[:, :1])


def chosen(rows: int, most: int, seed: int) -> tuple[NDArray[np.int64], str]:
    """Return the rows to train on, rising, and a note where they are not all."""
    if rows <= most:
        return np.arange(rows), ""
    drawn = np.random.default_rng(seed).choice(rows, most, replace=False)
    return np.sort(drawn), f"trained on {most} of {rows} rows, drawn by the seed"


def boosting_rounds(rows: int, features: int, outputs: int, budget: float) -> tuple[int, str]:
    """Return how many rounds of boosting fit into a budget, and a note where they are fewer than usual.

    The time is estimated from the sizes, never measured, so that a slow machine gives the same answers.

    Args:
        rows, features: Of the training inputs.
        outputs: Trees a round.
        budget: About how many seconds it may take on one slow core.
    """
    round_cost = outputs * features * (A_TREE + A_ROW * rows)
    rounds = int(np.clip(budget / round_cost, FEWEST_ROUNDS, ROUNDS))
    return rounds, "" if rounds == ROUNDS else f"{rounds} of {ROUNDS} rounds of boosting, to stay within the budget"


def learning_rate(rounds: int) -> float:
    """Return the step of each round: scikit-learn's own 0.1, and larger ones where there are few."""
    return min(0.3, 0.1 * ROUNDS / rounds)


def joined(*notes: str) -> str:
    """Return notes as one line; empty ones are left out."""
    return "; ".join(note for note in notes if note)
