"""Task: where a learner's data comes from, and how it is evaluated and shown."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from lab.errors import TrainingDiverged, bad_value
from lab.results.evaluation import Evaluation
from lab.runs.state import Stateful
from lab.seeding import Seeds


@dataclasses.dataclass
class Control:
    """How the loop around a task and the task's inner loop talk to each other.

    Attributes:
        stop: Set to end `Task.advance` at the next step; all state is then exactly that of the steps taken.
        taken: Steps taken so far in the present `Task.advance`.
        on_update: Called with the metrics of each round of updates, or None when nobody listens.
        log_every: Where the task gathers rows of the log itself: training steps between them; 0 to gather none.
        looks: Whether whoever listens to updates may look at the learner, which must then hold what was learnt.
    """

    stop: bool = False
    taken: int = 0
    on_update: Callable[[Mapping[str, float]], None] | None = None
    looks: bool = True
    log_every: int = 0


@dataclasses.dataclass(frozen=True)
class TaskOptions:
    """What `Experiment` tells a learner that makes its task.

    Attributes:
        seeds: The seed streams.
        num_envs: Environments stepped together (agents).
        lane: `auto`, `host` or `compiled`.
        evaluation_source: Another source to evaluate and film in (agents); None for the training source.
    """

    seeds: Seeds
    num_envs: int = 1
    lane: str = "auto"
    evaluation_source: Any = None


class Task(Stateful, ABC):
    """The base of `InteractionTask` (an agent in environments) and `DatasetTask` (a generator on data).

    Attributes:
        unit: What one training step is, for axes and messages.
        kinds: What `render` can show; the first is the default.
        lane: `host` or `compiled`: where the training loop runs.
        lane_reason: Why it is that lane.
        exact: Whether restoring raises when the source cannot be brought back exactly, or goes on from elsewhere.
        default_suffix: The kind of file that shows this task best.
        evaluation_names: The metrics of every evaluation, where they are known beforehand.
        takes_evaluation_source: Whether it can evaluate in another source than it trains on.
        gathers_rows: Whether `advance` can gather many rows of the log in one call; see `take_rows`.
    """

    unit = "steps"
    kinds: tuple[str, ...] = ()
    lane = "host"
    lane_reason = ""
    default_suffix = ".png"
    takes_evaluation_source = False
    gathers_rows: bool = False
    exact = True
    evaluation_names: tuple[str, ...] = ()
    # Resuming sets the reason that the run had.
    not_state: tuple[str, ...] = ("exact", "lane_reason")

    def check_evaluation_source(self, given: Any, learner: str) -> None:
        """Raise `UsageError` where an evaluation source is given and nothing would evaluate in it."""
        if given is not None and not self.takes_evaluation_source:
            fix = "give it to an agent, or leave it out."
            raise bad_value("Experiment", "evaluation_source", given, f"None for {learner}", fix)

    def check_training(self) -> None:
        """Raise `UsageError` where training cannot be done here, before anything is written (hook)."""

    def untaught(self, steps: int) -> str:
        """Return what of so many further steps would teach nothing, and how to mend it; "" where all do (hook).

        It is said once, before training begins.
        """
        return ""

    @abstractmethod
    def advance(self, steps: int, control: Control) -> int:
        """Train for `steps` steps, or fewer once `control.stop` is set; return how many were taken."""

    @classmethod
    def advance_batch(
        cls, tasks: Sequence[Self], steps: Sequence[int], controls: Sequence[Control]
    ) -> list[int | TrainingDiverged] | None:
        """Train several tasks at once, each as `advance` would alone (hook).

        Args:
            tasks: Of this class, each with its own learner.
            steps: As for `advance`, of each.
            controls: As for `advance`, of each.

        Returns:
            How many steps each took, or the error that ended it; None where tasks of this class take turns.
        """
        return None

    @abstractmethod
    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        """Evaluate the learner without changing it.

        Args:
            episodes: How many episodes or samples; None for the task's default.
            stream: Which independent stream of evaluation seeds: 0 to report, 1 to select the best checkpoint.
            step: The training step, recorded in the result.
        """

    def expect_evaluation(self, episodes: int | None = None) -> None:
        """Get ready, beside what runs, for the `evaluate` calls of a training about to begin (hook)."""

    @abstractmethod
    def render(self, path: Path, kind: str) -> Path:
        """Show the learner at work as a picture or video at `path`."""

    def drain(self) -> dict[str, float]:
        """Return the metrics gathered since the last call, and begin anew (hook)."""
        return {}

    def take_rows(self) -> list[tuple[int, dict[str, float]]]:
        """Return the rows of the log gathered since the last call, in order, and begin anew (hook).

        Where `gathers_rows` is True and nobody acts on rows, `advance` and `advance_batch` are called for several rows
        at once, with `control.log_every` > 0. Then they keep a row each time that the count of training steps, from
        the run's beginning, reaches or passes a multiple of it: the step then, and what `drain` would have returned
        there. What is gathered after the last of them belongs to the next row, of a later call, or to `drain`.

        Returns:
            (training step, metrics by name) of each row.
        """
        return []

    def check_description(self, description: Mapping[str, Any]) -> None:
        """Raise `CheckpointError` where what `describe` wrote into a run cannot be continued here (hook)."""

    def describe(self) -> dict[str, Any]:
        """Return what a run's config.json must hold to build the learner again, as JSON values (hook)."""
        return {}

    def check_same(self, description: Mapping[str, Any]) -> None:
        """Raise `CheckpointError` where values mean something else than in the run that `describe` described (hook)."""

    def baselines(self) -> dict[str, Evaluation]:
        """Return evaluations of baselines to show beside the learner's, by name (hook)."""
        return {}

    def export_inputs(self, number: int, calibration: bool) -> dict[str, np.ndarray]:
        """Return real inputs of the function that the learner's `export_model` gives, by name (hook).

        Args:
            number: How many rows; fewer where there are not so many.
            calibration: Whether they show in which range numbers lie, which the rows of training may; else what an
                exported file computes of them is compared, for which rows held out are fairer.

        Returns:
            Arrays (n, ...) of at most `number` rows, in the dtypes of the function's inputs.
        """
        raise NotImplementedError(f"{type(self).__name__} has no inputs for an exported learner.")

    def evaluate_with(
        self, call: Callable[..., dict[str, np.ndarray]], episodes: int | None = None
    ) -> Evaluation | None:
        """Evaluate with a function in the place of the learner, on the seeds or rows of `evaluate` (hook).

        Args:
            call: From arrays (n, ...) by the names of the exported inputs, in their dtypes, to such by those of the
                outputs: what the runtime of an exported file computes, or what the learner itself does.
            episodes: As for `evaluate`.

        Returns:
            The evaluation; None where outputs alone can be compared.
        """
        return None

    def close(self) -> None:
        """Free environments and files (hook)."""
