"""ONNX: one file for ONNX Runtime and what else reads the open format."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.errors import UsageError, one_line
from lab.exporting.exportable import Arrays
from lab.exporting.format import Format, Runtime, version_of

if TYPE_CHECKING:
    from lab.exporting.graph import Graph

# Of 2022; every runtime in use reads it, and tf2onnx writes none newer.
OPSET = 18
THREADS = 1


class ONNX(Format):
    """Writes operator set 18 by tf2onnx; ONNX Runtime runs it."""

    name = "onnx"
    suffix = ".onnx"
    packages = ("tf2onnx", "onnx", "onnxruntime")
    lacks: ClassVar[dict[str, tuple[str, str]]] = {
        "string": ("it takes texts, of which tf2onnx writes nothing that ONNX Runtime knows", "format 'saved_model'."),
        "bfloat16": (
            "it computes in bfloat16, which tf2onnx mixes with float16",
            "precision='float32', or format 'saved_model'.",
        ),
        "RFFT": ("tf2onnx does not write its Fourier transform", "format 'saved_model' or 'litert'."),
    }

    def write(self, graph: Graph, path: Path, examples: Arrays) -> None:
        import tf2onnx

        with _quiet_converter():
            try:
                proto, _ = tf2onnx.convert.from_function(
                    without_arrays(graph),
                    input_signature=graph.specs,
                    opset=OPSET,
                    custom_op_handlers={"Erfc": (_complementary_error, [])},
                )
            except Exception as error:
                said = one_line(error)
                raise UsageError(
                    f"export: tf2onnx cannot write {graph.owner} as 'onnx': {said} Fix: format 'saved_model' or "
                    "'litert'."
                ) from error
        path.write_bytes(proto.SerializeToString())

    def open(self, path: Path) -> Runtime:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]

        def call(**arrays: np.ndarray) -> Arrays:
            return dict(zip(names, session.run(names, arrays), strict=True))

        return Runtime(call, version_of("onnxruntime"), str(THREADS))


def without_arrays(graph: Graph) -> Any:
    """Return the function with arrays that a Keras model computes with as constants; tf2onnx takes them for inputs."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    if all(captured.dtype == tf.resource for captured in graph.concrete.captured_inputs):
        return graph.function
    constant = convert_variables_to_constants_v2(graph.concrete)
    # They have lost their names, and stand in the order of those.
    names, outputs = sorted(graph.exportable.outputs), [each.name for each in constant.outputs]

    def called(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        # Not called, for tf2onnx does not look into a function.
        given = {each.name: tensor for each, tensor in zip(constant.inputs, inputs, strict=True)}
        found = tf.graph_util.import_graph_def(constant.graph.as_graph_def(), given, outputs, name="")
        return dict(zip(names, found, strict=True))

    return tf.function(called, input_signature=graph.specs, autograph=False)


def _complementary_error(context: Any, node: Any, name: str, arguments: Any) -> None:
    # TensorFlow's exact GELU is made of erfc, which tf2onnx 1.17 passes on though ONNX has erf alone: erfc = 1 - erf.
    node.type = "Erf"
    one = context.make_const(f"{name}_one", np.ones((), np.float32)).output[0]
    context.insert_new_node_on_output("Sub", node.output[0], inputs=[one, node.output[0]], name=f"{name}_from_one")


@contextmanager
def _quiet_converter() -> Iterator[None]:
    # It logs what each of its rewriters thinks of the graph; an error says it once more.
    logger = logging.getLogger("tf2onnx")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
