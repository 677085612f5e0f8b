"""The small network of the feature classifiers that the package ships."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from lab.errors import bad_value

if TYPE_CHECKING:
    import keras

    from predictors.data.examples import ExampleSpec


@dataclasses.dataclass(frozen=True)
class FeatureConvnet:
    """Makes a network for `Classifier(network=FeatureConvnet(...))`, with as many features as one asks for.

    Far fewer features than rows of the test part make a Fréchet distance of little bias.

    Args:
        convolutions: (filters, stride) of each 3x3 convolution.
        width: Features.
    """

    convolutions: tuple[tuple[int, int], ...] = ((16, 1), (32, 2), (64, 2))
    width: int = 64

    def __call__(self, spec: ExampleSpec) -> keras.Model:
        """Return the network for pictures of one target's classes.

        Raises:
            UsageError: When examples are not such.
        """
        from generative.metrics.networks.classifier import network

        field, target = spec.inputs[0], spec.targets[0]
        if (len(spec.inputs), len(spec.targets), field.kind, target.kind) != (1, 1, "image", "class"):
            received = f"{field.kind} to {target.kind}, {len(spec.inputs)} inputs and {len(spec.targets)} targets"
            raise bad_value("FeatureConvnet", "examples", received, "pictures and the one class of each")
        return network(field.shape, self.convolutions, self.width, target.classes or 0)

    def described(self) -> dict[str, Any]:
        """Return what the network is built of again, as JSON values."""
        return dataclasses.asdict(self)
