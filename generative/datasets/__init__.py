"""Data sets by name, and from folders, environments, arrays and `tf.data` pipelines."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from generative.augmentation.augmentation import Augmentation
from generative.data.dataset import Dataset
from generative.datasets.conversion.arrays import from_arrays
from generative.datasets.conversion.previews import preview
from generative.datasets.sources import read
from lab.errors import UsageError

__all__ = ["Augmentation", "from_arrays", "load", "preview"]


def load(source: Any) -> Dataset:
    """Return the data set that a source stands for.

    Args:
        source: A name that `lab list datasets` prints, with what `generative.datasets.sources.read` allows behind it,
            such as `folder:path,size=64` or `digits,rotation=10`; a `Dataset`; an array of rows, or a pair
            (rows, labels), for which see `from_arrays`; two such pairs, ((rows, labels), (test rows, test labels)), as
            Keras' loaders return them; or a finite `tf.data.Dataset` of rows or (row, label) pairs,
            for which see `generative.datasets.conversion.pipelines.materialise`.

    Raises:
        UsageError: On an unknown name (with the nearest ones), or a source that no generator can train on.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str):
        return read(source)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(source, tensorflow.data.Dataset):
        from generative.datasets.conversion.pipelines import materialise

        pipeline = materialise(source)
        return from_arrays(pipeline.rows, pipeline.labels, kind="tf.data.Dataset", notes=pipeline.notes)
    if isinstance(source, np.ndarray):
        return from_arrays(source)
    if isinstance(source, tuple) and len(source) == 2:
        first, second = source
        if all(isinstance(part, tuple) and len(part) == 2 for part in source):
            return from_arrays(*first, test=second[0], test_labels=second[1])
        return from_arrays(first, second)
    raise UsageError(
        f"data source received a {type(source).__name__}; expected a data set's name, an array, a pair of arrays "
        "(rows, labels) or a tf.data.Dataset. Fix: np.asarray(...) of the rows, such as frame.to_numpy() of a table or "
        "np.load(path) of a file."
    )
