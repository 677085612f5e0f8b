"""Predictor: the base of everything that maps inputs to targets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.errors import UsageError
from lab.learner import Learner
from lab.seeding import Seeds
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.inputs import checked_inputs, made_up

if TYPE_CHECKING:
    import tensorflow as tf
    from matplotlib.figure import Figure

    from predictors.data.updates import Batch
    from predictors.metrics.table import MetricTable


class Predictor(Learner):
    """Maps inputs to targets; a subclass gives `update`, `predict` and `scores`, and makes what it trains in `build`.

    `spec` and `seeds` are set when `build` is called. Random numbers within `update` come from a
    `keras.random.SeedGenerator(self.seeds.integer("data", 1))` kept in an attribute: then a resumed run draws the same.

    Attributes:
        compile: How updates run: "graph", "xla", or None for Python, to debug. `build` may set it.
        updates_per_call: Updates in one compiled call; a stop takes effect between calls.
        batch_size: Examples an update; settings with a `batch_size` override it.
        kinds: What `picture` can show; the first is the default.
        main_metric: The metric that selects the best checkpoint.
        higher_metrics: Metrics of which more is better.
    """

    group: ClassVar[str] = "lab.predictors"
    default_steps: ClassVar[int] = 2_000
    default_log_every: ClassVar[int] = 50
    training_state: ClassVar[tuple[str, ...]] = ("optimizer",)
    shares_source: ClassVar[bool] = True
    updates_per_call: ClassVar[int] = 50
    not_state: tuple[str, ...] = ("compile", "_spec", "main_metric", "higher_metrics", "kinds")

    compile: str | None = "graph"
    kinds: tuple[str, ...] = ("predictions",)
    main_metric: str = "loss"
    higher_metrics: tuple[str, ...] = ()
    _spec: ExampleSpec | None = None

    def setup(self, spec: ExampleSpec, seeds: Seeds) -> None:
        """Build the predictor for examples; one that is built already keeps what it has learnt.

        Raises:
            UsageError: When the examples do not fit this predictor, or are unlike those it was built for.
        """
        if self.built:
            differing = differences(self.spec, spec)
            if differing:
                name = type(self).__name__
                raise UsageError(
                    f"this {name} was built for {self.spec.name}; received {spec.name}, which differs in "
                    f"{', '.join(differing)}. Fix: make a new {name}(), or see predictors.data about other scales."
                )
            self.seeds = seeds
            return
        self._spec, self.seeds = spec, seeds
        self.check_spec(spec)
        self.finish_setup()

    def check_spec(self, spec: ExampleSpec) -> None:
        """Raise `UsageError` where the examples are not of the kind that it learns, before anything is built (hook)."""

    def setup_arguments(self) -> tuple[Any, ...]:
        return self.spec, self.seeds

    def setup_from(self, description: Mapping[str, Any], seeds: Seeds) -> None:
        self.check_description(description)
        self.setup(ExampleSpec.from_json(description["data"]), seeds)

    def named_source(self, name: str, run: Path) -> str:
        from generative.datasets.sources import check_named

        return check_named(name, run)

    def examples(self, source: Any) -> Examples:
        """Return the examples in what `predictors.data.load` gave (hook)."""
        if not isinstance(source, Examples):
            raise UsageError(
                f"{type(self).__name__} received a {type(source).__name__} to learn from; expected Examples. "
                "Fix: a series is for a Forecaster."
            )
        return source

    # ---------------------------------------------------------------- what a predictor gives

    @abstractmethod
    def update(self, batch: Batch) -> Mapping[str, tf.Tensor]:
        """Make one training step, in TensorFlow operations over variables; it is traced once and compiled.

        Args:
            batch: Of B examples, float32 (B, ...) but for texts and classes; see `Batch`.

        Returns:
            Metrics by name, float (), such as the loss before the step.
        """

    @abstractmethod
    def predict(self, inputs: Any) -> Any:
        """Return what it takes to be the targets of inputs, without changing the predictor.

        Args:
            inputs: (N, ...) in the user's own range and type, or such arrays by name where there are several.

        Returns:
            (N, ...) labels or numbers in the user's own unit, or such arrays by name where there are several targets.
        """

    @abstractmethod
    def scores(self, part: Part) -> Mapping[str, float]:
        """Return metrics on examples, `main_metric` among them; a `MetricTable` also says why others are missing."""

    def export_inputs(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return examples' inputs, (N, ...) in the dtypes and by the names of the function of `export_model` (hook)."""
        return dict(inputs)

    def scores_with(self, call: Callable[..., dict[str, np.ndarray]], part: Part) -> MetricTable | None:
        """Return what `scores` does where a function answers in this predictor's place (hook).

        Args:
            call: From arrays (n, ...) by the names of the exported inputs, in their dtypes, to such by those of the
                outputs.
            part: Examples.

        Returns:
            None where outputs alone can be compared.
        """
        return None

    def check_training(self) -> None:
        """Raise `UsageError` where it cannot be trained, before anything is written (hook)."""

    def describe(self) -> dict[str, Any]:
        """Return what a run's config.json shall say of it besides its settings, as JSON values (hook)."""
        return {}

    def baselines(self, data: Examples) -> Mapping[str, Mapping[str, float]]:
        """Return what simpler methods reach on the same test examples, by name (hook)."""
        return {}

    def picture(self, kind: str, data: Examples) -> np.ndarray | Figure:
        """Show one of `kinds` as an image, uint8 (height, width, 3), or a matplotlib figure (hook).

        Args:
            kind: One of `kinds`.
            data: Examples; use `data.test`.
        """
        raise UsageError(f"{type(self).__name__} has no picture of {kind!r}. Fix: override `picture`.")

    # ---------------------------------------------------------------- help for subclasses

    @property
    def spec(self) -> ExampleSpec:
        """What an example is.

        Raises:
            UsageError: When the predictor is not built yet.
        """
        if self._spec is None:
            name = type(self).__name__
            raise UsageError(
                f"this {name} does not know its examples yet. "
                f"Fix: Experiment({name}(), ...) builds it, or {name}.load(run)."
            )
        return self._spec

    @property
    def batch_size(self) -> int:
        """Examples an update."""
        return int(getattr(self.config, "batch_size", 64))

    def checked_inputs(self, inputs: Any) -> dict[str, np.ndarray]:
        """Return a user's inputs by name, (N, ...) in the dtypes that were given, checked against what training had.

        Args:
            inputs: As for `predict`.

        Raises:
            UsageError: On other names, shapes or types, unequal lengths or values that are not finite.
        """
        return checked_inputs(self.spec, inputs, f"{type(self).__name__}.predict")

    def made_up_inputs(self, number: int) -> dict[str, np.ndarray]:
        """Return inputs of the shapes and dtypes of this predictor's, by name, (number, ...), the same each time."""
        return made_up(self.spec, number)


def differences(ours: ExampleSpec, theirs: ExampleSpec) -> list[str]:
    """Return in words what parts two descriptions of examples, but for the data sets' names."""
    found = []
    for part in ("inputs", "targets"):
        mine, other = getattr(ours, part), getattr(theirs, part)
        if [field.name for field in mine] != [field.name for field in other]:
            found.append(f"the names of its {part}")
            continue
        for a, b in zip(mine, other, strict=True):
            pair = zip(a.to_json().items(), b.to_json().values(), strict=True)
            found += [f"{a.name}.{key}" for (key, value), value_there in pair if value != value_there]
    return found
