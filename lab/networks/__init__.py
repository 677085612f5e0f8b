"""Keras networks that agents and generators share."""

from lab.networks.attention import SelfAttention
from lab.networks.conditional_mlp import conditional_mlp
from lab.networks.convnet import convnet
from lab.networks.dit import dit
from lab.networks.group_norm import GroupNorm
from lab.networks.mirror import Mirror
from lab.networks.mlp import mlp
from lab.networks.unet import unet

__all__ = ["GroupNorm", "Mirror", "SelfAttention", "conditional_mlp", "convnet", "dit", "mlp", "unet"]
