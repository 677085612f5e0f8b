"""Which networks the images of a data set are evaluated with."""

from __future__ import annotations

from generative.data.spec import DataSpec
from generative.metrics.networks.classifier import shipped_classifier
from generative.metrics.networks.features import FeatureNetwork
from generative.metrics.networks.random_features import RandomFeatures


def feature_networks(spec: DataSpec) -> list[FeatureNetwork]:
    """Return what images of a data set are evaluated with: its own classifier where one is shipped, and a random one.

    Args:
        spec: What a row is; anything but images has no network.
    """
    if not spec.is_image:
        return []
    classifier = shipped_classifier(spec)
    return [*([classifier] if classifier is not None else []), RandomFeatures(spec)]
