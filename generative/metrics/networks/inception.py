"""FID itself, on Inception features, for those who bring the weights: nothing is downloaded."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from generative.data.dataset import DataSpec
from generative.metrics.checks import check_rows
from generative.metrics.distances.frechet import ROWS_PER_FEATURE, frechet_distance
from generative.metrics.networks.features import Extracted, FeatureNetwork
from lab.errors import UsageError, bad_value

SIDE = 299
BATCH = 32


class InceptionFeatures(FeatureNetwork):
    """Pooled features of Inception v3 (Szegedy et al. 2016, "Rethinking the Inception architecture").

    The network is that of `keras.applications`, whose published file is
    `inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5`. Papers use the TensorFlow graph of 2015: their FID
    differs from this one by weights and resizing, and only values made here can be compared with each other.

    Args:
        weights: A local file, .h5 or .weights.h5, of the network without its top.
        spec: What a row is: an image; gray ones are repeated over three channels.

    Attributes:
        description: Which weights and which resizing, to be given beside every value.

    Raises:
        UsageError: When rows are no images, or the file is missing or of another network.
    """

    name = "FID"
    width = 2048

    def __init__(self, weights: str | Path, spec: DataSpec) -> None:
        path = Path(weights)
        if not spec.is_image:
            raise bad_value("InceptionFeatures", "rows of shape", spec.shape, "images (H, W), (H, W, 1) or (H, W, 3)")
        if not path.is_file() or not path.name.endswith(".h5"):
            raise bad_value(
                "InceptionFeatures",
                "weights",
                str(weights),
                "a local .h5 file of keras.applications.InceptionV3 without its top",
                "download it yourself; nothing here does.",
            )
        model = keras.applications.InceptionV3(
            include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg"
        )
        try:
            with warnings.catch_warnings():
                # Keras only warns of layers that it finds no weights for, and leaves them random.
                warnings.simplefilter("error", UserWarning)
                model.load_weights(path)
        except (ValueError, OSError, KeyError, UserWarning) as error:
            raise UsageError(
                f"InceptionFeatures: weights received {weights}, which does not fit Inception v3 without its top "
                f"({str(error).splitlines()[0]}). Fix: the file whose name ends in notop.h5."
            ) from error
        self.spec = spec
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.description = (
            f"keras.applications.InceptionV3, {path.name} (sha256 {digest[:12]}), bilinear resizing to {SIDE} x {SIDE}"
        )

        def extract(rows: tf.Tensor) -> tf.Tensor:
            images = spec.normalise_tensor(rows)
            images = images[..., None] if len(spec.shape) == 2 else images
            images = tf.image.resize(images, (SIDE, SIDE), "bilinear")
            # Inception's own range is [-1, 1] too.
            return model(tf.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images, training=False)

        signature = tf.TensorSpec((None, *spec.shape), spec.dtype)
        self._extract = tf.function(extract, input_signature=[signature], autograph=False)

    def extract(self, rows: np.ndarray) -> Extracted:
        parts = [self._extract(rows[start : start + BATCH]).numpy() for start in range(0, len(rows), BATCH)]
        return Extracted(np.concatenate(parts) if parts else np.zeros((0, self.width), np.float32))

    def fid(self, first: np.ndarray, second: np.ndarray) -> float:
        """Return the Fréchet inception distance of two sets of images in the data set's own range.

        Raises:
            TooFewSamples: When there are fewer than 8,192 rows of either; their features are not even computed.
            UsageError: When the rows are not of the data set's shape, type or range.
        """
        for name, rows in (("first", first), ("second", second)):
            self.spec.check(rows, f"InceptionFeatures.fid {name}")
            fewest = ROWS_PER_FEATURE * self.width
            check_rows("fid", name, np.zeros((len(rows), 1)), fewest, f"{ROWS_PER_FEATURE} for each of 2048 features")
        return frechet_distance(self.extract(first).features, self.extract(second).features)
