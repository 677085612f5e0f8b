#!/usr/bin/env bash
# tf2onnx 1.17.0 with TensorFlow 2.21.0, seen 2026-11-29: where a tf.function computes with an eager tensor that it did not make itself,
# `tf2onnx.convert.from_function` makes a required input of it in place of an initializer, under the name of the place where it is used.
# Nothing warns, although the input signature names one input; ONNX Runtime then refuses the rows alone. A tf.Variable of the same values
# becomes an initializer, as expected.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

SPEC = [tf.TensorSpec((None, 4), tf.float32, name="rows")]
VALUES = np.arange(8, dtype=np.float32).reshape(4, 2)


def inputs(weights):
    function = tf.function(lambda rows: {"sums": tf.matmul(rows, weights)}, input_signature=SPEC, autograph=False)
    proto, _ = tf2onnx.convert.from_function(function, input_signature=SPEC, opset=18)
    return [each.name for each in proto.graph.input], proto


of_constant, proto = inputs(tf.constant(VALUES))
of_variable, _ = inputs(tf.Variable(VALUES))
print("inputs, weights a tf.constant:", of_constant)
print("inputs, weights a tf.Variable:", of_variable)
session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
try:
    session.run(None, {"rows": np.ones((3, 4), np.float32)})
except ValueError as error:
    print("ONNX Runtime:", error)
if of_variable != ["rows"] or len(of_constant) != 2:
    raise SystemExit("tf2onnx keeps constants inside now")
PYTHON
