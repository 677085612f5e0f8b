"""What simpler methods reach on the very examples that a predictor trains and is tested on."""

from __future__ import annotations

from typing import Any

import numpy as np

from predictors.baselines.answers import Baselines
from predictors.baselines.classification import classification_baselines
from predictors.baselines.regression import regression_baselines
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.field import Field
from predictors.data.words import plain
from predictors.metrics.classification import classification_metrics
from predictors.metrics.regression import regression_metrics
from predictors.metrics.table import MetricTable

# Columns of word counts; frames of a sound's spectrum are averaged.
MOST_WORDS = 2_000
BANDS = 64


def classification(predictor: Any, data: Examples, **limits: Any) -> dict[str, MetricTable]:
    """Return the metrics of the majority class, logistic regression and gradient boosting, by name.

    Args:
        predictor: Built.
        data: Its examples.
        limits: `most_rows`, `budget` and `most_iterations` of `classification_baselines`.
    """
    field = data.spec.targets[0]
    train, test = tables(data.spec, data.train, data.test)
    codes, known = (field.codes(part.targets[field.name]) for part in (data.train, data.test))
    seed = predictor.seeds.integer("evaluation", 2)
    found = classification_baselines(train, codes, test, field.classes or 0, seed=seed, **limits)
    return _of_first_target(predictor, found, {n: classification_metrics(v, known) for n, v in found.items()})


def regression(predictor: Any, data: Examples) -> dict[str, MetricTable]:
    """Return the metrics of the mean, ridge regression and gradient boosting, by name."""
    field = data.spec.targets[0]
    train, test = tables(data.spec, data.train, data.test)
    wanted, known = (np.asarray(p.targets[field.name], np.float64) for p in (data.train, data.test))
    found = regression_baselines(train, wanted, test, seed=predictor.seeds.integer("evaluation", 2))
    shaped = {name: np.reshape(values, known.shape) for name, values in found.items()}
    return _of_first_target(predictor, found, {n: regression_metrics(v, known) for n, v in shaped.items()})


def tables(spec: ExampleSpec, train: Part, test: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return all inputs of each example side by side as numbers, float64 (N, D) and (M, D)."""
    pairs = [columns(field, train.inputs[field.name], test.inputs[field.name]) for field in spec.inputs]
    return tuple(np.concatenate(parts, axis=1) for parts in zip(*pairs, strict=True))  # type: ignore[return-value]


def columns(field: Field, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an input as columns of numbers: words by TF-IDF, sounds by their mean spectrum, others as they are."""
    if field.kind == "text":
        from sklearn.feature_extraction.text import TfidfVectorizer

        # Words as the network reads them; scikit-learn's own rule knows none of one letter.
        words = TfidfVectorizer(
            max_features=MOST_WORDS, ngram_range=(1, 2), preprocessor=plain, tokenizer=str.split, token_pattern=None
        )
        return words.fit_transform(train).toarray(), words.transform(test).toarray()
    if field.kind == "sound":
        return spectra(train), spectra(test)
    return tuple(np.asarray(v, np.float64).reshape(len(v), -1) for v in (train, test))  # type: ignore[return-value]


def spectra(waves: np.ndarray) -> np.ndarray:
    """Return the logarithm of each sound's mean power in bands of equal width, float64 (N, bands)."""
    power = np.abs(np.fft.rfft(np.asarray(waves, np.float64), axis=1)) ** 2
    parts = np.array_split(power, min(BANDS, power.shape[1]), axis=1)
    return np.log(np.stack([part.mean(axis=1) for part in parts], axis=1) + 1e-12)


def _of_first_target(predictor: Any, found: Baselines, scores: dict[str, MetricTable]) -> dict[str, MetricTable]:
    """Return scores by the names that the predictor's own have, with what baselines say of themselves."""
    head, tables = predictor.heads[0], {}
    for baseline, given in scores.items():
        table = tables[baseline] = MetricTable()
        table.update({predictor.metric_name(head, name): value for name, value in given.items()})
        table.left_out.update({predictor.metric_name(head, name): why for name, why in given.left_out.items()})
        if baseline in found.notes:
            table.left_out["note"] = found.notes[baseline]
    return tables
