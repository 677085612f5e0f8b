"""How a table is learnt: what all memories of tabular agents share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agents.transitions import Transition

if TYPE_CHECKING:
    import tensorflow as tf

BLOCK = 64


class BlockTensors(NamedTuple):
    """What a program carries beside the table.

    Attributes:
        stored: What the memory keeps.
        replayed: int64 (), the step of the last report, after which past transitions are replayed.
        error_sum, error_count: float64 (), absolute TD errors since then.
    """

    stored: Any
    replayed: tf.Tensor
    error_sum: tf.Tensor
    error_count: tf.Tensor


class TableMemory:
    """What all memories of tabular agents are."""

    def in_call(self, agent: Any, state: Any, data: Any, key: Any) -> Any:
        """Raise, since a table learns in NumPy where environments step in Python."""
        raise NotImplementedError("a table learns in NumPy in the host lane.")


class ProgramMemory:
    """Learns inside a program from each step, and reports the mean error every `BLOCK` steps.

    Args:
        number: Environments that step together.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        # The host lane reports once 64 steps have come together; here they come together `number` at a time.
        self.block = -(-BLOCK // number) * number

    def kept(self) -> Any:
        """Return what is kept before the first step, nested tensors (hook)."""
        raise NotImplementedError

    def take(self, agent: Any, state: Any, kept: Any, transition: Transition, key: tf.Tensor) -> tuple[Any, ...]:
        """Learn from one step of all environments (hook).

        Args:
            agent, state: Who learns.
            kept: By the memory.
            transition: Observations as rows of the table, rewards float64.
            key: uint32 (2,).

        Returns:
            The new parameters, what is kept, and the sum and the number of absolute errors, float64 ().
        """
        raise NotImplementedError

    def again(
        self, agent: Any, state: Any, kept: Any, key: tf.Tensor, due: tf.Tensor, errors: tf.Tensor, count: tf.Tensor
    ) -> tuple[Any, tf.Tensor, tf.Tensor]:
        """Learn from what is kept, if that is due, bool (); return parameters, errors and their number (hook)."""
        return state.parameters, errors, count

    def empty(self, steps: Any = 0) -> BlockTensors:
        """Return the memory before the first step of an agent that has `steps`, int64 (), behind it."""
        import tensorflow as tf

        zero = tf.zeros((), tf.float64)
        return BlockTensors(self.kept(), tf.cast(steps, tf.int64), zero, zero)

    def step(
        self, agent: Any, state: Any, tensors: BlockTensors, transition: Transition, key: tf.Tensor
    ) -> tuple[Any, BlockTensors, tf.Tensor, tf.Tensor]:
        """Learn from one step of all environments; return state, memory, metrics float32 (1,) and rounds int64 ()."""
        import tensorflow as tf

        t = transition._replace(
            observation=agent.states(transition.observation),
            next_observation=agent.states(transition.next_observation),
            reward=tf.cast(transition.reward, tf.float64),
        )
        table = state.parameters
        if tf.is_tensor(table.tried):
            places = tf.stack([tf.cast(t.observation, tf.int32), t.action], axis=-1)
            ones = tf.ones(self.number, tf.int64)
            state = state._replace(parameters=table._replace(tried=tf.tensor_scatter_nd_add(table.tried, places, ones)))
        parameters, stored, wrong, number = self.take(agent, state, tensors.stored, t, key)
        errors, count = tensors.error_sum + wrong, tensors.error_count + number
        due = state.steps >= tensors.replayed + self.block
        after = state._replace(parameters=parameters)
        parameters, errors, count = self.again(agent, after, stored, key, due, errors, count)
        zero = tf.zeros((), tf.float64)
        mean = tf.where(due, errors / tf.maximum(count, 1.0), zero)
        after_block = BlockTensors(
            stored,
            tf.where(due, state.steps, tensors.replayed),
            tf.where(due, zero, errors),
            tf.where(due, zero, count),
        )
        metrics = tf.cast(mean, tf.float32)[None]
        return state._replace(parameters=parameters), after_block, metrics, tf.cast(due, tf.int64)
