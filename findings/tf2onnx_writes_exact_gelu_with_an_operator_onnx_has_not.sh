#!/usr/bin/env bash
# tf2onnx 1.17.0 with TensorFlow 2.21.0 and Keras 3.15.1, seen 2026-11-29: Keras' exact GELU (`approximate=False`) is traced into
# TensorFlow's Erfc, which tf2onnx passes on as an operator of ONNX's own domain. ONNX has Erf alone. `from_function` logs that the
# operator is not supported, raises nothing and returns a model that ONNX Runtime refuses; the approximate one, of tanh, is written whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import onnxruntime
import tensorflow as tf
import tf2onnx

SPEC = [tf.TensorSpec((None, 4), tf.float32, name="rows")]


def opened(approximate):
    function = tf.function(lambda rows: {"out": keras.activations.gelu(rows, approximate=approximate)}, input_signature=SPEC, autograph=False)
    proto, _ = tf2onnx.convert.from_function(function, input_signature=SPEC, opset=18)
    kinds = sorted({node.op_type for node in proto.graph.node})
    try:
        onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:
        print(f"approximate={approximate}: {kinds}; refused: {error}")
        return False
    print(f"approximate={approximate}: {kinds}; opened")
    return True


if not opened(True) or opened(False):
    raise SystemExit("tf2onnx writes GELU otherwise now")
PYTHON
