"""Generator: the base of everything that learns a data set and draws new rows of it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from generative.arguments import whole
from generative.data.batching import Batch
from generative.data.dataset import Dataset, DataSpec
from generative.figures import pictures
from lab.errors import UsageError
from lab.learner import Learner
from lab.seeding import Seeds

if TYPE_CHECKING:
    import tensorflow as tf
    from matplotlib.figure import Figure

__all__ = ["Batch", "Generator"]

# What a data set says of itself beside what its rows are.
ABOUT_LABELS = ("name", "classes", "class_names", "label_values")
# Of samples drawn in one call.
MOST_BYTES = 8 << 30


class Generator(Learner):
    """Learns a data set; a subclass gives `update` and `sample`, and makes its networks in `build`.

    `spec` and `seeds` are set when `build` is called; `spec.quantise` turns rows in [-1, 1] into the data's range and
    type. Networks and optimizers must be built there
    (`optimizer.build(variables)`), so that a checkpoint finds the variables it fills. Random numbers within `update`
    come from a `keras.random.SeedGenerator(self.seeds.integer("data", 1))` kept in an attribute: then a resumed run
    draws the same ones. Schedules set the attribute called `optimizer`.

    Attributes:
        compile: How updates run: "graph", "xla", or None for Python, to debug. `build` may set it.
        updates_per_call: Updates in one compiled call; a stop takes effect between calls.
        batch_size: Rows an update; settings with a `batch_size` override it.
        kinds: What `picture` can show; the first is the default.
        main_metric: The metric that selects the best checkpoint; None for the Fréchet distance of images, if there are
            enough rows, and else the sliced Wasserstein distance.
        higher_metrics: Metrics of which more is better.
    """

    group: ClassVar[str] = "lab.generators"
    default_steps: ClassVar[int] = 2_000
    default_log_every: ClassVar[int] = 50
    training_state: ClassVar[tuple[str, ...]] = ("optimizer",)
    kinds: ClassVar[tuple[str, ...]] = ("samples",)
    main_metric: ClassVar[str | None] = None
    higher_metrics: ClassVar[tuple[str, ...]] = ()
    updates_per_call: ClassVar[int] = 50
    frames_per_second: ClassVar[float] = 20.0
    not_state: tuple[str, ...] = ("compile", "_spec")

    compile: str | None = "graph"
    _spec: DataSpec | None = None

    def setup(self, spec: DataSpec, seeds: Seeds) -> None:
        """Build the generator for data; one that is built already keeps what it has learnt.

        So it can go on with other data, if their rows are alike: of one shape, type and range.

        Raises:
            UsageError: When the data do not fit this generator, or are unlike those it was built for.
        """
        if self.built:
            if not self.takes(spec):
                raise self._unlike(spec)
            self._spec, self.seeds = spec, seeds
            return
        self._spec, self.seeds = spec, seeds
        self.finish_setup()
        self._check_built()

    def takes(self, spec: DataSpec) -> bool:
        """Return whether this generator, which is built, can go on with data of that kind (hook)."""
        return self.spec.differing(spec).keys() <= set(ABOUT_LABELS)

    def same_classes(self, spec: DataSpec) -> bool:
        """Return whether other data have the labels of this generator's, which mean the same where they have names."""
        ours, named = self.spec, spec.class_names is not None and self.spec.class_names is not None
        same = (ours.classes, ours.label_values) == (spec.classes, spec.label_values)
        return same and (not named or ours.class_names == spec.class_names)

    def _unlike(self, spec: DataSpec) -> UsageError:
        name, differing = type(self).__name__, self.spec.differing(spec)
        listed = [(field, *values) for field, values in differing.items() if field not in ("name", "class_names")]
        built = ", ".join(f"{field} {ours}" for field, ours, _ in listed)
        received = ", ".join(f"{field} {theirs}" for field, _, theirs in listed)
        fix = f"make a new {name}()."
        if differing.keys() <= {"low", "high", *ABOUT_LABELS}:
            declared = f"low={self.spec.low:g}, high={self.spec.high:g}"
            fix = f"generative.datasets.from_arrays(rows, labels, {declared}) where rows have that range, or {fix}"
        return UsageError(
            f"this {name} was built for {self.spec.name} ({built}); received {spec.name} ({received}). Fix: {fix}"
        )

    def setup_arguments(self) -> tuple[Any, ...]:
        return self.spec, self.seeds

    def setup_from(self, description: Mapping[str, Any], seeds: Seeds) -> None:
        self.setup(DataSpec.from_json(description["data"]), seeds)

    def named_source(self, name: str, run: Path) -> str:
        from generative.datasets.sources import check_named

        return check_named(name, run)

    # ---------------------------------------------------------------- what a generator gives

    @abstractmethod
    def update(self, batch: Batch) -> Mapping[str, tf.Tensor]:
        """Make one training step, in TensorFlow operations over variables; it is traced once and compiled.

        Args:
            batch: Rows, float32 (B, ...) in [-1, 1], and labels, int32 (B,) or None.

        Returns:
            Metrics by name, float (), such as the loss before the step.
        """

    @abstractmethod
    def sample(self, number: int, seed: int | None = None) -> np.ndarray:
        """Draw new rows, without changing the generator.

        Every row has random numbers of its own: row i depends on the seed and on i (and on its label), never on how
        many rows are drawn. The arithmetic of networks may differ in the last bits from one number of rows to another.

        Args:
            number: How many; 0 gives no rows.
            seed: Equal seeds give equal rows; None for the experiment's own sampling seed, which gives the same rows
                each time too.

        Returns:
            (number, ...) rows in the data set's range, shape and dtype.
        """

    def check_training(self) -> None:
        """Raise `UsageError` where it cannot be trained, before anything is written (hook)."""

    def metrics_on(self, data: Dataset) -> dict[str, float]:
        """Return further metrics on held-out rows `data.test`; baselines may use `data.train` (hook)."""
        return {}

    def export_inputs(
        self, rows: np.ndarray, labels: np.ndarray | None, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return inputs of the function of `export_model`, by name, one for each row (hook).

        Args:
            rows: (N, ...) of the data set, in its own dtype.
            labels: Theirs, whole numbers (N,), or None where there are none.
            rng: Of what is drawn at random, such as latents.
        """
        raise NotImplementedError(f"{type(self).__name__} has no inputs for its export_model.")

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        """Show one of `kinds` as an image, uint8 (height, width, 3), or a matplotlib figure (hook).

        Args:
            kind: One of `kinds`.
            data: Real rows to show beside; use `data.test`.
        """
        return pictures.rows_picture(self.sample(pictures.how_many(self.spec)), self.spec, data.test)

    def frames(self, kind: str, data: Dataset) -> Iterator[np.ndarray]:
        """Yield uint8 frames of one shape for a .gif or .mp4 of one of `kinds` (hook)."""
        raise UsageError(
            f"{type(self).__name__} shows {kind!r} as a still picture only. Fix: render a .png, or override `frames`."
        )

    # ---------------------------------------------------------------- help for subclasses

    @property
    def spec(self) -> DataSpec:
        """What a row of the data is.

        Raises:
            UsageError: When the generator is not built yet.
        """
        if self._spec is None:
            name = type(self).__name__
            raise UsageError(
                f"this {name} does not know its data yet. "
                f"Fix: Experiment({name}(), ...) builds it, or {name}.load(run)."
            )
        return self._spec

    @property
    def batch_size(self) -> int:
        """Rows an update."""
        return int(getattr(self.config, "batch_size", 128))

    def count(self, number: Any, method: str = "sample") -> int:
        """Return a number of rows to draw, checked before any work begins.

        Raises:
            UsageError: When it is no whole number >= 0, or the rows would not fit in memory (8 GiB).
        """
        spec = self.spec
        row = math.prod(spec.shape) * max(4, np.dtype(spec.dtype).itemsize)
        most = max(1, MOST_BYTES // row)
        return whole(f"{type(self).__name__}.{method}", "number", number, 0, most)

    def rng(self, seed: int | None, stream: int = 0) -> np.random.Generator:
        """Return random numbers for `sample` with this seed.

        Draw all rows with one call, (number, ...), and each purpose from a stream of its own: then row i has the same
        numbers however many rows there are.

        Args:
            seed: As for `sample`.
            stream: 0 for rows themselves, others for further purposes, such as labels.

        Raises:
            UsageError: When the generator is not built yet, or the seed is no whole number >= 0.
        """
        if self.spec and seed is None:
            return self.seeds.generator("sampling", *([stream] if stream else []))
        number = whole(f"{type(self).__name__}.sample", "seed", seed, 0, fix="None for the experiment's own.")
        return np.random.default_rng(np.random.SeedSequence(number, spawn_key=(stream,)) if stream else number)

    def _check_built(self) -> None:
        import keras

        for name, value in vars(self).items():
            if isinstance(value, (keras.Layer, keras.optimizers.Optimizer)) and not value.built:
                how = "optimizer.build(variables)" if isinstance(value, keras.optimizers.Optimizer) else "keras.Input"
                raise UsageError(
                    f"{type(self).__name__}.{name} has no variables after `build`, so no checkpoint could fill them. "
                    f"Fix: {how} in `build`."
                )
