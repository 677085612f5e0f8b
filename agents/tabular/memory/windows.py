"""Windows of the last steps of each episode, which on-policy rules learn from as they go on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.parts.losses import td_target
from agents.replay.storage import check_names
from agents.tabular.memory.program import ProgramMemory, TableMemory
from agents.transitions import Transition
from lab.runs.state_checks import check_value

if TYPE_CHECKING:
    import tensorflow as tf

NAMES = frozenset(("states", "actions", "rewards", "counts"))


@dataclasses.dataclass(frozen=True)
class Windows(TableMemory):
    """The first of n steps is learnt from once the others are known; at an episode's end all that are left.

    The agent says what a window comes to: `window_waits`, `window_end`, `window_mixed`.

    Args:
        length: n.
    """

    length: int

    def on_host(self, agent: Any) -> HostWindows:
        """Return the windows in NumPy."""
        return HostWindows(self, agent)

    def in_program(self, agent: Any, number: int) -> ProgramWindows:
        """Return the windows inside a program."""
        return ProgramWindows(self, number)


class HostWindows:
    """`Windows` in NumPy.

    Args:
        windows: How long they are.
        agent: Whose.

    Attributes:
        states, actions: int64 (environments, n), oldest first.
        rewards: float64 (environments, n).
        counts: int64 (environments,), how many are filled.
    """

    def __init__(self, windows: Windows, agent: Any) -> None:
        self.length, self.header = windows.length, 0
        shape = (agent.num_envs, windows.length)
        self.states, self.actions = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.rewards, self.counts = np.zeros(shape), np.zeros(agent.num_envs, np.int64)

    def resized(self, agent: Any) -> HostWindows:
        """Return empty windows for the number of environments that an agent has now."""
        return HostWindows(agent.experience(), agent)

    def leave(self, rows: np.ndarray) -> None:
        """Forget the steps of episodes that were left, int64."""
        self.counts[rows] = 0

    def take(self, agent: Any, t: Transition) -> None:
        """Learn from one step of n environments, observations as numbers of states."""
        columns = (t.observation, t.action, t.reward, t.terminated, t.truncated, t.next_observation)
        for i, (state, action, reward, terminated, truncated, after) in enumerate(
            zip(*(c.tolist() for c in columns), strict=True)
        ):
            if agent.window_waits and self.counts[i] == self.length:
                # The action that the oldest step has waited for.
                self._learn(agent, i, float(agent.q_table[state, action]))
            place = self.counts[i]
            self.states[i, place], self.actions[i, place], self.rewards[i, place] = state, action, reward
            self.counts[i] += 1
            if terminated or truncated:
                while self.counts[i]:
                    self._learn(agent, i, 0.0 if terminated else agent.value_of_end(after))
            elif not agent.window_waits and self.counts[i] == self.length:
                self._learn(agent, i, agent.value_of_end(after))

    def again(self, agent: Any, steps: int) -> None:
        """Do nothing: what was learnt from is gone."""

    def _learn(self, agent: Any, i: int, following: float) -> None:
        """Learn from the oldest step of an environment, whose newest one is followed by what is worth `following`."""
        count = int(self.counts[i])
        states, actions, rewards = (part[i, :count].tolist() for part in (self.states, self.actions, self.rewards))
        discount = agent.config.discount
        for k in range(count - 1, 0, -1):
            following = agent.window_mixed_at(states[k], actions[k], td_target(rewards[k], discount, following))
        agent.moves([(states[0], actions[0], rewards[0], discount, following)], agent.learning_rate)
        for part in (self.states, self.actions, self.rewards):
            part[i, : count - 1] = part[i, 1:count]
        self.counts[i] -= 1

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        return {name: getattr(self, name).copy() for name in NAMES}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_names(state, NAMES)
        for name in NAMES:
            check_value(getattr(self, name), state[name], f"Windows.{name}")
        for name in NAMES:
            getattr(self, name)[...] = state[name]


class WindowTensors(NamedTuple):
    """Windows inside a program.

    Attributes:
        states, actions: int32 (environments, n), oldest first.
        rewards: float64 (environments, n).
        counts: int32 (environments,), how many are filled.
    """

    states: tf.Tensor
    actions: tf.Tensor
    rewards: tf.Tensor
    counts: tf.Tensor


class ProgramWindows(ProgramMemory):
    """`Windows` inside a program.

    Args:
        windows: How long they are.
        number: Environments that step together.
    """

    def __init__(self, windows: Windows, number: int) -> None:
        super().__init__(number)
        self.length = windows.length

    def kept(self) -> WindowTensors:
        import tensorflow as tf

        shape = (self.number, self.length)
        whole = tf.zeros(shape, tf.int32)
        return WindowTensors(whole, whole, tf.zeros(shape, tf.float64), tf.zeros(self.number, tf.int32))

    def take(
        self, agent: Any, state: Any, kept: WindowTensors, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, ...]:
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        t, length = transition, self.length
        discount = agent.hyperparameters(state).discount
        alpha, exploring = agent.rate_in(state), agent.exploring_in(state)

        def of_environment(i: tf.Tensor, table: Any, kept: WindowTensors, errors: Any, number: Any) -> tuple[Any, ...]:
            steps = [xla.dynamic_slice(part, [i, tf.constant(0)], [1, length])[0] for part in kept[:3]]
            count = kept.counts[i]
            ended = t.terminated[i] | t.truncated[i]

            def oldest(times: Any, table: Any, following: Any, steps: list[Any], count: Any, wrong: Any) -> Any:
                """Learn `times` times from the oldest step; `following` gives what follows the newest."""

                def one(j: Any, table: Any, steps: list[Any], count: Any, wrong: Any) -> tuple[Any, ...]:
                    states, actions, rewards = steps

                    def back(k: Any, value: Any) -> tuple[Any, Any]:
                        mixed = agent.window_mixed(
                            table, exploring, states[k], actions[k], td_target(rewards[k], discount, value)
                        )
                        return k - 1, mixed

                    _, value = tf.while_loop(lambda k, _: k > 0, back, (count - 1, following(table)))
                    table, error = agent.moved(table, [states[0], actions[0]], alpha, rewards[0], discount, value)
                    moved = [tf.concat([part[1:], part[:1]], axis=0) for part in steps]
                    return j + 1, table, moved, count - 1, wrong + tf.abs(error[0, 0])

                start = (tf.zeros((), tf.int32), table, steps, count, wrong)
                return tf.while_loop(lambda j, *_: j < times, one, start)[1:]

            wrong, learnt = errors, number
            if agent.window_waits:
                full = tf.cast(tf.equal(count, length), tf.int32)
                taken = xla.dynamic_slice(table.values, [t.observation[i], t.action[i]], [1, 1])[0, 0]
                table, steps, count, wrong = oldest(full, table, lambda _: taken, steps, count, wrong)
                learnt += tf.cast(full, tf.float64)
            new = (t.observation[i], t.action[i], t.reward[i])
            steps = [
                xla.dynamic_update_slice(part, value[None], [count]) for part, value in zip(steps, new, strict=True)
            ]
            count += 1
            due = tf.cast(tf.equal(count, length), tf.int32) * (0 if agent.window_waits else 1)
            times = tf.where(ended, count, due)
            going = 1.0 - tf.cast(t.terminated[i], tf.float64)
            table, steps, count, wrong = oldest(
                times,
                table,
                lambda table: going * agent.window_end(table, exploring, t.next_observation[i]),
                steps,
                count,
                wrong,
            )
            learnt += tf.cast(times, tf.float64)
            whole = [
                xla.dynamic_update_slice(part, row[None], [i, tf.constant(0)])
                for part, row in zip(kept[:3], steps, strict=True)
            ]
            counts = xla.dynamic_update_slice(kept.counts, count[None], [i])
            return i + 1, table, WindowTensors(whole[0], whole[1], whole[2], counts), wrong, learnt

        zero = tf.zeros((), tf.float64)
        start = (tf.zeros((), tf.int32), state.parameters, kept, zero, zero)
        _, table, kept, wrong, number = tf.while_loop(lambda i, *_: i < self.number, of_environment, start)
        return table, kept, wrong, number
