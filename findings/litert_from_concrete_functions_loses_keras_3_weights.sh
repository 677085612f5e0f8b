#!/usr/bin/env bash
# TensorFlow 2.21.0 with Keras 3.15.1, seen 2026-11-29: `tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)`, given the
# Keras model as the `trackable_obj` that it asks for, writes a file without the weights. Nothing warns; the file is a fifth of the size,
# and its interpreter answers NaN for every input. With a tf.Module that holds the model's variables as a list (`[v.value for v in
# model.variables]`) in the model's place, or with `from_saved_model` or `from_keras_model`, the same network is written whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 ai-edge-litert==2.3.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(2)]
model = keras.Sequential([keras.Input((4,)), *layers])
rows = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
expected = model(rows).numpy()
function = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((None, 4), tf.float32, name="x")])
concrete = function.get_concrete_function()
holder = tf.Module()
holder.held = [variable.value for variable in model.variables]


def off(trackable):
    content = tf.lite.TFLiteConverter.from_concrete_functions([concrete], trackable).convert()
    (given,) = Interpreter(model_content=content).get_signature_runner()(x=rows).values()
    return len(content), float(np.abs(given - expected).max())


for what, trackable in (("the Keras model", model), ("a tf.Module with its variables", holder)):
    size, apart = off(trackable)
    print(f"trackable_obj is {what}: {size:,} bytes, outputs off by {apart}")
size, apart = off(model)
if size > 4 * model.count_params() or apart == apart:
    raise SystemExit("TensorFlow writes the weights now")
PYTHON
