"""What is under check: how to make it, and one training of it that many checks look at."""

from __future__ import annotations

import copy
import dataclasses
import functools
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium

from lab.callbacks import Callback
from lab.errors import bad_value
from lab.experiment.experiment import Experiment
from lab.learner import Learner

STEPS = 121


@dataclasses.dataclass(frozen=True)
class Subject:
    """A learner and a source small enough to be trained many times.

    Args:
        make: Returns a fresh learner.
        give: Returns the source anew, as a user would give it.
        idle: Names of state that may be left out without harm, with the reason; None where that is not checked.
        first, then: Steps before and after the interruption; multiples of nothing.
        log_every: Such that the interruption and `middle` fall between two rows.
        middle: A step at which metrics for the next row have been gathered and no row ends.
        lane: As for `Experiment`.
    """

    make: Callable[[], Learner]
    give: Callable[[], Any]
    idle: Mapping[str, str] | None = None
    first: int = 67
    then: int = 54
    log_every: int = 20
    middle: int = 47
    lane: str = "auto"

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.first + self.then

    def experiment(self, run: Path | None = None, seed: int = 5, **keywords: Any) -> Experiment:
        """Return a fresh experiment."""
        keywords = {"log_every": self.log_every, "progress": False, "lane": self.lane, **keywords}
        return Experiment(self.make(), self.give(), seed=seed, run_dir=run, **keywords)

    def resume(self, run: Path, **keywords: Any) -> Experiment:
        """Open a run to go on with it, as a user would."""
        return Experiment.resume(run, source=self._source_again(), progress=False, **keywords)

    def open(self, run: Path) -> Experiment:
        """Open a run to evaluate it, as a user would."""
        return Experiment.open(run, which="last", source=self._source_again())

    def _source_again(self) -> Any:
        source = self.give()
        return None if isinstance(source, str) else source


def subject(kind: str, learner: Any, source: Any, group: str, steps: int, **fields: Any) -> Subject:
    """Return the subject that a user describes by a class or an instance and a source.

    Args:
        kind: What is checked, for messages: "agent" or "generator".
        learner: A `Learner` class that works with its default settings, or an instance, of which the settings count.
        source: As for `Experiment`; an environment that is an instance is copied.
        group: Of the learner.
        steps: To train for, in all.
        fields: Further ones of `Subject`.

    Raises:
        UsageError: When `learner` is no learner of that group, or `steps` is too small.
    """
    found = learner if isinstance(learner, type) else type(learner)
    if not issubclass(found, Learner) or found.group != group:
        raise bad_value(f"check_{kind}", kind, learner, f"an {kind} or its class".replace("an g", "a g"))
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 30:
        raise bad_value(f"check_{kind}", "steps", steps, "a whole number >= 30")
    config = None if isinstance(learner, type) else learner.config
    give: Callable[[], Any] = lambda: source  # noqa: E731
    if isinstance(source, gymnasium.Env):
        pristine = copy.deepcopy(source)
        give = lambda: copy.deepcopy(pristine)  # noqa: E731
    first = steps * 5 // 9
    sizes = {"first": first, "then": steps - first, "log_every": steps // 6, "middle": steps * 7 // 18}
    return Subject(lambda: found(config), give, **{**sizes, **fields})


class Snapshot(Callback):
    """Keeps the experiment's state as it was when `every` steps had passed for the first time."""

    not_state = ("state",)

    def __init__(self, every: int) -> None:
        super().__init__(every)
        self.state: dict[str, Any] | None = None

    def on_interval(self, experiment: Any) -> None:
        if self.state is None:
            self.state = experiment.get_state()


class Trained(NamedTuple):
    """A training in a run directory: as it was at the interruption, and at the end.

    Attributes:
        middle_state: The experiment's state after `middle` steps.
        early: A copy of the run, made when `first` steps were done.
        early_state: The experiment's state then.
        experiment: What trained on to the end.
        run: Its run directory.
    """

    middle_state: dict[str, Any]
    early: Path
    early_state: dict[str, Any]
    experiment: Experiment
    run: Path


def train(subject: Subject, folder: Path, **keywords: Any) -> Trained:
    """Train a subject below a folder, with an interruption that it does not notice."""
    snapshot = Snapshot(subject.middle)
    every = max(2, subject.log_every + subject.log_every // 4)
    experiment = subject.experiment(folder / "run", callbacks=[snapshot], checkpoint_every=every, **keywords)
    train_part(experiment, subject.first)
    early_state = experiment.get_state()
    shutil.copytree(folder / "run", folder / "early")
    train_part(experiment, subject.then)
    return Trained(snapshot.state or {}, folder / "early", early_state, experiment, folder / "run")


def train_part(experiment: Experiment, steps: int) -> None:
    """Train on; that schedules follow the first part of a training is meant here, and not warned of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*followed the first training")
        experiment.train(steps)


class Trial:
    """A subject with one training of it, made when first asked for, for all checks that only look.

    Args:
        subject: What is checked.
        folder: An empty folder for all that the checks write.
    """

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.subject, self.folder = subject, folder

    @functools.cached_property
    def trained(self) -> Trained:
        """The training that all checks share."""
        return train(self.subject, self.folder)

    def place(self, name: str) -> Path:
        """Return an empty folder of that name."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path
