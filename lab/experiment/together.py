"""Trains several experiments side by side: `Experiment.train_many` and `Experiment.resume_many`."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lab import registry
from lab.callbacks import Callback, Progress
from lab.config import make
from lab.errors import TrainingDiverged, UsageError, bad_value
from lab.experiment import resuming
from lab.experiment.turns import Turns, parted
from lab.runs import building, population
from lab.runs.directory import RunDirectory
from lab.runs.sources import from_run
from lab.runtime.interruption import Stopped, listen

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment
    from lab.learner import Learner

E = TypeVar("E", bound="Experiment")


def train_many(
    pattern: E, seeds: Iterable[int] | None, settings: Iterable[Mapping[str, Any]], steps: int | None
) -> list[E]:
    """Train a pattern's siblings; see `Experiment.train_many`."""
    for name, given in (("seeds", () if seeds is None else seeds), ("settings", settings)):
        if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
            raise bad_value("train_many", name, given, "a list", f"{name}=[...].")
    changes = list(settings)
    for one in changes:
        if not isinstance(one, Mapping):
            raise bad_value("train_many", "settings", one, "a dict of settings each", "settings=[{...}, {...}].")
    members = siblings(pattern, [pattern.seeds.seed] if seeds is None else list(seeds), changes)
    for member in members:
        member.prepare_training(steps)
    if pattern.directory is not None:
        population.write(pattern.directory.path, _plan(pattern, members))
    _train_prepared(members, _shown(pattern))
    return members


def resume_many(
    cls: type[E],
    run_dir: str | os.PathLike[str],
    given: Mapping[str, Any],
    learner: type[Learner] | None,
    callbacks: list[Callback],
    progress: bool | None,
    exact: bool,
) -> list[E]:
    """Train a population on to its end; see `Experiment.resume_many`."""
    plan = population.read(run_dir)
    source, elsewhere, options = given["source"], given["evaluation_source"], dict(plan.options)
    named, kind = options.pop("evaluation_source", None), options.pop("evaluation_source_kind", None)
    if source is None and plan.source is None:
        raise UsageError(
            f"{run_dir} was trained on an object, which its files cannot name. "
            "Fix: pass it again: Experiment.resume_many(run_dir, source=...)."
        )
    made = learner or registry.learner(plan.learner)
    members = []
    for member in plan.members:
        directory = RunDirectory(Path(run_dir) / member.name)
        own = copy.deepcopy(callbacks)
        if directory.config_path.exists():
            config = directory.read_config()
            again = {"source": source, "evaluation_source": elsewhere}
            fresh = building.made_from(config, directory, made)
            one = cls.resume(directory.path, **again, learner=fresh, callbacks=own, progress=False, exact=exact)
        else:
            fresh = building.made_from({"settings": member.settings}, directory, made)
            one = cls(
                fresh,
                from_run(fresh, {"source": plan.source}, Path(run_dir), "resume") if source is None else source,
                evaluation_source=resuming.named_evaluation_source(fresh, named, kind, Path(run_dir))
                if elsewhere is None
                else elsewhere,
                seed=member.seed,
                run_dir=directory.path,
                callbacks=own,
                progress=False,
                **options,
            )
            one.source = plan.source if source is None else source
            resuming.check_callbacks(one, plan.callbacks, directory.path)
        members.append(one)
    left = []
    for one in members:
        begun = one.directory is not None and one.directory.config_path.exists()
        if not begun or one.is_unfinished:
            one.prepare_training(None if begun else plan.steps)
            left.append(one)
    if left:
        _train_prepared(left, progress)
    return members


def _plan(pattern: Experiment, members: Sequence[Experiment]) -> population.Population:
    options = {key: value for key, value in pattern.options.items() if key != "seed"}
    runs = [
        population.Member(m.directory.path.name, m.seeds.seed, m.learner.config.to_dict())
        for m in members
        if m.directory is not None
    ]
    return population.Population(
        learner=pattern.learner.name,
        source=resuming.source_name(pattern.source),
        steps=members[0].target_step,
        options={**options, **_elsewhere(pattern), "log_every": pattern.log_every},
        callbacks=list(resuming.named(members[0].callbacks)),
        members=runs,
    )


def _elsewhere(pattern: Experiment) -> dict[str, Any]:
    if pattern.evaluation_source is None:
        return {}
    name = resuming.source_name(pattern.evaluation_source)
    return {"evaluation_source": name, "evaluation_source_kind": type(pattern.evaluation_source).__name__}


def siblings(pattern: E, seeds: Sequence[int], settings: Sequence[Mapping[str, Any]]) -> list[E]:
    """Return an untrained experiment like `pattern` for each of the settings and seeds.

    Raises:
        UsageError: When two would be the same run, or the source is one object that they cannot share.
    """
    for name, given in (("seeds", seeds), ("settings", settings)):
        if not given or any(given.count(one) > 1 for one in given):
            raise bad_value("train_many", name, given, "at least one, each once")
    if pattern.step or pattern._claimed:
        raise UsageError("this experiment has begun a run of its own. Fix: call train_many on a fresh Experiment.")
    if not isinstance(pattern.source, str) and not callable(pattern.source):
        raise UsageError(
            f"train_many received the source {pattern.source!r}, which several runs cannot share. "
            "Fix: give the Experiment a name or a factory: lambda: MyEnv()."
        )
    learner, options = pattern.learner, pattern.options
    present = {name: getattr(learner.config, name) for name in learner.config.to_dict()}
    members = []
    # All settings first, so that one that is wrong is told before anything is built.
    configs = [make(type(learner.config), {**present, **changes}) for changes in settings]
    for config, changes in zip(configs, settings, strict=True):
        for seed in seeds:
            name = ",".join([*(f"{key}={_plain(value)}" for key, value in changes.items()), f"seed-{seed}"])
            directory = pattern.directory.path / name if pattern.directory is not None else None
            member = type(pattern)(
                type(learner)(config),
                pattern.source,
                evaluation_source=pattern.evaluation_source,
                run_dir=directory,
                callbacks=copy.deepcopy(pattern.given_callbacks),
                progress=False,
                **{**options, "seed": seed, "log_every": pattern.log_every},
            )
            members.append(member)
    return members


def train_together(members: Sequence[Experiment], steps: int | None = None, progress: bool | None = None) -> None:
    """Train experiments side by side, each by a number of steps.

    Up to their next events they are trained as a batch where their tasks can be, else in turns; then what is due
    happens, run by run. No number depends on the neighbours; `time_elapsed` is a run's part of the clock's time.

    Args:
        members: The experiments, alike but for settings and seeds.
        steps: As for `Experiment.train`, of each.
        progress: As for `Experiment`.

    Raises:
        TrainingDiverged: When a run's numbers were no longer numbers, after the others have ended.
    """
    for member in members:
        member.prepare_training(steps)
    _train_prepared(members, progress)


def _train_prepared(members: Sequence[Experiment], progress: bool | None) -> None:
    turns = [Turns(len(members)) for _ in members]
    for member, own in zip(members, turns, strict=True):
        member._turns = own
    diverged: dict[int, TrainingDiverged] = {}
    with (
        suppress(Stopped),
        listen(*(member._control for member in members)) as interruption,
        _bar(members, progress) as show,
        _Contexts() as contexts,
    ):
        for member in members:
            contexts.enter(member.training(interruption))
        while active := [i for i, m in enumerate(members) if m.wants_steps and i not in diverged]:
            if interruption.received:
                break
            with parted([turns[i] for i in active]):
                steps_taken = _advance([members[i] for i in active])
            for i, taken in zip(active, steps_taken, strict=True):
                try:
                    with turns[i].alone():
                        _finish(members[i], taken)
                except TrainingDiverged as error:
                    diverged[i] = error
                    contexts.fail(i, error)
            show()
    for member in members:
        member._turns = None
    interruption.raise_again()
    if diverged:
        told = "; ".join(f"seed {members[i].seeds.seed}: {error}" for i, error in diverged.items())
        raise TrainingDiverged(f"{len(diverged)} of {len(members)} runs diverged, the others have ended. {told}")


def _advance(members: Sequence[Experiment]) -> Sequence[int | TrainingDiverged | None]:
    # The steps that each took, or why it ended; None for those that take turns.
    from lab.experiment.experiment import Experiment

    if type(members[0]).train_chunk is not Experiment.train_chunk:
        return [None] * len(members)
    for member in members:
        member._control.taken = 0
    tasks, controls = [m.task for m in members], [m._control for m in members]
    steps = [m.chunk_end() - m.step for m in members]
    return type(tasks[0]).advance_batch(tasks, steps, controls) or [None] * len(members)


def _finish(member: Experiment, taken: int | TrainingDiverged | None) -> None:
    if taken is None:
        member.train_chunk()
    elif isinstance(taken, TrainingDiverged):
        raise taken
    else:
        member.end_chunk(taken)


class _Contexts:
    """Leaves several contexts, each with its own error or none; an error from outside reaches all."""

    def __init__(self) -> None:
        self.open: dict[int, AbstractContextManager[None]] = {}

    def enter(self, context: AbstractContextManager[None]) -> None:
        context.__enter__()
        self.open[len(self.open)] = context

    def fail(self, number: int, error: BaseException) -> None:
        """Leave one context with its error."""
        self.open.pop(number).__exit__(type(error), error, error.__traceback__)

    def __enter__(self) -> _Contexts:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        for context in self.open.values():
            context.__exit__(kind, error, traceback)


@contextmanager
def _bar(members: Sequence[Experiment], show: bool | None) -> Iterator[Any]:
    from tqdm import tqdm

    bar = tqdm(
        total=sum(m.target_step for m in members),
        disable=None if show is None else not show,
        unit=" steps",
        unit_scale=True,
        desc=f"{len(members)} x {members[0].learner.name}",
        dynamic_ncols=True,
    )

    def refresh() -> None:
        bar.n = sum(m.step for m in members)
        returns = [m.history.rows[-1]["return"] for m in members if m.history.rows and "return" in m.history.rows[-1]]
        if returns:
            bar.set_postfix({"return": f"{min(returns):.3g} to {max(returns):.3g}"}, refresh=False)
        bar.refresh()

    with bar:
        yield refresh


def _shown(experiment: Experiment) -> bool | None:
    return next((c.show for c in experiment.callbacks if isinstance(c, Progress)), None)


def _plain(value: Any) -> str:
    return "x".join(map(_plain, value)) if isinstance(value, tuple | list) else f"{value}"
