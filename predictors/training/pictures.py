"""What predictors show: figures of what they get right and wrong on the test examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from predictors.data.examples import Examples, ExampleSpec
from predictors.data.field import Field
from predictors.figures.anomalies import anomalies_figure
from predictors.figures.classes.confusion import confusion_figure
from predictors.figures.classes.mistakes import mistakes_figure
from predictors.figures.classes.reliability import reliability_figure
from predictors.figures.classes.scores import scores_figure
from predictors.figures.classes.thresholds import curves_figure
from predictors.figures.clusters import clusters_figure
from predictors.figures.maps import map_figure
from predictors.figures.numbers.regression import regression_figure
from predictors.metrics.anomalies import mahalanobis_distance, max_probability_score, neighbour_distance
from predictors.metrics.classification import confusion_matrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = ("confusion", "scores", "curves", "reliability", "mistakes", "map", "clusters", "anomalies")
NUMBERS = ("predictions",)
# Characters of a text that stand beside its point on a map.
EXCERPT = 60
# Training examples from which the distances of others are taken.
MOST_KNOWN = 5_000


def kinds_of(spec: ExampleSpec, has_features: bool) -> tuple[str, ...]:
    """Return what a classifier of such examples can show; the first is the default."""
    pictures = len(spec.inputs) == 1 and is_picture(spec.inputs[0])
    absent = {*(() if pictures else ("mistakes",)), *(() if has_features else ("map", "clusters", "anomalies"))}
    return tuple(kind for kind in CLASSES if kind not in absent)


def is_picture(field: Field) -> bool:
    """Return whether an input can be shown as a grey or coloured picture."""
    return field.kind == "image" and (len(field.shape) == 2 or field.shape[-1] in (1, 3))


def of_classes(kind: str, predictor: Any, data: Examples) -> Figure:
    """Return a figure of a classifier's first target, one of `CLASSES`."""
    field, part = predictor.heads[0].field, data.test
    codes, names = field.codes(part.targets[field.name]), field.words
    if kind == "clusters":
        words = words_of(data, field, predictor.probabilities(part.inputs).argmax(axis=1))
        return clusters_figure(predictor.features(part.inputs), codes, len(names), words=words)
    if kind == "map":
        return map_of(predictor.features(part.inputs), data, field, predictor.probabilities(part.inputs).argmax(axis=1))
    probabilities = predictor.probabilities(part.inputs)
    if kind == "anomalies":
        return anomalies_of(predictor, data, field, probabilities)
    if kind in ("confusion", "scores"):
        matrix = confusion_matrix(probabilities.argmax(axis=1), codes, len(names))
        return confusion_figure(matrix, names) if kind == "confusion" else scores_figure(matrix, names)
    if kind == "curves":
        return curves_figure(probabilities, codes, names)
    if kind == "reliability":
        return reliability_figure(probabilities, codes)
    shown = data.spec.inputs[0]
    return mistakes_figure(as_bytes(shown, part.inputs[shown.name]), probabilities, codes, names)


def map_of(features: np.ndarray, data: Examples, field: Field, predicted: np.ndarray, method: str = "tsne") -> Figure:
    """Return a map of the test examples whose points say in a report what they are: row, class, answer, and picture.

    Args:
        features: Of the test examples, (N, D).
        data: The examples.
        field: The target of classes.
        predicted: The code of the answer for each test example, (N,).
        method: As for `map_figure`.
    """
    part = data.test
    codes = field.codes(part.targets[field.name])
    shown = next((one for one in data.spec.inputs if is_picture(one)), None)
    tiles = None if shown is None else as_bytes(shown, part.inputs[shown.name])
    if tiles is not None and tiles.ndim == 4 and tiles.shape[-1] == 1:
        tiles = tiles[..., 0]
    words = words_of(data, field, predicted)
    return map_figure(features, codes, field.words, method, words=words, tiles=tiles)


def words_of(data: Examples, field: Field, predicted: np.ndarray) -> list[str]:
    """Return what each test example is: its row and class, what it was taken for, and how a text begins."""
    part, names = data.test, field.words
    codes = field.codes(part.targets[field.name])
    words = [
        f"row {i}: {names[true]}" + (f", taken for {names[guess]}" if guess != true else "")
        for i, (true, guess) in enumerate(zip(codes, predicted, strict=True))
    ]
    texts = next((part.inputs[one.name] for one in data.spec.inputs if one.kind == "text"), None)
    if texts is None:
        return words
    return [f"{word}: {' '.join(str(text).split())[:EXCERPT]}" for word, text in zip(words, texts, strict=True)]


def anomalies_of(predictor: Any, data: Examples, field: Field, probabilities: np.ndarray) -> Figure:
    """Return how well a row's strangeness tells that its answer is wrong (Hendrycks and Gimpel 2017).

    It is strange by the answer's probability, or by how far its features lie from those of training examples.
    """
    some = data.train.rows(np.sort(np.random.RandomState(0).permutation(len(data.train))[:MOST_KNOWN]))
    known, rows = predictor.features(some.inputs), predictor.features(data.test.inputs)
    scores = {
        "least probability": max_probability_score(probabilities),
        "distance from the nearest class": mahalanobis_distance(known, rows, field.codes(some.targets[field.name])),
        "distance from the 5th neighbour": neighbour_distance(known, rows, min(5, len(known))),
    }
    wrong = probabilities.argmax(axis=1) != field.codes(data.test.targets[field.name])
    return anomalies_figure(scores, wrong, "predicted wrong")


def of_numbers(predictor: Any, data: Examples) -> Figure:
    """Return a figure of a regressor's first target: predictions over truth, and what is left."""
    head, part = predictor.heads[0], data.test
    predicted = head.field.restored(predictor.raw_outputs(predictor.checked_inputs(part.inputs))[0])
    return regression_figure(predicted, part.targets[head.field.name], head.field.columns)


def as_bytes(field: Field, pictures: np.ndarray) -> np.ndarray:
    """Return pictures as uint8, from their own range."""
    values = (np.asarray(pictures, np.float64) - np.asarray(field.centre)) / np.asarray(field.scale)
    return np.rint(np.clip((values + 1.0) * 127.5, 0.0, 255.0)).astype(np.uint8)
