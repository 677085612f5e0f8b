"""What classifiers that need no design reach on the same rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import bad_value
from predictors.baselines.answers import Baselines
from predictors.baselines.rows import (
    BUDGET,
    MOST_ROWS,
    boosting_rounds,
    check_inputs,
    chosen,
    joined,
    learning_rate,
)
from predictors.metrics.checks import check_codes

MOST_ITERATIONS = 500


def classification_baselines(
    train_inputs: ArrayLike,
    train_codes: ArrayLike,
    test_inputs: ArrayLike,
    classes: int,
    *,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    budget: float = BUDGET,
    most_iterations: int = MOST_ITERATIONS,
) -> Baselines:
    """Return the class probabilities of a few baselines for the test rows.

    - `majority_class`: the training rows' class frequencies for every row;
    - `logistic_regression`: scikit-learn's, on standardised features, L2 with C = 1;
    - `gradient_boosting`: scikit-learn's `HistGradientBoostingClassifier`, 100 rounds or what the budget allows.

    `.notes` says where rows or rounds were capped, `.left_out` why one is missing.

    Args:
        train_inputs: (N, D), finite.
        train_codes: Classes, whole numbers (N,) in [0, K).
        test_inputs: (M, D), finite.
        classes: K; a class without a training row gets the probability 0.
        seed: Of the drawn rows and of boosting.
        most_rows: More training rows than that are not used, but for the majority.
        budget: About how many seconds boosting may take on one slow core; fewer rounds keep it.
        most_iterations: Of logistic regression, if it has not converged before.

    Returns:
        By name float64 (M, K).

    Raises:
        UsageError: On rows, widths or codes that do not fit.
    """
    owner = "classification_baselines"
    train, test = check_inputs(owner, train_inputs, test_inputs)
    codes = check_codes(owner, train_codes, classes, "train_codes")
    if len(codes) != len(train):
        raise bad_value(owner, "train_codes", f"{len(codes)} codes", f"one for each of {len(train)} training rows")
    answers = Baselines()
    frequencies = np.bincount(codes, minlength=classes) / len(codes)
    answers["majority_class"] = np.tile(frequencies, (len(test), 1))
    rows, note = chosen(len(train), most_rows, seed)
    train, codes = train[rows], codes[rows]
    if len(np.unique(codes)) < 2:
        reason = f"all {len(codes)} training rows are of class {codes[0]}"
        answers.left_out.update(dict.fromkeys(("logistic_regression", "gradient_boosting"), reason))
        return answers
    fits = {
        "logistic_regression": lambda: _logistic_regression(train, codes, seed, most_iterations),
        "gradient_boosting": lambda: _gradient_boosting(train, codes, seed, budget),
    }
    for name, fit in fits.items():
        model, more = fit()
        answers[name] = _aligned(model, test, classes)
        if note or more:
            answers.notes[name] = joined(note, more)
    return answers


def _logistic_regression(train: NDArray[np.float64], codes: NDArray[np.int64], seed: int, most: int) -> tuple[Any, str]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(max_iter=most, random_state=seed)
    pipeline = make_pipeline(StandardScaler(), model)
    with threadpool_limits(1), warnings.catch_warnings():
        # The note says it, where the table is read.
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(train, codes)
    stopped = int(model.n_iter_.max()) >= most
    return pipeline, f"stopped after {most} iterations, not converged" if stopped else ""


def _gradient_boosting(
    train: NDArray[np.float64], codes: NDArray[np.int64], seed: int, budget: float
) -> tuple[Any, str]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    present = len(np.unique(codes))
    rounds, note = boosting_rounds(len(train), train.shape[1], 1 if present == 2 else present, budget)
    # Early stopping would hold out a tenth, which a class of one row does not survive.
    model = HistGradientBoostingClassifier(
        max_iter=rounds, learning_rate=learning_rate(rounds), early_stopping=False, random_state=seed
    )
    with threadpool_limits(1):
        model.fit(train, codes)
    return model, note


def _aligned(model: Any, test: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Return probabilities with a column for each class, also for those that the model never met."""
    from threadpoolctl import threadpool_limits

    probabilities = np.zeros((len(test), classes))
    with threadpool_limits(1):
        probabilities[:, model.classes_] = model.predict_proba(test)
    return probabilities
