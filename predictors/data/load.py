"""Sources of predictors: data sets by name, arrays, pipelines and files, as examples."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from generative.data.dataset import Dataset
from generative.datasets.sources import read_any
from lab.errors import UsageError, bad_value
from predictors.data.arrays import INPUT, TARGET, from_arrays
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.field import TEXT, Field
from predictors.data.readers.folders import reader_for
from predictors.data.series.series import Series

HOW = (
    "a data set's name (`lab list datasets`), folder:PATH of images, WAV or text files with a sub-folder a class, "
    "csv:PATH,target=COLUMN, a pair (inputs, targets) of arrays or of dicts of arrays, two such pairs "
    "to train and to test on, a finite tf.data.Dataset of pairs, a Series, or what predictors.data.from_arrays returns"
)


def load(source: Any) -> Any:
    """Return the examples that a source stands for, or a `Series` where it is one.

    Args:
        source: See `HOW`.

    Raises:
        UsageError: On an unknown name, or a source that no predictor can learn from.
    """
    if isinstance(source, str):
        source = read_any(source, reader_for)
    if isinstance(source, Dataset):
        return of_dataset(source)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(source, tensorflow.data.Dataset):
        return from_arrays(*gathered(source), kind="tf.data.Dataset")
    if isinstance(source, tuple) and len(source) == 2:
        first, second = source
        if all(isinstance(part, tuple) and len(part) == 2 for part in source):
            return from_arrays(*first, test=second)
        return from_arrays(first, second)
    if isinstance(source, (np.ndarray, Mapping, list)):
        raise UsageError(
            f"the source received inputs alone; expected {HOW}. "
            "Fix: (inputs, targets), or Series(values) for a Forecaster."
        )
    if isinstance(source, Series) or (hasattr(source, "spec") and hasattr(source, "hold_out")):
        return source
    raise UsageError(f"the source received a {type(source).__name__}; expected {HOW}.")


def of_dataset(data: Dataset) -> Examples:
    """Return the examples of a labelled data set: its rows, and the classes that they are of.

    Raises:
        UsageError: When it has no labels.
    """
    spec = data.spec
    if data.train_labels is None or data.test_labels is None or not spec.classes:
        raise bad_value(spec.name, "labels", "none", "a class for each row", "predictors learn from labelled rows.")
    if spec.classes < 2:
        raise bad_value(spec.name, "labels", "one class only", "at least two classes to tell apart")
    middle, half = (spec.low + spec.high) / 2.0, (spec.high - spec.low) / 2.0
    centre = tuple(middle + half * c for c in spec.centre or (0.0,))
    scale = tuple(half * s for s in spec.spread or (1.0,))
    kind = "image" if spec.is_image else "vector"
    if len(spec.shape) == 3 and kind == "vector":
        raise bad_value(spec.name, "rows of shape", spec.shape, "pictures of 1 or 3 channels, or numbers (D,)")
    inputs = Field(INPUT, kind, spec.shape, spec.dtype, centre, scale)
    named = spec.class_names is not None and spec.label_values is None
    target = Field(
        TARGET, "class", (), TEXT if named else "int64", classes=spec.classes, class_names=spec.class_names,
        label_values=spec.label_values,
    )  # fmt: skip
    names = np.asarray(spec.class_names) if named else None
    train, test = (
        Part({INPUT: rows}, {TARGET: labels.astype(np.int64) if names is None else names[labels]})
        for rows, labels in ((data.train, data.train_labels), (data.test, data.test_labels))
    )
    if data.augmentation is not None and spec.centre is not None:
        fix = "leave normalise out: predictors scale by themselves."
        raise bad_value(spec.name, "normalise and augmentation", "both", "one of them", fix)
    return Examples(
        train, test, ExampleSpec((inputs,), (target,), spec.name), kind=data.kind, notes=data.notes,
        picture=spec if spec.is_image else None, augmentation=data.augmentation,
    )  # fmt: skip


def gathered(pipeline: Any) -> tuple[Any, Any]:
    """Return inputs and targets of a finite `tf.data.Dataset` of pairs, as arrays.

    Raises:
        UsageError: When it never ends, or its elements are no pairs, or nobody can tell examples from batches.
    """
    import tensorflow as tf

    form = pipeline.element_spec
    if not isinstance(form, tuple) or len(form) != 2:
        raise bad_value(
            "tf.data.Dataset", "elements", form, "pairs (inputs, targets)", "dataset.map(lambda ...: (x, y))."
        )
    if int(pipeline.cardinality()) == tf.data.INFINITE_CARDINALITY:
        raise bad_value("tf.data.Dataset", "examples", "no end of them", "a finite number", "dataset.take(N).")
    elements = list(pipeline.as_numpy_iterator())
    if not elements:
        raise bad_value("tf.data.Dataset", "examples", "none", "at least one")
    join = np.concatenate if _is_batched(form) else np.stack
    inputs, targets = (_joined([element[i] for element in elements], join) for i in (0, 1))
    return inputs, targets


def _joined(parts: list[Any], join: Any) -> Any:
    if isinstance(parts[0], Mapping):
        return {name: _joined([part[name] for part in parts], join) for name in parts[0]}
    if isinstance(parts[0], tuple):
        raise bad_value("tf.data.Dataset", "elements", "tuples within pairs", "arrays, or dicts of arrays by name")
    return join([np.asarray(part) for part in parts])


def _is_batched(form: Any) -> bool:
    import tensorflow as tf

    specs = tf.nest.flatten(form)
    ranks = [spec.shape.rank for spec in specs]
    if 0 in ranks:
        return False
    if None not in ranks:
        firsts = {spec.shape[0] for spec in specs}
        if firsts == {None}:
            return True
        if len(firsts) == 1 and min(ranks) == 1 < max(ranks):
            # One number a row, as many as there are rows in all others.
            return True
    raise UsageError(
        f"tf.data.Dataset: nobody can tell whether elements of shapes {[str(s.shape) for s in specs]} are "
        "examples or batches of them. Fix: dataset.batch(64), whose first axis has no fixed length."
    )
