"""Which settings of a GAN have no effect beside the others or on the data."""

from __future__ import annotations

from generative.data.dataset import DataSpec
from generative.gan.networks.networks import kind_of
from generative.gan.settings import GANSettings


def unread(config: GANSettings, spec: DataSpec, classes: int) -> dict[str, str]:
    """Return settings that nothing reads, each with the reason; see `Learner.unread_settings`.

    All penalties are read, whatever the flavour, which chooses their defaults and the losses only.

    Args:
        config: The settings.
        spec: What a row of the data is.
        classes: Labels that both players are told; 0 for none.
    """
    kind, found = kind_of(config, spec), {}
    of_network = {"hidden_sizes": ("dense",), "channels": ("dcgan", "resnet")}
    for name, kinds in of_network.items():
        if kind not in kinds:
            found[name] = f"it is of {' and '.join(kinds)} networks, and the players are {kind} ones"
    if not classes:
        found["label_size"] = "the players are told no labels"
    return found
