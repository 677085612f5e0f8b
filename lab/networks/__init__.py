"""Keras networks that agents and generators share."""

from lab.networks.attention import CrossAttention, SelfAttention
from lab.networks.conditional_mlp import conditional_mlp
from lab.networks.convnet import convnet
from lab.networks.decoder_mirror import DecoderMirror
from lab.networks.dense import NarrowDense
from lab.networks.dit import dit
from lab.networks.dropout import Dropout
from lab.networks.forward import Forward
from lab.networks.group_norm import GroupNorm
from lab.networks.mirror import Mirror
from lab.networks.mlp import mlp
from lab.networks.positions import LearntPositions, SinusoidalPositions
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
