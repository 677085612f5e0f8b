"""One setting makes the networks of every family work in bfloat16, with weights and outputs in float32."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from generative import GAN, VAE, VQVAE, Diffusion
from lab import Experiment
from tests.generative.tiny import images


@pytest.mark.parametrize(
    ("kind", "settings", "names"),
    [
        (Diffusion, {"channels": (4, 8)}, ["network"]),
        (GAN, {"channels": (2, 4), "spectral_norm": True}, ["generator", "discriminator"]),
        (GAN, {"network": "dense", "hidden_sizes": (4,)}, ["generator", "discriminator"]),
        (VAE, {"hidden_sizes": (4,)}, ["encoder", "decoder"]),
        (VQVAE, {"channels": 4, "codes": 4, "prior_units": 4}, ["encoder", "decoder"]),
    ],
)
def test_bfloat16_is_of_the_arithmetic_only(kind: type[Any], settings: dict[str, Any], names: list[str]) -> None:
    learner: Any = Experiment(kind(precision="bfloat16", **settings), images(), seed=1).learner
    for name in names:
        network: keras.Model = getattr(learner, name)
        layers = list(network._flatten_layers(include_self=False))
        assert any(layer.compute_dtype == "bfloat16" for layer in layers if layer.weights)
        assert {v.dtype for v in network.trainable_variables} == {"float32"}
        assert network.output.dtype == "float32"
