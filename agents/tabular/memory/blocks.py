"""Single transitions: learnt from as they come, and past ones again in blocks (Lin 1992)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Discrete

from agents.replay.layout import Layout
from agents.replay.storage import HostStorage, ProgramStorage, Stored, check_names
from agents.tabular.memory.program import ProgramMemory, TableMemory
from agents.transitions import Transition
from lab.runs.state_checks import restore_generator

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Blocks(TableMemory):
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


class HostBlocks:
    """`Blocks` in NumPy.

    Args:
        blocks: What is kept.
        agent: Whose.
    """

    def __init__(self, blocks: Blocks, agent: Any) -> None:
        self.updates = blocks.updates
        layout = Layout(Discrete(blocks.states), agent.action_space, {}, Layout.masks_of(agent))
        self.storage = HostStorage(layout, blocks.capacity)
        self.rng: np.random.Generator = agent.seeds.generator("replay")
        self.header = 0

    def take(self, agent: Any, t: Transition) -> None:
        """Learn from one step of n environments, observations as numbers of states, and store it."""
        t = agent.with_masks(t)
        agent.learn_rows(t.observation, t.action, t.reward, t.discount, t.next_observation, mask=t.next_action_mask)
        if self.updates:
            self.storage.add(t)

    def again(self, agent: Any, steps: int) -> None:
        """Learn from as many past transitions as belong to so many steps."""
        if self.updates:
            *columns, mask = self.sample(steps * self.updates)
            agent.learn_rows(*columns, mask=mask)

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


class ProgramBlocks(ProgramMemory):
    """`Blocks` inside a program.

    Args:
        blocks: What is kept.
        agent: Whose `learn` it is.
        number: Environments that step together.
    """

    def __init__(self, blocks: Blocks, agent: Any, number: int) -> None:
        super().__init__(number)
        self.blocks = blocks
        layout = Layout(Discrete(blocks.states), agent.action_space, {}, Layout.masks_of(agent))
        self.storage = ProgramStorage(layout, blocks.capacity, number)

    def kept(self) -> Stored:
        return self.storage.empty()

    def take(self, agent: Any, state: Any, kept: Stored, transition: Transition, key: tf.Tensor) -> tuple[Any, ...]:
        import tensorflow as tf

        from agents.replay.accumulators import one_step
        from agents.replay.learning import learnt_from

        t, c = transition, agent.hyperparameters(state)
        batch = one_step(t, tf.ones(()))._replace(discount=_discounts(t, c.discount))
        learnt = learnt_from(agent, state, batch, key, False)
        stored = self.storage.write(kept, t) if self.blocks.updates else kept
        return learnt.parameters, stored, tf.reduce_sum(tf.abs(learnt.errors)), float(self.number)

    def again(
        self, agent: Any, state: Any, kept: Stored, key: tf.Tensor, due: tf.Tensor, errors: tf.Tensor, count: tf.Tensor
    ) -> tuple[Any, tf.Tensor, tf.Tensor]:
        if not self.blocks.updates:
            return state.parameters, errors, count
        import tensorflow as tf

        from agents.replay.accumulators import one_step
        from agents.replay.learning import learnt_from
        from envs import random

        size, c = self.block * self.blocks.updates, agent.hyperparameters(state)

        def one(i: tf.Tensor, parameters: Any, errors: tf.Tensor) -> tuple[Any, ...]:
            unit = random.uniform(key, (size,))
            places = tf.minimum(tf.cast(unit * tf.cast(kept.size, tf.float32), tf.int32), kept.size - 1)
            past = self.storage.layout.unpacked(*self.storage.take(kept, places))
            past = past._replace(reward=tf.cast(past.reward, tf.float64))
            batch = one_step(past, tf.ones(()))._replace(discount=_discounts(past, c.discount))
            # A key of its own: what was just learnt has drawn from the other.
            own = random.fold_in(key, 1)
            learnt = learnt_from(agent, state._replace(parameters=parameters), batch, own, False)
            return i + 1, learnt.parameters, errors + tf.reduce_sum(tf.abs(learnt.errors))

        # A loop of one round or none: XLA then draws and learns only when it is due.
        once = tf.cast(due, tf.int32)
        start = (tf.zeros((), tf.int32), state.parameters, errors)
        _, parameters, errors = tf.while_loop(lambda i, *_: i < once, one, start)
        return parameters, errors, count + tf.cast(due, tf.float64) * float(size)


def _discounts(transition: Transition, discount: Any) -> Any:
    import tensorflow as tf

    return discount * (1.0 - tf.cast(transition.terminated, tf.float64))
