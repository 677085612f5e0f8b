"""ConditionalVAE: a variational autoencoder that sees the class, and draws one that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from generative.autoencoder.vae import VAE
from generative.base import Batch
from generative.data.dataset import Dataset, DataSpec
from generative.data.labels import drawn_codes, label_values
from generative.figures import pictures
from lab.errors import UsageError
from lab.media.grids import image_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS_A_CLASS = 8


class ConditionalVAE(VAE):
    """Gives encoder and decoder the label (Sohn et al. 2015, "Learning Structured Output Representation").

    The latents are then free to hold what differs within a class; new ones are drawn near those of the same class.
    """

    kinds: ClassVar[tuple[str, ...]] = ("classes", *VAE.kinds)
    conditional: ClassVar[bool] = True

    def build(self) -> None:
        if self.spec.classes is None:
            name = type(self).__name__
            raise UsageError(
                f"{name}: received data without labels ({self.spec.name}); expected labelled rows. "
                f"Fix: give (rows, labels), or use {VAE.__name__}."
            )
        # How often each class was met, so that samples without labels have the classes of the data.
        self.class_counts = tf.Variable(tf.zeros(self.spec.classes), trainable=False)
        super().build()

    def takes(self, spec: DataSpec) -> bool:
        # Its networks have one input a class.
        return super().takes(spec) and self.same_classes(spec)

    def learn_from(self, batch: Batch, seen: Any) -> None:
        super().learn_from(batch, seen)
        self.class_counts.assign_add(tf.reduce_sum(tf.one_hot(batch.labels, self.spec.classes), axis=0))

    def sample(self, number: int, seed: int | None = None, *, labels: Any = None) -> np.ndarray:
        """Draw new rows of given classes; see `Generator.sample`.

        Args:
            number: How many.
            seed: See `Generator.sample`.
            labels: Whole numbers (number,), or one for all; None to draw them as often as training met them.
        """
        number = self.count(number)
        if labels is None:
            labels = self.sample_labels(number, self.rng(seed, 1))
        (codes,) = self.checked_labels(labels, number, "sample")
        return self.decode(self.prior.sample(number, self.rng(seed), codes), label_values(self.spec, codes))

    def sample_labels(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw labels of the data, whole numbers (number,), as often as training met them; before it all alike."""
        return label_values(self.spec, drawn_codes(self.class_counts.numpy(), number, rng))

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        if kind != "classes":
            return super().picture(kind, data)
        classes = self.spec.classes or 0
        labels = label_values(self.spec, np.repeat(np.arange(classes, dtype=np.int32), ROWS_A_CLASS))
        rows = self.sample(len(labels), labels=labels)
        if not self.spec.is_image:
            return pictures.rows_picture(rows, self.spec, data.test)
        return image_grid(pictures.pixels(rows, self.spec), ROWS_A_CLASS)
