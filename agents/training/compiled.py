"""CompiledTask: thousands of steps of training run as one program (the compiled lane)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf

from agents.functional import FunctionalAgent
from agents.playing.wrappers import name_of
from agents.training.dynamics import Dynamics
from agents.training.environments import EnvironmentSource
from agents.training.programs.program import Program
from agents.training.programs.side_by_side import Advance, Batch, largest
from agents.training.programs.state import LaneState
from agents.training.refusal import say_ignored
from agents.training.task import EPISODES, AgentTask
from lab.errors import CheckpointError, TrainingDiverged, UsageError
from lab.results.evaluation import Evaluation
from lab.task import Control, TaskOptions


class CompiledTask(AgentTask):
    """Trains an agent and its environments inside one XLA program, up to the next event a call.

    Callbacks, evaluations and checkpoints come between calls, where all state is that of the steps taken; rows of the
    log are gathered inside. The hook `on_update` is called once a call with the means over its rounds of updates.

    Args:
        agent: A functional agent; it is built for the environment's spaces here.
        source: Where environments come from, to evaluate and film in.
        dynamics: The environment as TensorFlow functions.
        options: Seeds and the number of environments.
    """

    lane = "compiled"
    counters: tuple[str, ...] = ("began",)
    not_state: tuple[str, ...] = (
        *("program", "state", "dynamics", "fresh", "batch", "count", "gathered", "summed", "gathers_rows"),
    )
    agent: FunctionalAgent

    def __init__(
        self, agent: FunctionalAgent, source: EnvironmentSource, dynamics: Dynamics, options: TaskOptions
    ) -> None:
        if dynamics.env is None:
            raise ValueError(f"CompiledTask needs dynamics; received none: {dynamics.reason}.")
        number = source.num_envs or options.num_envs
        example = source.instances[0] if source.instances else source.make()
        super().__init__(agent, source, example, options, number, dynamics.reason)
        self.dynamics = dynamics
        # It may have been trained elsewhere before.
        agent.leave_episodes(np.arange(number))
        agent.trains_in = ""
        agent.meet_masks(dynamics.env.gives_masks)
        if dynamics.env.gives_masks and not agent.honours_masks:
            say_ignored(agent)
        self.program = Program.shared(agent, dynamics.env, number)
        self.state: LaneState = self.program.begin(
            _keys(self.seeds.sequence("environment"), number),
            _keys(self.seeds.sequence("exploration"), 1)[0],
            agent.state(),
        )
        memory: Any = self.program.memory
        for block in agent.recorded_steps(memory):
            self.state = self.state._replace(memory=memory.filled(self.state.memory, block))
        self.batch: Batch | None = None
        self.count = int(self.state.count)
        self.fresh = True
        # The program counts an agent's steps, of which some may lie before the run.
        self.began = self.count
        self.gathers_rows = self._gathers()
        # Of the rows that the last call gathered.
        self.summed: dict[str, float] = {}
        self.gathered: list[tuple[int, dict[str, float]]] = []

    def _gathers(self) -> bool:
        # Gauges must be known for steps in the middle of a call, and rows come at multiples of the run's own steps.
        return hasattr(type(self.agent).gauges, "of_steps") and not self.began

    def take_rows(self) -> list[tuple[int, dict[str, float]]]:
        """Return the rows gathered since the last call, each with its step, as `drain` gives them."""
        rows, self.gathered = self.gathered, []
        return rows

    def untaught(self, steps: int) -> str:
        memory, state = self.program.memory, self.state
        if not hasattr(memory, "untaught"):
            return ""
        return str(memory.untaught(self.agent, state.agent, state.memory, steps))

    def advance(self, steps: int, control: Control) -> int:
        part = Advance(self, steps, control)
        while part.going:
            part.end_call(*self.program.run(*part.begin_call()))
        return part.close()

    @classmethod
    def advance_batch(
        cls, tasks: Sequence[Self], steps: Sequence[int], controls: Sequence[Control]
    ) -> list[int | TrainingDiverged]:
        taken: list[int | TrainingDiverged] = []
        size = largest()
        for i in range(0, len(tasks), size):
            some = tasks[i : i + size]
            batch = Batch.shared([task.program for task in some])
            for task in some:
                task.batch = batch
            taken += batch.advance(list(map(Advance, some, steps[i : i + size], controls[i : i + size])))
        return taken

    def begin_advance(self) -> None:
        """Say once a process that a counterpart stands in for the environment that was named, and take up what the
        agent was given since the last call, such as a learning rate."""
        if self.dynamics.counterpart:
            _announce(self.dynamics.counterpart, self.dynamics.reason)
        values = {name: tf.constant(value) for name, value in self.agent.setting_values().items()}
        rate = tf.constant(self.agent.fixed_rate, self.agent.settings_dtype)
        self.state = self.state._replace(agent=self.state.agent._replace(learning_rate=rate, settings=values))

    def take(self, state: LaneState, rows: tf.Tensor, number: tf.Tensor) -> None:
        """Take over the state that the program returned, and the rows of the log that it gathered."""
        self.state, self.fresh, self.summed = state, False, {}
        # The agent's own count, so that its gauges are those of a row's step.
        for row in rows.numpy()[: int(number)].tolist() if int(number) else ():
            self.agent.steps = int(row[0])
            self.gathered.append((int(row[0]), self._row(row[1:])))
            for name, value in zip(("rounds", *self.agent.metric_names), row[4:], strict=True):
                self.summed[name] = self.summed.get(name, 0.0) + value
        self.agent.steps = self.count = int(state.count)
        if self.agent.masked and int(state.stuck) >= 0:
            name = name_of(self.source.make())
            raise UsageError(
                f"the environment {name} gave an action mask that allows no action at step {int(state.stuck)} of the "
                "run; expected at least one while the episode goes on. Fix: let the environment terminate the episode "
                "where nothing can be done."
            )

    def end_advance(self) -> None:
        """Give the agent what it learnt, so that callbacks and checkpoints have it."""
        if not self.fresh:
            self.agent.set_parameters(self.state.agent.parameters)

    def totals(self) -> dict[str, float]:
        """Return rounds of updates since the row of the log before the last call, and the sums of their metrics."""
        values = self.program.packed(self.state.statistics).numpy().tolist()
        names = ("rounds", *self.agent.metric_names)
        return {n: v + self.summed.get(n, 0.0) for n, v in zip(names, values[3:], strict=True)}

    def drain(self) -> dict[str, float]:
        row = self._row(self.program.packed(self.state.statistics).numpy().tolist())
        self.state = self.state._replace(statistics=self.program.no_statistics())
        return row

    def _row(self, packed: list[float]) -> dict[str, float]:
        episodes, returns, lengths, rounds, *metrics = packed
        self.episodes += int(episodes)
        row: dict[str, float] = {"episodes": self.episodes}
        if episodes:
            row["return"] = returns / episodes
            row["length"] = lengths / episodes
        if rounds:
            row.update({n: v / rounds for n, v in zip(self.agent.metric_names, metrics, strict=True)})
        row.update(self.agent.gauges())
        return row

    def expect_evaluation(self, episodes: int | None = None) -> None:
        if self.evaluates_elsewhere:
            return
        # Compiled on another core while the training program is: together they are most of a short run's start.
        self.program.prepare_evaluation(self.state.agent, *self._evaluation_keys(episodes, 1, 0))

    def evaluate(self, *, episodes: int | None = None, stream: int = 0, step: int = 0) -> Evaluation:
        if self.evaluates_elsewhere or (stream == 0 and self.dynamics.counterpart):
            # What is reported is measured in the very environment that was named.
            return super().evaluate(episodes=episodes, stream=stream, step=step)
        self.program.wait()
        agent = self.agent.state() if self.fresh else self.state.agent
        returns, lengths = self.program.evaluate(agent, *self._evaluation_keys(episodes, stream, step))
        played = [int(n) for n in lengths.numpy().tolist()]
        return Evaluation.from_episodes([float(r) for r in returns.numpy().tolist()], played, step=step)

    def _evaluation_keys(self, episodes: int | None, stream: int, step: int) -> tuple[tf.Tensor, tf.Tensor]:
        path = (stream,) if stream == 0 else (stream, step)
        sequences = [self.seeds.sequence("evaluation", *path, part) for part in (1, 0)]
        return _keys(sequences[0], episodes or EPISODES), _keys(sequences[1], 1)[0]

    def describe(self) -> dict[str, Any]:
        masks = {"action_masks": self.agent.honours_masks} if self.program.env.gives_masks else {}
        return {**super().describe(), "twin": self.dynamics.counterpart or None, **masks}

    def get_state(self) -> dict[str, Any]:
        leaves = [leaf.numpy() for leaf in tf.nest.flatten(self._stored())]
        return {**super().get_state(), "program": leaves}

    def _stored(self) -> LaneState:
        # Without what every call is given anew, the settings and a learning rate that somebody set, and what follows
        # from the rest.
        agent, memory = self.state.agent, self.program.memory
        held = memory.stored(self.state.memory) if hasattr(memory, "stored") else self.state.memory
        return self.state._replace(agent=agent._replace(settings={}, learning_rate=()), memory=held)

    def set_state(self, state: Mapping[str, Any]) -> None:
        rest = dict(state)
        leaves, present = rest.pop("program", []), tf.nest.flatten(self._stored())
        super().set_state(rest)
        kinds = [(np.shape(leaf), np.asarray(leaf).dtype) for leaf in leaves]
        if kinds != [(tuple(leaf.shape), leaf.dtype.as_numpy_dtype) for leaf in present]:
            raise CheckpointError(
                f"the checkpoint's program holds arrays {[f'{dtype} {shape}' for shape, dtype in kinds]}; this one has "
                "others. Fix: build it with the settings and the version of the run."
            )
        restored = [
            tf.constant(np.asarray(new, old.dtype.as_numpy_dtype)) for new, old in zip(leaves, present, strict=True)
        ]
        stored: LaneState = tf.nest.pack_sequence_as(self._stored(), restored)
        given = {"settings": self.state.agent.settings, "learning_rate": self.state.agent.learning_rate}
        memory = self.program.memory
        held = memory.restored(stored.memory) if hasattr(memory, "restored") else stored.memory
        self.state = stored._replace(agent=stored.agent._replace(**given), memory=held)
        self.count, self.fresh = int(self.state.count), False
        self.gathers_rows = self._gathers()


def _keys(sequence: np.random.SeedSequence, number: int) -> tf.Tensor:
    return tf.constant(sequence.generate_state(2 * number, np.uint32).reshape(number, 2))


@functools.cache
def _announce(counterpart: str, reason: str) -> None:
    print(f"compiled lane: {reason}; lane='host' trains in the original.", file=sys.stderr)
