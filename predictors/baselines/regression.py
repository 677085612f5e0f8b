"""What regressors that need no design reach on the same rows."""

from __future__ import annotations

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
from predictors.metrics.checks import check_numbers


def regression_baselines(
    train_inputs: ArrayLike,
    train_targets: ArrayLike,
    test_inputs: ArrayLike,
    *,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    budget: float = BUDGET,
) -> Baselines:
    """Return the predictions of a few baselines for the test rows.

    - `mean`: the training targets' mean for every row;
    - `ridge`: scikit-learn's, on standardised features, alpha = 1;
    - `gradient_boosting`: scikit-learn's `HistGradientBoostingRegressor`, a model a target, 100 rounds or what the
      budget allows.

    `.notes` says where rows or rounds were capped.

    Args:
        train_inputs: (N, D), finite.
        train_targets: (N,) or (N, T), finite.
        test_inputs: (M, D), finite.
        seed: Of the drawn rows and of boosting.
        most_rows: More training rows than that are not used, but for the mean.
        budget: About how many seconds boosting may take on one slow core; fewer rounds keep it.

    Returns:
        By name float64 (M,) or (M, T).

    Raises:
        UsageError: On rows, widths or targets that do not fit.
    """
    owner = "regression_baselines"
    train, test = check_inputs(owner, train_inputs, test_inputs)
    targets = check_numbers(owner, "train_targets", train_targets)
    if targets.ndim > 2 or len(targets) != len(train):
        expected = f"(N,) or (N, T) for the {len(train)} training rows"
        raise bad_value(owner, "train_targets of shape", targets.shape, expected)
    answers = Baselines()
    answers["mean"] = np.tile(targets.mean(axis=0), (len(test), *[1] * (targets.ndim - 1)))
    rows, note = chosen(len(train), most_rows, seed)
    train, targets = train[rows], targets[rows]
    answers["ridge"] = _ridge(train, targets, test)
    answers["gradient_boosting"], fewer = _gradient_boosting(train, targets, test, seed, budget)
    answers.notes = {name: text for name, text in (("ridge", note), ("gradient_boosting", joined(note, fewer))) if text}
    return answers


def _ridge(train: NDArray[np.float64], targets: NDArray[np.float64], test: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        predicted = make_pipeline(StandardScaler(), Ridge(1.0)).fit(train, targets).predict(test)
    return np.asarray(predicted, np.float64)


def _gradient_boosting(
    train: NDArray[np.float64], targets: NDArray[np.float64], test: NDArray[np.float64], seed: int, budget: float
) -> tuple[NDArray[np.float64], str]:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    columns = targets.reshape(len(targets), -1).T
    rounds, note = boosting_rounds(len(train), train.shape[1], len(columns), budget)
    with threadpool_limits(1):
        predicted = [
            HistGradientBoostingRegressor(
                max_iter=rounds, learning_rate=learning_rate(rounds), early_stopping=False, random_state=seed
            )
            .fit(train, column)
            .predict(test)
            for column in columns
        ]
    return np.stack(predicted, axis=1).reshape(len(test), *targets.shape[1:]), note
