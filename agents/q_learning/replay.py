"""Past transitions of a table of values: learnt from as they come, and again in blocks (Lin 1992)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from gymnasium.spaces import Discrete

from agents.replay.layout import Layout
from agents.replay.storage import HostStorage, ProgramStorage, Stored, check_names
from agents.transitions import Transition
from lab.runs.state_checks import restore_generator

if TYPE_CHECKING:
    import tensorflow as tf

BLOCK = 64


class BlockTensors(NamedTuple):
    """What a program carries beside the table.

    Attributes:
        stored: Past transitions, by the numbers of their states.
        replayed: int64 (), the step of the last block of replayed updates.
        error_sum, error_count: float64 (), absolute TD errors since then.
    """

    stored: Stored
    replayed: tf.Tensor
    error_sum: tf.Tensor
    error_count: tf.Tensor


@dataclasses.dataclass(frozen=True)
class Blocks:
    """Each transition is learnt from at once; every `BLOCK` steps as many times `updates` past ones are again.

    Args:
        capacity: Transitions kept.
        updates: Further updates a step; 0 for none.
        states: Rows of the table.
    """

    capacity: int
    updates: int
    states: int

    def on_host(self, agent: Any) -> HostBlocks:
        """Return the memory in NumPy."""
        return HostBlocks(self, agent)

    def in_program(self, agent: Any, number: int) -> ProgramBlocks:
        """Return the memory inside a program."""
        return ProgramBlocks(self, agent, number)

    def in_call(self, agent: Any, state: Any, data: Any, key: Any) -> Any:
        """Raise, since a table learns in NumPy where environments step in Python."""
        raise NotImplementedError("a table learns in NumPy in the host lane.")


class HostBlocks:
    """`Blocks` in NumPy.

    Args:
        blocks: What is kept.
        agent: Whose.
    """

    def __init__(self, blocks: Blocks, agent: Any) -> None:
        layout = Layout(Discrete(blocks.states), agent.action_space, {}, Layout.masks_of(agent))
        self.storage = HostStorage(layout, blocks.capacity)
        self.rng: np.random.Generator = agent.seeds.generator("replay")
        self.header = 0

    def add(self, transition: Transition) -> None:
        """Store one step of n environments, observations as numbers of states."""
        self.storage.add(transition)

    def sample(self, number: int) -> tuple[Any, ...]:
        """Return states, actions, rewards, discounts and following states, (number,) each, and their masks or ()."""
        rows, apart = self.storage.take(self.rng.integers(self.storage.size, size=number))
        columns = self.storage.layout.columns
        action, reward, terminated = (rows[:, columns[name].start] for name in ("action", "reward", "terminated"))
        states = apart or tuple(rows[:, columns[n].start].astype(np.int64) for n in ("observation", "next_observation"))
        mask = rows[:, columns["next_action_mask"]] > 0.5 if self.storage.layout.masks else ()
        return states[0], action.astype(np.int64), reward, 1.0 - terminated, states[1], mask

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes."""
        return {**self.storage.get_state(), "random_state": self.rng.bit_generator.state}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        check_names(state, HostStorage.NAMES | {"random_state"})
        self.storage.set_state(state)
        restore_generator(self.rng, state["random_state"], "Replay.rng")


class ProgramBlocks:
    """`Blocks` inside a program.

    Args:
        blocks: What is kept.
        agent: Whose `learn` it is.
        number: Environments that step together.
    """

    def __init__(self, blocks: Blocks, agent: Any, number: int) -> None:
        self.blocks, self.number = blocks, number
        layout = Layout(Discrete(blocks.states), agent.action_space, {}, Layout.masks_of(agent))
        self.storage = ProgramStorage(layout, blocks.capacity, number)
        # The host lane replays once 64 steps have come together; here they come together `number` at a time.
        self.block = -(-BLOCK // number) * number

    def empty(self, steps: Any = 0) -> BlockTensors:
        """Return the memory before the first step of an agent that has `steps`, int64 (), behind it."""
        import tensorflow as tf

        zero = tf.zeros((), tf.float64)
        return BlockTensors(self.storage.empty(), tf.cast(steps, tf.int64), zero, zero)

    def step(
        self, agent: Any, state: Any, tensors: BlockTensors, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, BlockTensors, tf.Tensor, tf.Tensor]:
        """Learn from one step of all environments, and again from past ones if it is time to."""
        import tensorflow as tf

        from agents.replay.accumulators import one_step
        from agents.replay.learning import learnt_from
        from envs import random

        t, c = transition, agent.hyperparameters(state)
        t = t._replace(
            observation=agent.states(t.observation),
            next_observation=agent.states(t.next_observation),
            reward=tf.cast(t.reward, tf.float64),
        )
        batch = one_step(t, tf.ones(()))._replace(discount=_discounts(t, c.discount))
        learnt = learnt_from(agent, state, batch, key, False)
        errors = tensors.error_sum + tf.reduce_sum(tf.abs(learnt.errors))
        count = tensors.error_count + float(self.number)
        due = state.steps >= tensors.replayed + self.block
        parameters, stored = learnt.parameters, tensors.stored
        if self.blocks.updates:
            stored = self.storage.write(stored, t)
            size = self.block * self.blocks.updates

            def one(i: tf.Tensor, parameters: Any, errors: tf.Tensor) -> tuple[Any, ...]:
                unit = random.uniform(key, (size,))
                places = tf.minimum(tf.cast(unit * tf.cast(stored.size, tf.float32), tf.int32), stored.size - 1)
                past = self.storage.layout.unpacked(*self.storage.take(stored, places))
                past = past._replace(reward=tf.cast(past.reward, tf.float64))
                batch = one_step(past, tf.ones(()))._replace(discount=_discounts(past, c.discount))
                learnt = learnt_from(agent, state._replace(parameters=parameters), batch, key, False)
                return i + 1, learnt.parameters, errors + tf.reduce_sum(tf.abs(learnt.errors))

            # A loop of one round or none: XLA then draws and learns only when it is due.
            once = tf.cast(due, tf.int32)
            start = (tf.zeros((), tf.int32), parameters, errors)
            _, parameters, errors = tf.while_loop(lambda i, *_: i < once, one, start)
            count += tf.cast(due, tf.float64) * float(size)
        zero = tf.zeros((), tf.float64)
        mean = tf.where(due, errors / count, zero)
        after = BlockTensors(
            stored,
            tf.where(due, state.steps, tensors.replayed),
            tf.where(due, zero, errors),
            tf.where(due, zero, count),
        )
        metrics = tf.cast(mean, tf.float32)[None]
        return state._replace(parameters=parameters), after, metrics, tf.cast(due, tf.int64)


def _discounts(transition: Transition, discount: Any) -> Any:
    import tensorflow as tf

    return discount * (1.0 - tf.cast(transition.terminated, tf.float64))
