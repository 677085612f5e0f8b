"""Keras networks that agents and generators share."""

from lab.networks.convnet import convnet
from lab.networks.mirror import Mirror
from lab.networks.mlp import mlp

__all__ = ["Mirror", "convnet", "mlp"]
