"""Networks by name for each kind of input, and several inputs joined in one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from lab.config import setting
from lab.errors import bad_value
from predictors.settings import TrainingSettings

if TYPE_CHECKING:
    import keras

    from predictors.data.examples import ExampleSpec

# The first of each is what "auto" takes.
BY_KIND = {
    "image": ("resnet", "cnn", "vgg", "vit", "mlp"),
    "vector": ("mlp",),
    "text": ("transformer", "bag", "conv1d", "lstm", "gru", "simple_rnn"),
    "sound": ("spectrogram",),
    "sequence": ("transformer", "conv1d", "lstm", "gru", "simple_rnn"),
}
ARCHITECTURES = ("auto", *dict.fromkeys(name for names in BY_KIND.values() for name in names))


@dataclasses.dataclass(frozen=True)
class NetworkSettings(TrainingSettings):
    """The settings of predictors that make their network by name."""

    architecture: str = setting(
        "auto", "the network; auto for what suits the kind of input best, as measured", choices=ARCHITECTURES
    )
    hidden_sizes: tuple[int, ...] = setting((256, 128), "units of the hidden layers (mlp)", at_least=1)
    dropout: float = setting(0.1, "fraction of a layer's outputs left out in training", at_least=0, below=1)
