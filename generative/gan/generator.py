"""GAN: a generator learns to make rows that a discriminator cannot tell from real ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.arguments import plain_array
from generative.base import Batch, Generator
from generative.data.batching import in_batches
from generative.data.dataset import Dataset, DataSpec
from generative.data.labels import checked_labels, drawn_codes, label_values
from generative.figures import pictures
from generative.figures.slerp import slerp
from generative.gan.augmentation import NUMBERS, augmented
from generative.gan.exporting import Decoding
from generative.gan.figures import figures
from generative.gan.figures.curves import LossCurves
from generative.gan.losses import Losses, non_saturating
from generative.gan.networks.networks import kind_of, latent_size_of, make_discriminator, make_generator
from generative.gan.networks.spectral import spectral_layers
from generative.gan.penalties import between, one_centred, scored, scores_and_slopes
from generative.gan.settings import GANSettings
from generative.gan.unread import unread
from generative.settings import best_compiler
from lab.config import Settings
from lab.errors import UsageError, bad_value
from lab.training.adam import Adam, WeightAverage

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class GAN(Decoding, Generator):
    """Plays a generator against a discriminator (Goodfellow et al. 2014, "Generative Adversarial Nets").

    Losses, penalties, networks, augmentation and both players' steps vary independently: all but the losses are
    settings, and a flavour overrides `adversarial_loss`. Rows are drawn with averaged weights. The learning rate is
    the generator's; a schedule changes the discriminator's in proportion.
    """

    Settings: ClassVar[type[Settings]] = GANSettings
    default_steps: ClassVar[int] = 10_000
    kinds: tuple[str, ...] = ("samples", "classes", "interpolation", "players")  # type: ignore[misc]
    training_state: ClassVar[tuple[str, ...]] = ("optimizer", "discriminator_optimizer", "generator", "random")
    not_state = ("classes", "kinds", "spectral")
    label_counts: tf.Variable

    def build(self) -> None:
        c, seed = self.config, self.seeds.integer("network")
        if c.conditional and not self.spec.classes:
            raise UsageError(
                f"{type(self).__name__}: conditional=True received {self.spec.name} without labels; expected labels. "
                "Fix: give (rows, labels), or conditional=False."
            )
        if c.augment and not self.spec.is_image:
            expected = f"() for rows of shape {self.spec.shape}: only images can be shifted and cut"
            raise bad_value(type(self).__name__, "augment", c.augment, expected, "augment=().")
        self.classes = (self.spec.classes or 0) if c.conditional else 0
        self.kinds = tuple(kind for kind in type(self).kinds if kind != "classes" or self.classes)
        self.compile = best_compiler(c, perceptron=kind_of(c, self.spec) == "dense")
        self.generator = make_generator(c, self.spec, self.classes, seed)
        self.discriminator = make_discriminator(c, self.spec, self.classes, self.seeds.integer("network", 1))
        self.spectral = spectral_layers(self.discriminator)
        self.average = WeightAverage(self.generator, make_generator(c, self.spec, self.classes, seed), c.average_decay)
        rate, how = c.learning_rate, {"clip": c.gradient_clip, "betas": (c.beta_1, c.beta_2)}
        self.optimizer = Adam(self.generator.trainable_variables, rate, **how)
        self.discriminator_optimizer = Adam(self.discriminator.trainable_variables, rate * self._ratio, **how)
        self.random = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        self.curves = LossCurves()
        if self.classes:
            # How often each was met, so that samples without labels have the classes of the data.
            self.label_counts = tf.Variable(tf.zeros(self.classes), trainable=False)
        network = self.average.network
        self._decode: Any = tf.function(lambda *inputs: network(self._inputs(*inputs)), autograph=False)
        self._score: Any = tf.function(lambda *inputs: self.discriminator(self._inputs(*inputs)), autograph=False)

    def takes(self, spec: DataSpec) -> bool:
        # Conditional networks have a vector for each class.
        return super().takes(spec) and (not self.classes or self.same_classes(spec))

    def unread_settings(self) -> dict[str, str]:
        return unread(self.config, self.spec, self.classes)

    # ---------------------------------------------------------------- what flavours override

    def adversarial_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> Losses:
        """Return both players' losses, (discriminator, generator), float32 () each.

        Args:
            real_scores, fake_scores: float32 (B,): the discriminator's outputs for real rows and samples. Row i of both
                has the same label, where there are labels.
        """
        return non_saturating(real_scores, fake_scores)

    # ---------------------------------------------------------------- learning

    @property
    def latent_size(self) -> int:
        """From how many standard normal numbers a row is made."""
        return latent_size_of(self.config, self.spec)

    @property
    def batch_size(self) -> int:
        return int(self.config.batch_size * self.config.discriminator_steps)

    @property
    def _ratio(self) -> float:
        """The discriminator's step size as a multiple of the generator's."""
        return (self.config.discriminator_learning_rate or self.config.learning_rate) / self.config.learning_rate

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        size, codes = self.config.batch_size, batch.labels if self.classes else None
        for start in range(0, self.batch_size, size):
            real = batch.data[start : start + size]
            labels = None if codes is None else codes[start : start + size]
            metrics = self.update_discriminator(real, labels)
        metrics.update(self.update_generator(real, labels))
        self.average.update()
        self.curves.add(metrics["discriminator_loss"], metrics["generator_loss"])
        if codes is not None:
            self.label_counts.assign_add(tf.reduce_sum(tf.one_hot(codes, self.classes), axis=0))
        return metrics

    def update_discriminator(self, real: tf.Tensor, labels: tf.Tensor | None) -> dict[str, tf.Tensor]:
        """Make one step of the discriminator on real rows, float32 (B, ...), and labels, int32 (B,) or None."""
        c, count = self.config, tf.shape(real)[0]
        for layer in self.spectral:
            layer.iterate()
        latents, fake_numbers, real_numbers = self._latents(count), self._variation(count), self._variation(count)
        alphas = self._uniform((count,)) if c.gradient_penalty else None
        inputs = (real, labels, latents, fake_numbers, real_numbers, alphas)
        optimizer = self.discriminator_optimizer
        optimizer.learning_rate.assign(self._ratio * self.optimizer.learning_rate)
        _, metrics, norm = optimizer.minimise(self._discriminator_objective, inputs, c.devices)
        if not (c.r1 or c.r2 or c.gradient_penalty):
            del metrics["penalty"]
        return {**metrics, "discriminator_gradient_norm": norm}

    def _discriminator_objective(
        self, real: tf.Tensor, labels: tf.Tensor | None, latents: tf.Tensor, fake_numbers: tf.Tensor | None,
        real_numbers: tf.Tensor | None, alphas: tf.Tensor | None,
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:  # fmt: skip
        c = self.config
        # Only the discriminator's variables are asked about, so nothing of the generator changes.
        fake = tf.stop_gradient(self.generator(self._inputs(latents, labels), training=True))
        fake, real = self.varied(fake, fake_numbers), self.varied(real, real_numbers)

        def critic(rows: tf.Tensor) -> tf.Tensor:
            return self.discriminator(self._inputs(rows, labels), training=True)

        real_scores, real_penalty = scored(critic, real, c.r1)
        fake_scores, fake_penalty = scored(critic, fake, c.r2)
        adversarial = self.adversarial_loss(real_scores, fake_scores)[0]
        penalty = real_penalty + fake_penalty
        if alphas is not None:
            _, slopes = scores_and_slopes(critic, between(real, fake, alphas))
            penalty += c.gradient_penalty * one_centred(slopes)
        lead = tf.reduce_mean(real_scores) - tf.reduce_mean(fake_scores)
        metrics = {"discriminator_loss": adversarial, "penalty": penalty, "score_difference": lead}
        return adversarial + penalty, metrics

    def update_generator(self, real: tf.Tensor, labels: tf.Tensor | None) -> dict[str, tf.Tensor]:
        """Make one step of the generator, for as many rows as `real`, float32 (B, ...); see `update_discriminator`."""
        count = tf.shape(real)[0]
        latents, real_numbers, fake_numbers = self._latents(count), self._variation(count), self._variation(count)
        inputs = (real, labels, latents, fake_numbers, real_numbers)
        loss, _, norm = self.optimizer.minimise(self._generator_objective, inputs, self.config.devices)
        return {"generator_loss": loss, "generator_gradient_norm": norm}

    def _generator_objective(
        self, real: tf.Tensor, labels: tf.Tensor | None, latents: tf.Tensor, fake_numbers: tf.Tensor | None,
        real_numbers: tf.Tensor | None,
    ) -> tuple[tf.Tensor, tuple[()]]:  # fmt: skip
        # Only relativistic losses ask for these; the compiler leaves out what is not asked for.
        real_scores = tf.stop_gradient(self.discriminator(self._inputs(self.varied(real, real_numbers), labels)))
        fake = self.varied(self.generator(self._inputs(latents, labels), training=True), fake_numbers)
        return self.adversarial_loss(real_scores, self.discriminator(self._inputs(fake, labels)))[1], ()

    def varied(self, rows: tf.Tensor, numbers: tf.Tensor | None) -> tf.Tensor:
        """Return rows as the discriminator is to see them, real ones and samples alike.

        Args:
            rows: (B, ...).
            numbers: float32 (B, 5) in [0, 1), that say how; None for as they are.
        """
        return rows if numbers is None else augmented(rows, self.config.augment, numbers)

    def _variation(self, count: tf.Tensor) -> tf.Tensor | None:
        return self._uniform((count, NUMBERS)) if self.config.augment else None

    def _latents(self, count: tf.Tensor) -> tf.Tensor:
        shape = (count, self.latent_size)
        # Under XLA the default algorithm is 40 times slower.
        return tf.random.stateless_normal(shape, tf.cast(self.random.next(), tf.int32), alg="philox")

    def _uniform(self, shape: tuple[Any, ...]) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, tf.cast(self.random.next(), tf.int32), alg="philox")

    def _inputs(self, rows: tf.Tensor, labels: tf.Tensor | None = None) -> Any:
        return [rows, labels] if self.classes else rows

    # ---------------------------------------------------------------- what it has learnt

    def sample(self, number: int, seed: int | None = None, *, labels: Any = None) -> np.ndarray:
        """Draw new rows; see `Generator.sample`.

        Args:
            number: How many.
            seed: As for every generator.
            labels: One label, or whole numbers (number,); None draws them as often as training met them.

        Raises:
            UsageError: On labels the data do not have, or any where the settings are not conditional.
        """
        number = self.count(number)
        latents = self.rng(seed).standard_normal((number, self.latent_size), np.float32)
        if labels is None and self.classes:
            labels = self.drawn_labels(number, self.rng(seed, 1))
        return self.decode(latents, labels)

    def decode(self, latents: np.ndarray, labels: Any = None) -> np.ndarray:
        """Return the rows that latents stand for, in the data set's own range and type.

        Args:
            latents: (N, latent_size); those of `sample` are standard normal.
            labels: One label or (N,) of them where the settings are conditional, else None.
        """
        size, array = self.latent_size, plain_array(f"{type(self).__name__}.decode", "latents", latents)
        if array.ndim != 2 or array.shape[1] != size or array.dtype.kind not in "iuf":
            raise bad_value(f"{type(self).__name__}.decode", "latents", f"{array.dtype} {array.shape}", f"(N, {size})")
        if not np.isfinite(array).all():
            raise bad_value(f"{type(self).__name__}.decode", "latents", "values that are not finite", "finite values")
        codes = self._codes(labels, len(array))
        return self.spec.quantise(in_batches(self._decode, array.astype(np.float32), *codes))

    def scores(self, data: np.ndarray, labels: Any = None) -> np.ndarray:
        """Return the discriminator's scores, float32 (N,), of rows in the data set's own range and type."""
        rows = self.spec.normalise(self.spec.check(data, f"{type(self).__name__}.scores"))
        return in_batches(self._score, rows, *self._codes(labels, len(rows)))

    def drawn_labels(self, number: int, rng: np.random.Generator) -> np.ndarray | None:
        """Draw labels, whole numbers (number,), as often as training met them; before it all alike; None without."""
        if not self.classes:
            return None
        return label_values(self.spec, drawn_codes(self.label_counts.numpy(), number, rng))

    def _codes(self, labels: Any, count: int) -> tuple[np.ndarray, ...]:
        """Return labels as a compiled function's further arguments, codes int32 (count,): none if unconditional."""
        owner = type(self).__name__
        if not self.classes:
            if labels is not None:
                fix = "conditional=True, with labelled data."
                raise bad_value(owner, "labels", labels, "none: it was trained without", fix)
            return ()
        return (checked_labels(owner, self.spec, labels, count),)

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return `discriminator_accuracy`: how often a held-out row scores above a sample.

        0.5 means that the discriminator cannot tell them apart, 1 that it always can. Flavours put their thresholds in
        different places; a comparison needs none.
        """
        labels = data.test_labels if self.classes else None
        fake = self.sample(len(data.test), 0, labels=labels)
        real, ours = self.scores(data.test, labels), np.sort(self.scores(fake, labels))
        below, upto = np.searchsorted(ours, real, "left"), np.searchsorted(ours, real, "right")
        return {"discriminator_accuracy": float((below + upto).mean() / (2 * len(ours)))}

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        if kind == "players":
            return figures.players(*self.curves.means(), f"{type(self).__name__} on {self.spec.name}")
        if kind == "classes":
            labels = label_values(self.spec, np.arange(min(self.classes, pictures.MOST_CLASSES)))
            count = pictures.members(self.spec)
            rows = self.sample(len(labels) * count, labels=np.repeat(labels, count))
            return pictures.classes_picture(rows.reshape(len(labels), count, *self.spec.shape), labels, self.spec)
        if kind == "interpolation":
            columns = pictures.COLUMNS if self.spec.is_image else 4 * pictures.COLUMNS
            first, last = self.rng(None).standard_normal((2, figures.ROWS, self.latent_size), np.float32)
            way = slerp(first, last, np.linspace(0.0, 1.0, columns)).reshape(-1, self.latent_size)
            drawn = self.drawn_labels(figures.ROWS, self.rng(None, 1))
            # A way keeps its label.
            rows = self.decode(way, None if drawn is None else np.repeat(drawn, columns))
            return pictures.ways_picture(rows.reshape(figures.ROWS, columns, *self.spec.shape), self.spec, data.test)
        return super().picture(kind, data)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        if kind not in ("samples", "interpolation"):
            yield from super().frames(kind, data)
        number = figures.CELLS if self.spec.is_image else pictures.how_many(self.spec)
        stops = self.rng(None).standard_normal((figures.LEGS, number, self.latent_size), np.float32)
        labels = self.drawn_labels(number, self.rng(None, 1))
        for latents in figures.round_trip(stops):
            shown = pictures.rows_picture(self.decode(latents, labels), self.spec, data.test)
            yield pictures.pixels_of(shown)
