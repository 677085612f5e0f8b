"""A replay in host memory: storage and sampler, and the rounds of updates that come due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.replay.holding.frames import FrameStorage, NotStackedError, Stack
from agents.replay.holding.memory import in_words
from agents.replay.layout import Layout
from agents.replay.storage import HostStorage, check_names
from agents.transitions import Transition
from lab.errors import CheckpointError, UsageError
from lab.messages.notes import note, warn
from lab.runs.state_checks import restore_generator


class HostReplay:
    """Keeps an agent's transitions, and learns from them in compiled calls, a round of updates each.

    Args:
        replay: What is kept and when learnt from: a `Replay`.
        agent: Whose; its spaces are known.

    Attributes:
        header: Numbers that a call returns before the parameters.
    """

    def __init__(self, replay: Any, agent: Any) -> None:
        self.replay, self.number = replay, agent.num_envs
        capacity = replay.capacity
        if replay.n_steps > 1:
            # So that the steps of one environment lie the same distance apart all round.
            capacity = max(replay.n_steps, capacity // self.number) * self.number
        layout = Layout.of(agent)
        stack = getattr(agent, "frame_stack", None)
        self.storage: HostStorage
        if stack is not None and layout.apart is not None:
            self.storage = FrameStorage(layout, capacity, self.number, Stack(*stack))
        else:
            self.storage = HostStorage(layout, capacity)
        self.sampler = replay.sampler.on_host(capacity)
        self.rng: np.random.Generator = agent.seeds.generator("replay")
        self.next_round = replay.first_round(self.number)
        # Transitions of the first step, until the agent has heard of it.
        self.first_rows = 0
        errors = replay.updates_per_round * replay.batch_size if replay.sampler.wants_errors else 0
        self.header = len(agent.metric_names) + errors

    @property
    def size(self) -> int:
        """Transitions kept."""
        return self.storage.size

    def add(self, transition: Transition) -> None:
        """Store one step of n environments."""
        if self.replay.n_steps > 1 and len(transition.reward) != self.number:
            raise UsageError(
                f"a replay of {self.replay.n_steps}-step returns was built for {self.number} environments; received "
                f"{len(transition.reward)}. Fix: agent.resize({len(transition.reward)}), which an Experiment with that "
                "num_envs calls."
            )
        if not self.storage.size:
            self.first_rows = len(transition.reward)
        try:
            place = self.storage.add(transition)
        except NotStackedError:
            self.storage = self.storage.whole()  # type: ignore[attr-defined]
            place = self.storage.add(transition)
            warn(
                "an observation is not the one before it moved on by a frame, though a FrameStackObservation is around "
                "the environment: from now on the replay keeps observations whole, "
                f"{in_words(self.storage.bytes)} once it is full",
                stacklevel=3,
            )
        self.sampler.added(place)

    def resized(self, agent: Any) -> HostReplay:
        """Return a replay for the number of environments that an agent has now.

        Single transitions are kept; windows of several steps are not, since those of one environment lie as far apart
        as there are environments. Then updates begin again after `learning_starts` further steps.
        """
        if self.replay.n_steps == 1 or self.number == agent.num_envs:
            if isinstance(self.storage, FrameStorage):
                self.storage.resize(agent.num_envs)
            self.number = agent.num_envs
            return self
        made = HostReplay(self.replay, agent)
        made.rng, made.next_round = self.rng, self.next_round
        if self.size:
            note(
                f"{type(agent).__name__}: its replay of {self.replay.n_steps}-step returns is of {self.number} "
                f"environments; for {agent.num_envs} it begins anew, without the {self.size:,} transitions."
            )
        return made

    def untaught(self, agent: Any, steps: int) -> str:
        """Return whether further steps of an agent teach nothing; see `Replay.untaught`."""
        replay, due = self.replay, self.next_round - agent.steps
        if not self.size:
            due = max(due, replay.first_round(self.number))
        return str(replay.untaught(type(agent).__name__, due, self.number, steps))

    def leave(self, rows: np.ndarray) -> None:
        """Let no window go beyond the newest step of some environments, int64."""
        if self.replay.n_steps > 1:
            self.storage.cut(rows, self.number)

    def learn(self, agent: Any) -> Mapping[str, float] | None:
        """Make the rounds of updates that are due; return the means of their metrics, or None where none were."""
        rounds = []
        if self.first_rows:
            # An agent that was loaded without its replay has steps behind it, whose rounds are not caught up.
            replay, self.first_rows, began = self.replay, 0, agent.steps - self.first_rows
            self.next_round = max(self.next_round, began + replay.first_round(self.number))
        while agent.steps >= self.next_round:
            self.next_round += self.replay.update_every
            rounds.append(self._round(agent))
        if len(rounds) <= 1:
            return rounds[0] if rounds else None
        return {name: sum(r[name] for r in rounds) / len(rounds) for name in rounds[0]}

    def _round(self, agent: Any) -> dict[str, float]:
        replay, storage = self.replay, self.storage
        size = storage.size - (replay.n_steps - 1) * self.number
        first = storage.cursor if storage.size == storage.capacity else 0
        shape = (replay.updates_per_round, replay.batch_size)
        progress = min(1.0, agent.steps / max(1, agent.run_length))
        drawn, weights = self.sampler.draw(shape, first if replay.n_steps > 1 else 0, size, progress, self.rng)
        indices = drawn
        if replay.n_steps > 1:
            indices = (drawn + first) % storage.capacity
            windows = indices[..., None] + self.number * np.arange(replay.n_steps)
            rows, apart = storage.take(windows % storage.capacity)
        else:
            rows, apart = storage.take(indices)
        places = indices.astype(np.int32)
        metrics, errors = agent.rule.learn((rows, apart, () if weights is None else weights, places), self.rng)
        if replay.sampler.wants_errors:
            self.sampler.updated(indices, errors.reshape(shape))
        return metrics

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        return {
            **self.storage.get_state(),
            "sampler": self.sampler.get_state(),
            "next_round": self.next_round,
            "random_state": self.rng.bit_generator.state,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        if isinstance(self.storage, FrameStorage) and isinstance(state, Mapping) and "apart" in state:
            # Of an earlier version, or where observations turned out not to be stacked.
            self.storage = HostStorage(self.storage.layout, self.storage.capacity)
        if isinstance(self.storage, FrameStorage) and isinstance(state, Mapping) and "next" not in state:
            # Of an earlier version, which kept the frames from the oldest on.
            number = len(state.get("frames", ()))
            state = {**state, "next": number, "room": max(number, len(self.storage.frames))}
        check_names(state, self.storage.NAMES | {"sampler", "next_round", "random_state"})
        if type(state["next_round"]) is not int or state["next_round"] < 0:
            raise CheckpointError(f"the checkpoint's next round is due at step {state['next_round']!r:.40}.")
        self.storage.set_state(state)
        self.sampler.set_state(state["sampler"])
        restore_generator(self.rng, state["random_state"], "Replay.rng")
        self.next_round = state["next_round"]
