"""Learner: the base of every agent, generator and predictor."""

from __future__ import annotations

import dataclasses
import os
import sys
import warnings
from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from lab import registry
from lab.config import Settings as AnySettings
from lab.config import make, scheduled, schedules_of_run
from lab.copying import Copied
from lab.errors import CheckpointError, UnconfirmedSource, UsageError
from lab.exporting.exportable import Exports
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory
from lab.runs.opening import building
from lab.runs.opening.learners import learner_of
from lab.runs.run_state import read_learner
from lab.runs.state import Stateful
from lab.runtime.threads import start_tensorflow
from lab.seeding import Seeds

L = TypeVar("L", bound="Learner")


class Learner(Copied, Exports, Stateful, ABC):
    """Holds settings, networks and all else that training changes.

    A learner is made from its settings alone; `Experiment` then gives it its source, from which it learns the
    shapes of its data, and calls `build`. Every attribute set there is part of its checkpoints.

    Args:
        config: The learner's `Settings`, or the same fields as keywords.

    Attributes:
        config: The frozen settings.
        seeds: The experiment's seed streams, from `build` on.
        name: The name on the command line: the class's in snake case.
        most_numbers: How many numbers one variable of a learner that a file describes may have; None for any.
        run_length: Steps of its first run, which schedules follow; 0 before it is known.
        follows: Whether names and paths among its settings are its user's word; those of a run's file are not, nor
            those of a copy of what was made of one.
    """

    Settings: ClassVar[type[AnySettings]] = AnySettings
    group: ClassVar[str] = ""
    name: ClassVar[str] = ""
    default_steps: ClassVar[int] = 10_000
    default_log_every: ClassVar[int] = 100
    # Threads of one TensorFlow operation that suit it; None for TensorFlow's own choice.
    threads: ClassVar[int | None] = None
    # State that only training needs, left out of the best checkpoint and of `load`.
    training_state: ClassVar[tuple[str, ...]] = ()
    # Whether several runs may have the same source, one object.
    shares_source: ClassVar[bool] = False
    not_state: tuple[str, ...] = ("config", "seeds", "built", "state_names", "most_numbers", "run_length", "follows")

    most_numbers: int | None = None
    follows: bool = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "group" not in vars(cls):
            cls.name = registry.snake_case(cls.__name__)
            registry.register(cls.group, cls.name, cls)

    def __init__(self, config: AnySettings | None = None, /, **settings: Any) -> None:
        if config is not None and not isinstance(config, self.Settings):
            raise UsageError(
                f"{type(self).__name__} received {config!r}; expected {self.Settings.__name__} or its fields as "
                f"keywords. Fix: {type(self).__name__}({self.Settings.__name__}(...))."
            )
        if config is not None and settings:
            raise UsageError(f"{type(self).__name__} received both settings and keywords. Fix: give one of them.")
        self.config: Any = config if config is not None else make(self.Settings, settings)
        self.seeds = Seeds(0)
        self.built = False
        self.state_names: frozenset[str] = frozenset()
        self.run_length = 0

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make a learner of the settings in a run's config.json, following no name or path among them (hook)."""
        learner = cls(make(cls.Settings, settings))
        learner.follows = False
        return learner

    def named_source(self, name: str, run: Path) -> str:
        """Return the source to open for one that a run's file names, without importing anything (hook).

        Args:
            name: From config.json.
            run: The run's directory, which must not be left.

        Raises:
            UnconfirmedSource: When it takes the user's word; the text goes on after "which".
        """
        raise UnconfirmedSource(f"{type(self).__name__} cannot tell to be harmless.")

    def another(self, config: AnySettings) -> Self:
        """Return a fresh learner like this one, with other settings."""
        made = type(self)(config)
        vars(made).update({name: getattr(self, name) for name in (*self.carried, "follows")})
        return made

    @property
    def begins_trained(self) -> bool:
        """Whether it knew something before its run began that settings and seed cannot bring back (hook)."""
        return False

    def build(self) -> None:
        """Make networks, optimizers and tables, once the shapes of the data are known (hook)."""

    def finish_setup(self) -> None:
        """Call `build` and note which attributes it made: those are the learner's state."""
        with building.variables_within(self.most_numbers):
            self.build()
        self._settle_names()
        self.state_names = frozenset(super().get_state())
        self.built = True

    def unread_settings(self) -> dict[str, str]:
        """Return settings that have no effect beside the others or on the data, each with the reason (hook)."""
        return {}

    def complaint(self, row: Mapping[str, Any]) -> str:
        """Return what a row of the log says is going wrong, and how to mend it; "" where nothing is (hook).

        Training goes on; the first complaint of a run is a warning that names the step.
        """
        return ""

    # ---------------------------------------------------------------- schedules

    def begin_run(self, steps: int) -> None:
        """Note how long the run is, for schedules that follow it; the first run that a learner is in decides.

        Training on beyond that run does not lengthen them: they stay at their ends, so that what was learnt keeps.

        Args:
            steps: At which training is to end, counted from the run's beginning.
        """
        if self.run_length:
            shorter = self._schedules_cut_short(steps)
            if shorter:
                ended = "learning_rate_steps" in shorter and getattr(self.config, "learning_rate_end", None) == 0.0
                what = "stay so, the step size at 0, so that nothing is learnt," if ended else "stay so"
                warnings.warn(
                    f"{type(self).__name__}: {', '.join(shorter)} followed the first training, of {self.run_length:,} "
                    f"steps, and {what} up to step {steps:,}. "
                    "Fix, to train in several parts: begin with numbers, such as "
                    f"{shorter[0]}={scheduled(self.config, shorter[0], steps)}.",
                    stacklevel=4,
                )
            return
        self.run_length = steps
        self.apply_schedules()

    def scheduled(self, name: str) -> int:
        """Return how many steps the schedule takes that a setting gives the length of; see `lab.config.scheduled`."""
        return scheduled(self.config, name, self.run_length or self.default_steps)

    def apply_schedules(self) -> None:
        """Take over the lengths of schedules, which are known when training begins or is resumed (hook)."""

    def _schedules_cut_short(self, steps: int) -> list[str]:
        # Not warm-ups: one that was shorter than usual is over, and nothing is lost.
        bounded = {f.name for f in dataclasses.fields(self.config) if f.metadata.get("most_steps") is not None}
        unread = self.unread_settings()
        names = [name for name in schedules_of_run(self.config) if name not in bounded and name not in unread]
        return [n for n in names if scheduled(self.config, n, steps) > scheduled(self.config, n, self.run_length)]

    def _settle_names(self) -> None:
        if "keras" in sys.modules:  # Else there is no model, and a learner without Keras must not load it.
            from lab.networks.names import settle_models

            settle_models(vars(self).values())

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        late = sorted(state.keys() - self.state_names) if self.built else []
        if late:
            raise UsageError(
                f"{type(self).__name__}.{late[0]} was made after `build`, so a resumed run could not restore it. "
                "Fix: make it in `build`, or name it in `not_state` if training does not change it."
            )
        # Only where it decides something: other checkpoints stay as they were.
        return {**state, "run_length": self.run_length} if self.depends_on_run else state

    @property
    def depends_on_run(self) -> bool:
        """Whether something follows the length of the run, so that checkpoints must say it (hook)."""
        return self.config.follows_run

    def set_state(self, state: Mapping[str, Any]) -> None:
        rest = dict(state)
        if self.depends_on_run:
            if not isinstance(rest.get("run_length"), int):
                raise CheckpointError(
                    f"{type(self).__name__}: the checkpoint does not say how long its run was, which its schedules "
                    "follow. Fix: build it with the settings and the version of the run."
                )
            self.run_length = rest.pop("run_length")
        super().set_state(rest)
        self.apply_schedules()

    def setup_arguments(self) -> tuple[Any, ...]:
        """Return what `setup` was given: what a copy is built with (hook)."""
        raise UsageError(
            f"{type(self).__name__} cannot be copied: it does not say what it was built with. "
            "Fix: override `setup_arguments`, or load a run of it a second time."
        )

    def setup_from(self, description: Mapping[str, Any], seeds: Seeds) -> None:
        """Build from what `Task.describe` wrote into a run's config.json, without the source."""
        raise NotImplementedError(f"{type(self).__name__} cannot be built without its source.")

    @property
    def learning_rate(self) -> float:
        """The present step size of the attribute `optimizer`; schedules set it."""
        return float(self._learning_rate().numpy())

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate().assign(value)

    def _learning_rate(self) -> Any:
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None:
            raise UsageError(
                f"{type(self).__name__} has no learning rate to schedule: it has no attribute `optimizer`. Fix: leave "
                "the schedule out, call the optimizer that, or give it a property `learning_rate` with a setter."
            )
        return optimizer.learning_rate

    def inference_state(self) -> dict[str, Any]:
        """Return the state that using the trained learner needs, without replay and the like."""
        return {k: v for k, v in self.get_state().items() if k not in self.training_state}

    def set_inference_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `inference_state` returned; what only training needs stays as built."""
        fresh = {k: v for k, v in self.get_state().items() if k in self.training_state}
        kept = {k: v for k, v in state.items() if k not in self.training_state}
        self.set_state({**kept, **fresh})

    @classmethod
    def load(cls: type[L], run: str | os.PathLike[str], which: str = "best", *, network: Any = None) -> L:
        """Load a trained learner from a run directory.

        Args:
            run: The run's directory.
            which: `best` for the best checkpoint if one was kept, else the newest; `last` for the newest.
            network: What the learner was given as its network, for a run with one of its user's.

        Raises:
            RunDirectoryError, CheckpointError: When it is no run, or has no whole checkpoint of such a learner.
        """
        directory = RunDirectory(run)
        directory.check_links()
        config = directory.read_config()
        found: Any = cls if cls.name == config["learner"] else learner_of(config, directory.path)
        if not issubclass(found, cls):
            raise CheckpointError(
                f"{directory.path} holds a {found.__name__}; expected a {cls.__name__}. "
                f"Fix: {found.__name__}.load({str(run)!r})."
            )
        fresh = None if network is None else building.made_from(config, directory, found, network)
        return cls.load_checkpoint(directory, config, directory.find_checkpoint(which), fresh)

    @classmethod
    def load_checkpoint(
        cls: type[L], directory: RunDirectory, config: Mapping[str, Any], path: Path | None, fresh: L | None = None
    ) -> L:
        """Load a trained learner from one checkpoint of a run; see `load`.

        Args:
            directory, config: The run's, and its configuration.
            path: The checkpoint, as `RunDirectory.find_checkpoint` returned it.
            fresh: A learner with the run's settings to load it into; None to make one.
        """
        if path is None:
            raise CheckpointError(f"{directory.path} has no checkpoint yet. Fix: train it, or `lab resume` it.")
        found: Any = cls if cls.name == config["learner"] or fresh is not None else learner_of(config, directory.path)
        learner: L = building.made_from(config, directory, found) if fresh is None else fresh
        start_tensorflow(learner.threads)
        learner.check_description(config["task"])
        with building.as_run_errors(directory, "task and settings"):
            learner.setup_from(config["task"], Seeds(config["seed"]))
        state = read_learner(path)
        with checkpoints.restoring(path):
            learner.set_inference_state(state)
        return learner
