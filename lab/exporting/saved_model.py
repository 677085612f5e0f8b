"""SavedModel: TensorFlow's own folder, for TensorFlow Serving and every language that TensorFlow binds."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.exporting.exportable import Arrays
from lab.exporting.format import Format, Runtime, version_of
from lab.runtime.threads import threads_in_use

if TYPE_CHECKING:
    from lab.exporting.graph import Graph

SIGNATURE = "serving_default"


class SavedModel(Format):
    """Writes a folder with the signature `serving_default`.

    Loading a SavedModel runs the graph that is in it: open your own files, not a stranger's.
    """

    name = "saved_model"

    def write(self, graph: Graph, path: Path, examples: Arrays) -> None:
        save(graph, path)

    def open(self, path: Path) -> Runtime:
        import tensorflow as tf

        loaded = tf.saved_model.load(str(path))
        signature: Any = loaded.signatures[SIGNATURE]

        def call(**arrays: np.ndarray) -> Arrays:
            given = signature(**{name: tf.constant(array) for name, array in arrays.items()})
            return {name: tensor.numpy() for name, tensor in given.items()}

        # The signature does not keep alive what its variables belong to.
        call.loaded = loaded  # type: ignore[attr-defined]
        return Runtime(call, version_of("tensorflow"), tensorflow_threads())


def save(graph: Graph, path: Path) -> None:
    """Write a traced function as a SavedModel with its variables and nothing else of the learner.

    Raises:
        OSError: When the disk refuses, of which TensorFlow has errors of its own.
    """
    import tensorflow as tf

    numbers = {
        tf.errors.NotFoundError: errno.ENOENT,
        tf.errors.PermissionDeniedError: errno.EACCES,
        tf.errors.ResourceExhaustedError: errno.ENOSPC,
    }

    module = tf.Module()
    # What is not tracked by the module saved would be saved without its values.
    module.variables_read = list(graph.concrete.variables)
    module.tables_read = list(graph.exportable.tables)
    try:
        tf.saved_model.save(module, str(path), signatures={SIGNATURE: graph.concrete})
    except tf.errors.OpError as error:
        number = numbers.get(type(error), errno.EIO)
        raise OSError(number, os.strerror(number), str(path)) from error


def tensorflow_threads() -> str:
    """Return in words how many threads TensorFlow gives an operation here."""
    return str(threads_in_use() or "as many as TensorFlow chooses")
