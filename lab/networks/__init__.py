"""Keras networks that agents, generators and predictors share."""

from lab.networks.combined.features import features_of
from lab.networks.combined.multi_input import multi_input
from lab.networks.combined.perceptron import perceptron
from lab.networks.combined.siamese import siamese
from lab.networks.conditional_mlp import conditional_mlp
from lab.networks.convnet import convnet
from lab.networks.dit import dit
from lab.networks.forecasters.conv1d import conv1d_forecaster
from lab.networks.forecasters.linear import linear_forecaster
from lab.networks.forecasters.recurrent import recurrent_forecaster
from lab.networks.forecasters.transformer import transformer_forecaster
from lab.networks.in_numpy.decoder_mirror import DecoderMirror
from lab.networks.in_numpy.forward import Forward
from lab.networks.in_numpy.mirror import Mirror
from lab.networks.initializers import initializer_for
from lab.networks.layers.attention import CrossAttention, SelfAttention
from lab.networks.layers.dense import NarrowDense
from lab.networks.layers.dropout import Dropout
from lab.networks.layers.group_norm import GroupNorm
from lab.networks.layers.patches import ClassToken, PatchTokens
from lab.networks.layers.pooling import MaskedPooling
from lab.networks.layers.positions import LearntPositions, SinusoidalPositions
from lab.networks.layers.tokens import TokenEmbedding
from lab.networks.mlp import mlp
from lab.networks.sequences.decoding import greedy_decode
from lab.networks.sequences.encoder_decoder import encoder_decoder
from lab.networks.sequences.history import history_transformer
from lab.networks.sequences.spectrogram import spectrogram_transformer
from lab.networks.sequences.text import bag_of_embeddings, conv1d_text, recurrent_text, transformer_text
from lab.networks.transformer import DecoderBlock, EncoderBlock, LayerNorm
from lab.networks.unet import unet
from lab.networks.vision.cnn import cnn, vgg
from lab.networks.vision.control import impala_resnet, minatar_cnn, nature_cnn
from lab.networks.vision.resnet import resnet
from lab.networks.vision.vit import vit

__all__ = [
    "ClassToken",
    "CrossAttention",
    "DecoderBlock",
    "DecoderMirror",
    "Dropout",
    "EncoderBlock",
    "Forward",
    "GroupNorm",
    "LayerNorm",
    "LearntPositions",
    "MaskedPooling",
    "Mirror",
    "NarrowDense",
    "PatchTokens",
    "SelfAttention",
    "SinusoidalPositions",
    "TokenEmbedding",
    "bag_of_embeddings",
    "cnn",
    "conditional_mlp",
    "conv1d_forecaster",
    "conv1d_text",
    "convnet",
    "dit",
    "encoder_decoder",
    "features_of",
    "greedy_decode",
    "history_transformer",
    "impala_resnet",
    "initializer_for",
    "linear_forecaster",
    "minatar_cnn",
    "mlp",
    "multi_input",
    "nature_cnn",
    "perceptron",
    "recurrent_forecaster",
    "recurrent_text",
    "resnet",
    "siamese",
    "spectrogram_transformer",
    "transformer_forecaster",
    "transformer_text",
    "unet",
    "vgg",
    "vit",
]
