"""LiteRT: one small file for phones, browsers and microcontrollers, in float32 or in whole numbers of 8 bits."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.errors import UsageError, one_line
from lab.exporting.exportable import Arrays
from lab.exporting.format import Format, Runtime, version_of
from lab.exporting.saved_model import save
from lab.runtime.quiet import quiet_stderr

if TYPE_CHECKING:
    from lab.exporting.graph import Graph

OWN_PACKAGE = "ai_edge_litert"
THREADS = 1


class LiteRT(Format):
    """Writes float32 arithmetic.

    The package `ai-edge-litert` runs it; without that, the interpreter that TensorFlow 2.21 still brings.
    """

    name = "litert"
    suffix = ".tflite"
    lacks: ClassVar[dict[str, tuple[str, str]]] = {
        "string": ("it takes texts, and LiteRT has no tables of words", "format 'saved_model'."),
        "float64": (
            "its data need float64, which LiteRT has not",
            "train it on rows of float32, none of them far from zero, or format 'saved_model' or 'onnx'.",
        ),
        "bfloat16": ("it computes in bfloat16, which LiteRT has not", "precision='float32', or format 'saved_model'."),
        "TensorListReserve": (
            "it goes on step by step, for which LiteRT would have to know how many rows come",
            "format 'saved_model', or for recurrent layers 'onnx'.",
        ),
    }

    def write(self, graph: Graph, path: Path, examples: Arrays) -> None:
        import tensorflow as tf

        with tempfile.TemporaryDirectory() as folder:
            # From a SavedModel, because from a concrete function and a Keras model the converter of TensorFlow 2.21
            # writes a file without the weights, which answers NaN.
            save(graph, Path(folder) / "model")
            converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder) / "model"))
            self.configure(converter, graph, examples)
            path.write_bytes(_converted(converter, graph.owner, self.name))

    def configure(self, converter: Any, graph: Graph, examples: Arrays) -> None:
        """Tell the converter in which numbers to compute (hook)."""

    def open(self, path: Path) -> Runtime:
        interpreter, name = _interpreter(path)
        runner = interpreter.get_signature_runner()

        def call(**arrays: np.ndarray) -> Arrays:
            given: Arrays = runner(**arrays)
            return given

        # The runner does not keep its interpreter alive.
        call.interpreter = interpreter  # type: ignore[attr-defined]
        return Runtime(call, name, str(THREADS))


class LiteRTInt8(LiteRT):
    """Writes whole numbers of 8 bits: weights, and what passes between layers (post-training, full-integer).

    Ranges are those that real inputs show (Jacob et al. 2018, "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference"). Inputs and outputs keep the user's types, and what has no counterpart
    in whole numbers, such as the rounding of pixels, stays in float32.
    """

    name = "litert-int8"
    quantised = True
    lacks: ClassVar[dict[str, tuple[str, str]]] = {
        **LiteRT.lacks,
        "RFFT": ("powers of a spectrum span more orders of magnitude than 8 bits tell apart", "format 'litert'."),
    }

    def configure(self, converter: Any, graph: Graph, examples: Arrays) -> None:
        import tensorflow as tf

        def rows() -> Iterator[Arrays]:
            for i in range(len(next(iter(examples.values())))):
                yield {name: array[i : i + 1] for name, array in examples.items()}

        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = rows
        sets = tf.lite.OpsSet
        converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8, sets.TFLITE_BUILTINS]


def _converted(converter: Any, owner: str, name: str) -> bytes:
    failed: Exception | None = None
    # Inside, because what it writes to standard error is let out with an error.
    with quiet_stderr(), warnings.catch_warnings():
        # It calibrates with an interpreter that it says is deprecated.
        warnings.simplefilter("ignore")
        try:
            content: bytes = converter.convert()
        except Exception as error:
            failed = error
    if failed is not None:
        said = one_line(failed)
        raise UsageError(
            f"export: the LiteRT converter cannot write {owner} as {name!r}: {said} Fix: 'saved_model' or 'onnx'."
        ) from failed
    return content


def _interpreter(path: Path) -> tuple[Any, str]:
    # Standard error: both say which delegate they made.
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if importlib.util.find_spec(OWN_PACKAGE) is not None:
            from ai_edge_litert.interpreter import Interpreter

            return Interpreter(model_path=str(path), num_threads=THREADS), version_of("ai-edge-litert")
        import tensorflow as tf

        made = tf.lite.Interpreter(model_path=str(path), num_threads=THREADS)
        return made, f"tf.lite of {version_of('tensorflow')}"
