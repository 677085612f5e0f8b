"""Keras networks that agents and generators share."""

from lab.networks.conditional_mlp import conditional_mlp
from lab.networks.convnet import convnet
from lab.networks.dit import dit
from lab.networks.in_numpy.decoder_mirror import DecoderMirror
from lab.networks.in_numpy.forward import Forward
from lab.networks.in_numpy.mirror import Mirror
from lab.networks.layers.attention import CrossAttention, SelfAttention
from lab.networks.layers.dense import NarrowDense
from lab.networks.layers.dropout import Dropout
from lab.networks.layers.group_norm import GroupNorm
from lab.networks.layers.positions import LearntPositions, SinusoidalPositions
from lab.networks.mlp import mlp
from lab.networks.transformer import DecoderBlock, EncoderBlock, LayerNorm
from lab.networks.unet import unet

__all__ = [
    "CrossAttention",
    "DecoderBlock",
    "DecoderMirror",
    "Dropout",
    "EncoderBlock",
    "Forward",
    "GroupNorm",
    "LayerNorm",
    "LearntPositions",
    "Mirror",
    "NarrowDense",
    "SelfAttention",
    "SinusoidalPositions",
    "conditional_mlp",
    "convnet",
    "dit",
    "mlp",
    "unet",
]
