"""Advances compiled training call by call, of one run or of several as a batch that one program takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import tensorflow as tf

from agents.training.programs.program import ROWS, Program
from agents.training.programs.state import LaneState
from lab.errors import TrainingDiverged
from lab.runtime.recent import Recent
from lab.runtime.threads import logical_cpus
from lab.task import Control

# Signals are heard between calls. Calls end at multiples of this, so that where a run was cut changes no number.
LONGEST_CALL = 10_000
# More runs than this take turns by as many, unless there are more processors: a batch is traced run by run.
USUAL = 8


class Advance:
    """What `CompiledTask.advance` was asked for, call by call.

    Args:
        task: The `CompiledTask` whose state is trained.
        steps: For how many.
        control: The talk with the loop around it.
    """

    def __init__(self, task: Any, steps: int, control: Control) -> None:
        self.task, self.control = task, control
        self.start, self.end = task.count, task.count + steps
        self.before: dict[str, float] = {}
        self.error: TrainingDiverged | None = None
        task.begin_advance()

    @property
    def going(self) -> bool:
        """Whether there are steps to take."""
        return self.task.count < self.end and not self.control.stop and self.error is None

    def begin_call(self) -> tuple[LaneState, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return what `Program.run` takes; it takes no step where none is wanted."""
        task, every = self.task, self.control.log_every
        listened = self.control.on_update is not None
        until = task.count
        if self.going:
            until = min(self.end, (task.count // LONGEST_CALL + 1) * LONGEST_CALL)
            if every:
                # No more rows than a call can gather.
                until = min(until, (task.count // every + ROWS) * every)
        task.summed = {}
        self.before = task.totals() if listened else {}
        return task.state, tf.constant(until, tf.int64), tf.constant(listened), tf.constant(every, tf.int64)

    def end_call(self, state: LaneState, rows: tf.Tensor, number: tf.Tensor) -> None:
        """Take over what the program returned, and tell who listens the means over its rounds of updates."""
        task, control = self.task, self.control
        task.take(state, rows, number)
        control.taken = task.count - self.start
        if control.on_update is not None:
            now = task.totals()
            rounds = now["rounds"] - self.before["rounds"]
            if rounds:
                control.on_update({n: (now[n] - self.before[n]) / rounds for n in task.agent.metric_names})

    def close(self) -> int:
        """End it; return how many steps were taken."""
        self.task.end_advance()
        return self.task.count - self.start


def largest() -> int:
    """Return how many runs a batch has at most: as many on each processor."""
    count = len(logical_cpus())
    return -(-USUAL // count) * count


class Batch:
    """Compiles the programs of several runs into one, which takes the states of all in one call.

    A run's operations keep the shapes that they have alone. With one more axis, over the runs, products would be summed
    up in another order, and a run's last bits would depend on how many others there are.

    Args:
        programs: Of each run. Runs that differ in their seeds and `tensor_settings` alone have the same one, which is
            compiled once for each processor.
    """

    _alive: ClassVar[WeakValueDictionary[tuple[Program, ...], Batch]] = WeakValueDictionary()
    _recent: ClassVar[Recent[tuple[Program, ...], Batch]] = Recent(2)

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = tuple(programs)
        cpus = logical_cpus()
        self.devices = [cpus[i % len(cpus)] for i in range(len(self.programs))]

    @classmethod
    def shared(cls, programs: Sequence[Program]) -> Batch:
        """Return the batch of other living tasks with the same programs, so that it is compiled once for all."""
        key = tuple(programs)
        found = cls._alive.get(key)
        if found is None:
            found = cls._alive[key] = cls(key)
        made = found
        return cls._recent.get(key, lambda: made)

    @tf.function(autograph=False)
    def run(
        self,
        states: tuple[LaneState, ...],
        until: tuple[tf.Tensor, ...],
        guards: tuple[tf.Tensor, ...],
        log_every: tuple[tf.Tensor, ...],
    ) -> tuple[tuple[LaneState, tf.Tensor, tf.Tensor], ...]:
        """Train each run as `Program.run` does.

        Args:
            states: Of the runs.
            until: int64 () of each.
            guards: bool () of each.
            log_every: int64 () of each.
        """
        after: list[tuple[LaneState, tf.Tensor, tf.Tensor]] = []
        latest: dict[str, list[tf.Tensor]] = {}
        for i, (program, device) in enumerate(zip(self.programs, self.devices, strict=True)):
            # One run at a time on each processor: two would only take turns there, and evict each other's caches.
            with tf.device(device), tf.control_dependencies(latest.get(device, [])):
                after.append(program.run(states[i], until[i], guards[i], log_every[i]))
            latest[device] = [after[-1][0].count]
        return tuple(after)

    def advance(self, parts: Sequence[Advance]) -> list[int | TrainingDiverged]:
        """Train to the end of every part; return the steps taken, or why a run ended early."""
        for part, device in zip(parts, self.devices, strict=True):
            part.task.state = _placed(part.task.state, device)
        while any(part.going for part in parts):
            calls = [part.begin_call() for part in parts]
            for part, returned in zip(parts, self.run(*zip(*calls, strict=True)), strict=True):
                if part.going:
                    try:
                        part.end_call(*returned)
                    except TrainingDiverged as error:
                        part.error = error
        return [part.error or part.close() for part in parts]


def _placed(state: LaneState, device: str) -> LaneState:
    # TensorFlow prepares a call anew where a tensor comes from another device than the last time.
    with tf.device(device):
        parts = [part if part.device.endswith(device) else tf.identity(part) for part in tf.nest.flatten(state)]
    placed: LaneState = tf.nest.pack_sequence_as(state, parts)
    return placed
