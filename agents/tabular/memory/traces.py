"""Eligibility traces: how much each pair is to blame for what happens now, for each environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.replay.storage import check_names
from agents.tabular.memory.program import ProgramMemory, TableMemory
from agents.transitions import Transition
from lab.runs.state_checks import check_value

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Traces(TableMemory):
    """A trace for each state and action, of each environment's present episode.

    Args:
        shape: (states, actions).
    """

    shape: tuple[int, int]

    def on_host(self, agent: Any) -> HostTraces:
        """Return the traces in NumPy."""
        return HostTraces(self, agent)

    def in_program(self, agent: Any, number: int) -> ProgramTraces:
        """Return the traces inside a program."""
        return ProgramTraces(self, number)


class HostTraces:
    """`Traces` in NumPy.

    Args:
        traces: Of which table.
        agent: Whose.

    Attributes:
        values: float64 (environments, states, actions).
    """

    def __init__(self, traces: Traces, agent: Any) -> None:
        self.header = 0
        self.values = np.zeros((agent.num_envs, *traces.shape))

    def resized(self, agent: Any) -> HostTraces:
        """Return no traces for the number of environments that an agent has now."""
        return HostTraces(agent.experience(), agent)

    def leave(self, rows: np.ndarray) -> None:
        """Forget the traces of episodes that were left, int64."""
        self.values[rows] = 0.0

    def take(self, agent: Any, t: Transition) -> None:
        """Learn from one step of n environments, observations as numbers of states."""
        c, alpha, table = agent.config, agent.learning_rate, agent.q_table
        columns = (t.observation, t.action, t.reward, t.terminated, t.truncated, t.next_observation)
        for own, state, action, reward, terminated, truncated, after in zip(
            self.values, *(column.tolist() for column in columns), strict=True
        ):
            own *= agent.kept_share(c.discount, c.trace_decay, table[state], table[state, action])
            own[state, action] = agent.visited(own[state, action])
            going = c.discount * (1.0 - terminated)
            error = agent.td_error(float(table[state, action]), reward, going, float(agent.following(table[after])))
            agent.visits[state, action] += 1
            table += agent.step_size(alpha, float(agent.visits[state, action])) * error * own
            agent.td_error_sum += abs(error)
            agent.td_error_count += 1
            if terminated or truncated:
                own[...] = 0.0

    def again(self, agent: Any, steps: int) -> None:
        """Do nothing: what was learnt from is gone."""

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        return {"values": self.values.copy()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_names(state, frozenset(("values",)))
        check_value(self.values, state["values"], "Traces.values")
        self.values[...] = state["values"]


class ProgramTraces(ProgramMemory):
    """`Traces` inside a program.

    Args:
        traces: Of which table.
        number: Environments that step together.
    """

    def __init__(self, traces: Traces, number: int) -> None:
        super().__init__(number)
        self.shape = traces.shape

    def kept(self) -> tf.Tensor:
        import tensorflow as tf

        return tf.zeros((self.number, *self.shape), tf.float64)

    def take(self, agent: Any, state: Any, kept: tf.Tensor, transition: Transition, key: tf.Tensor) -> tuple[Any, ...]:
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        t, c, alpha = transition, agent.hyperparameters(state), agent.rate_in(state)
        decay, zero = agent.config.trace_decay, tf.constant(0)

        def of_environment(i: tf.Tensor, table: Any, kept: tf.Tensor, wrong: tf.Tensor) -> tuple[Any, ...]:
            place = [t.observation[i], t.action[i]]
            row, _ = agent.row_of(table, place[0])
            old = xla.dynamic_slice(table.values, place, [1, 1])
            own = xla.dynamic_slice(kept, [i, zero, zero], [1, *self.shape])[0]
            own *= agent.kept_share(c.discount, decay, row[0], old[0, 0])
            own = xla.dynamic_update_slice(own, agent.visited(xla.dynamic_slice(own, place, [1, 1])), place)
            going = c.discount * (1.0 - tf.cast(t.terminated[i], tf.float64))
            after, _ = agent.row_of(table, t.next_observation[i])
            error = agent.td_error(old, t.reward[i], going, agent.following(after)[0])
            seen = xla.dynamic_slice(table.visits, place, [1, 1]) + 1
            size = agent.step_size(alpha, tf.cast(seen, tf.float64))
            table = table._replace(
                values=table.values + size * error * own,
                visits=xla.dynamic_update_slice(table.visits, seen, place),
            )
            own *= 1.0 - tf.cast(t.terminated[i] | t.truncated[i], tf.float64)
            return i + 1, table, xla.dynamic_update_slice(kept, own[None], [i, zero, zero]), wrong + tf.abs(error[0, 0])

        start = (zero, state.parameters, kept, tf.zeros((), tf.float64))
        _, table, kept, wrong = tf.while_loop(lambda i, *_: i < self.number, of_environment, start)
        return table, kept, wrong, float(self.number)
