"""Sweep: looks for a learner's best settings, in trials that are runs, and goes on where a kill left it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from lab.callbacks import Callback
from lab.callbacks.base import named
from lab.config import owner_name
from lab.errors import RunDirectoryError, UsageError, bad_value, check_whole
from lab.experiment.experiment import Experiment
from lab.experiment.together.siblings import check_shared, evaluated_elsewhere, sibling
from lab.learner import Learner
from lab.messages.notes import warn
from lab.runs.lock import RunLock
from lab.runs.opening.sources import source_name
from lab.sweep import plan as plans
from lab.sweep.batch import Batch, Crew
from lab.sweep.best import best_of
from lab.sweep.journal import Journal, Trial, folder
from lab.sweep.members import Team
from lab.sweep.opening import pattern_of
from lab.sweep.plan import Plan, check_free
from lab.sweep.spaces import from_json, spaces
from lab.sweep.suggesting.samplers import optuna
from lab.sweep.suggesting.study import study_of
from lab.sweep.workers.backend import Ray, backend_of
from lab.task import Task

# Runs that one program takes as a batch in the compiled lane; evaluations in a run.
RUNS, EVALUATIONS = 8, 8


class Sweep:
    """Trials of a learner's settings, each a run a seed, suggested by Optuna.

    Trials are suggested in batches of `together`, from all trials before the batch. What is suggested follows from
    `seed`, the trial's number and those trials alone, so a sweep that was killed suggests what it would have.

    Args:
        learner: With the settings that all trials share.
        source: As for `Experiment`; a name, a factory or data, which many runs can share.
        search: By setting, where to look: None for the space declared beside it, a text (`1e-5:1e-2:log`, `0:10`,
            `32,64`), a list of choices, or `{"low": ..., "high": ..., "log": ..., "step": ...}`.
        run_dir: A new directory for `sweep.json`, `trials.jsonl` and a directory a trial.
        trials: How many.
        steps: Of each run; None for the learner's default.
        seeds: Of each trial's runs: a list, or how many from `seed` on.
        seed: Of the suggestions.
        sampler: `random`, `tpe` or `gp`.
        pruner: `none`, `halving` (asynchronous successive halving) or `hyperband`, which compare evaluations.
        reduction: One of so many trials is kept at each rung.
        together: Trials of a batch; None for as many as one program takes in the compiled lane, else 1.
        score: `last` for what the last evaluation in training says, `best` for the best one.
        statistic: Over the seeds: `mean` or `iqm`.
        metric: What is scored; None for the evaluation's main metric.
        evaluate_every: Steps between evaluations; None for an eighth of the run.
        backend: `local` to train in this process, `ray` or a `lab.sweep.Ray` to train on workers: the same outcome.
        callbacks, keywords: As for `Experiment`.

    Attributes:
        plan: All of that, as sweep.json holds it.
        directory: The sweep's.

    Raises:
        UsageError: On any argument that does not fit, before anything is written.
        MissingPackageError: Where Optuna, or Ray as the backend, is not installed.
    """

    def __init__(
        self,
        learner: Learner,
        source: Any,
        search: Mapping[str, Any],
        *,
        run_dir: str | os.PathLike[str],
        trials: int = 20,
        steps: int | None = None,
        seeds: int | Iterable[int] = 1,
        seed: int = 0,
        sampler: str = "tpe",
        pruner: str = "none",
        reduction: int = 3,
        together: int | None = None,
        score: str = "last",
        statistic: str = "mean",
        metric: str | None = None,
        evaluate_every: int | None = None,
        backend: str | Ray = "local",
        callbacks: Iterable[Callback] = (),
        **keywords: Any,
    ) -> None:
        if not isinstance(learner, Learner):
            raise bad_value("Sweep", "learner", learner, "an agent, a generator or a predictor", "pass one: DQN().")
        check_whole("steps", steps, optional=True, owner="Sweep")
        check_whole("evaluate_every", evaluate_every, optional=True, owner="Sweep")
        library, self.backend = optuna(), backend_of(backend)
        self.spaces = spaces(type(learner.config), search)
        self.directory = check_free(run_dir)
        steps = int(steps or learner.default_steps)
        every = int(evaluate_every or max(1, steps // EVALUATIONS))
        kinds = {"run_dir", "seed", "progress"} & set(keywords)
        if kinds:
            raise bad_value("Sweep", sorted(kinds)[0], keywords[sorted(kinds)[0]], "none, for each run has its own")
        self.callbacks = list(callbacks)
        self.pattern = Experiment(learner, source, evaluate_every=every, callbacks=self.callbacks, **keywords)
        check_shared("Sweep", self.pattern)
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            check_whole("seeds", seeds, owner="Sweep")
            check_whole("seed", seed, owner="Sweep", least=0)
            seeds = range(seed, seed + seeds)
        if isinstance(seeds, (str, bytes, bool)) or not isinstance(seeds, Iterable):
            raise bad_value("Sweep", "seeds", seeds, "how many, or a list of seeds")
        listed = list(seeds)
        fitting = max(1, RUNS // max(1, len(listed))) if _trains_batches(type(self.pattern.task)) else 1
        first = sibling(self.pattern, learner.config, 0, self.directory / folder(0) / "seed-0")
        first.prepare_training(steps)
        options = {name: value for name, value in self.pattern.options.to_json().items() if name != "seed"}
        self.plan = Plan(
            learner=learner.name,
            source=source_name(source),
            spaces={name: space.to_json() for name, space in self.spaces.items()},
            settings=learner.config.to_dict(),
            steps=steps,
            trials=trials,
            seeds=listed,
            seed=seed,
            sampler=sampler,
            pruner=pruner,
            reduction=reduction,
            together=fitting if together is None else together,
            score=score,
            statistic=statistic,
            metric=metric,
            options={**options, **evaluated_elsewhere(self.pattern), "log_every": self.pattern.log_every},
            callbacks=list(named(first.callbacks)),
            optuna=library.__version__,
        )
        first.close()
        self.exact = True
        self._begin_with(Journal(self.directory, self.spaces))

    def _begin_with(self, journal: Journal) -> None:
        self.journal = journal
        self.lock = RunLock(self.directory)

    @classmethod
    def resume(
        cls,
        run_dir: str | os.PathLike[str],
        *,
        source: Any = None,
        evaluation_source: Any = None,
        learner: type[Learner] | None = None,
        callbacks: Iterable[Callback] = (),
        exact: bool = True,
        backend: str | Ray = "local",
    ) -> Self:
        """Open a sweep that was killed or stopped; `run` goes on with it, the interrupted runs bit for bit.

        Args:
            run_dir: The sweep's directory.
            source, evaluation_source: Where they were objects, or names what a file alone is not followed to.
            learner: The learner's class, if it is not known by name here.
            callbacks: Made as the sweep's were.
            exact: As for `Experiment.resume`.
            backend: As for `Sweep`; another one than before gives the same trials.

        Raises:
            RunDirectoryError: When there is no sweep, or its files are none of one.
        """
        self = cls._read(run_dir)
        library, self.backend = optuna(), backend_of(backend)
        if library.__version__ != self.plan.optuna:
            warn(
                f"{self.directory} was begun with Optuna {self.plan.optuna}, and this is {library.__version__}: "
                "what is suggested from here on may differ.",
                stacklevel=2,
            )
        self.callbacks, self.exact = list(callbacks), exact
        self.pattern = pattern_of(self.plan, self.directory, source, evaluation_source, learner, self.callbacks)
        again = spaces(type(self.pattern.learner.config), self.plan.spaces)
        if again != self.spaces:
            name = next(name for name in again if again[name] != self.spaces[name])
            raise RunDirectoryError(
                f"{self.directory / plans.NAME}: {name} is looked for in {self.spaces[name]}, which is no search "
                f"space of {owner_name(type(self.pattern.learner.config))}. Fix: restore the file."
            )
        return self

    @classmethod
    def open(cls, run_dir: str | os.PathLike[str]) -> Self:
        """Open a sweep to look at its trials and its study; nothing is trained, imported or written."""
        return cls._read(run_dir)

    @classmethod
    def _read(cls, run_dir: str | os.PathLike[str]) -> Self:
        self = cls.__new__(cls)
        self.directory = Path(run_dir).absolute()
        self.plan = plans.read(self.directory)
        self.spaces = from_json(self.plan.spaces)
        self._begin_with(Journal(self.directory, self.spaces))
        self.journal.read()
        return self

    # ---------------------------------------------------------------- its trials

    @property
    def trials(self) -> list[Trial]:
        """The trials so far, by number."""
        return [self.journal.trials[number] for number in sorted(self.journal.trials)]

    @property
    def best(self) -> Trial | None:
        """The complete trial of the best score, the earliest of equal ones; None where there is none."""
        return best_of(self.trials, self.journal.metric is None or self.journal.metric[1])

    def study(self) -> Any:
        """Return the study of the trials that have ended, as an `optuna.Study` in memory: for Optuna's own figures.

        Raises:
            MissingPackageError: Where Optuna is not installed.
        """
        higher = self.journal.metric is None or self.journal.metric[1]
        return study_of(self.plan, self.spaces, higher, self.journal.leading)

    # ---------------------------------------------------------------- running

    def run(self, progress: bool | None = None, on_end: Callable[[Trial], None] | None = None) -> Trial | None:
        """Train the trials that are left, and return the best of all.

        Args:
            progress: As for `Experiment`.
            on_end: Called with each trial as it ends.

        Raises:
            UsageError: When the sweep was opened to be looked at, or the metric is none.
        """
        if not hasattr(self, "pattern"):
            raise UsageError("this sweep was opened to be looked at. Fix: Sweep.resume(run_dir) to go on.")
        begun = plans.is_sweep(self.directory)
        metric = self.journal.metric or self._metric()
        with self.lock.hold():
            if begun:
                self.journal.tidy()
                self.journal.read()
            else:
                check_free(self.directory)
                plans.write(self.directory, self.plan)
            if self.journal.metric is None:
                self.journal.name_metric(*metric)
            batches = map(self.plan.batch, range(0, self.plan.trials, self.plan.together))
            left = [one for one in batches if not set(one) <= {t.number for t in self.trials if t.ended}]
            with self._crew(bool(left)) as crew:
                for numbers in left:
                    Batch(self.plan, self.journal, numbers, crew).run(progress, on_end)
        return self.best

    @contextmanager
    def _crew(self, needed: bool) -> Iterator[Callable[[list[Trial]], Crew]]:
        if self.backend is None or not needed:
            yield lambda trials: Team(self.plan, self.pattern, trials, self.callbacks, self.exact)
            return
        from lab.sweep.workers.team import workers

        with workers(self.backend, self.plan, self.directory, self.pattern, self.callbacks, self.exact) as crew:
            yield lambda trials: crew(trials, (self.journal.metric or ("", True))[0])

    def _metric(self) -> tuple[str, bool]:
        # Which one it is, and which way, only an evaluation says: one of a learner that knows nothing.
        evaluation = self.pattern.task.evaluate(stream=1, step=0)
        name = self.plan.metric or evaluation.main
        if name in evaluation.left_out:
            raise UsageError(f"Sweep: metric received {name!r}. {evaluation.left_out[name]}")
        if name not in evaluation:
            raise bad_value("Sweep", "metric", name, "one of " + ", ".join(evaluation))
        return name, evaluation.higher_is_better(name)


def _trains_batches(kind: type[Task]) -> bool:
    # Where a task lets its runs take turns, a trial that is suggested later knows more.
    return getattr(kind.advance_batch, "__func__", None) is not getattr(Task.advance_batch, "__func__", None)
