"""When an agent learns, and from what: replayed transitions, or whole rollouts of the present policy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

from agents.replay.samplers import Prioritised, Uniform
from agents.transitions import Batch, Transition
from lab.errors import UsageError, bad_value, check_whole

UNIFORM = Uniform()


class Experience(Protocol):
    """What `FunctionalAgent.experience` returns."""

    def on_host(self, agent: Any) -> Any:
        """Return the memory of an agent whose environments step in Python: `add`, `learn`, `get_state`, `set_state`."""

    def in_program(self, agent: Any, number: int) -> Any:
        """Return how `number` environments' steps are kept and learnt from inside a program: `empty` and `step`."""

    def in_call(self, agent: Any, state: Any, data: Any, key: Any) -> tuple[Any, Any, Any]:
        """Make one round of updates on what `on_host`'s memory drew, as pure TensorFlow.

        Returns:
            The new parameters, the means of the metrics float32 (M,), and the errors or None.
        """


@dataclasses.dataclass(frozen=True)
class Replay:
    """Rounds of updates on transitions drawn from a replay; all intervals are environment steps over environments.

    Args:
        capacity: Transitions kept.
        batch_size: Transitions an update.
        update_every: Steps between rounds of updates.
        updates_per_round: Updates a round.
        learning_starts: Steps before the first round; more where no window of `n_steps` is whole by then.
        n_steps: Steps of reward in a batch's rows before what follows is valued.
        sampler: Which rows are drawn.
        sequences: Whether a batch's rows are the `n_steps` steps themselves, (B, n_steps, ...), for agents that
            remember; not their sum.
        accumulator: Makes the batch of what was drawn, as pure TensorFlow: called with tensors (B, ...), of n steps
            (B, n, ...), and the discount, a float (); returns a `Batch`. None for `one_step`, or `n_step` of several,
            of `agents.replay.accumulators`. One of one's own may weigh what follows row by row: `Batch.discount`.
    """

    capacity: int
    batch_size: int
    update_every: int = 1
    updates_per_round: int = 1
    learning_starts: int = 0
    n_steps: int = 1
    sampler: Uniform | Prioritised = UNIFORM
    sequences: bool = False
    accumulator: Callable[[Transition, Any], Batch] | None = None

    def __post_init__(self) -> None:
        for name in ("capacity", "batch_size", "update_every", "updates_per_round", "n_steps"):
            check_whole(name, getattr(self, name), owner="Replay")
        check_whole("learning_starts", self.learning_starts, owner="Replay", least=0)
        if not all(hasattr(self.sampler, name) for name in ("on_host", "draw", "wants_errors")):
            raise bad_value("Replay", "sampler", self.sampler, "Uniform() or Prioritised(...)")
        if self.n_steps > self.capacity:
            raise bad_value("Replay", "n_steps", self.n_steps, f"at most the capacity, {self.capacity}")

    def first_round(self, number: int) -> int:
        """Return the steps of `number` environments before the first round of updates, for which windows are whole."""
        return max(self.update_every, self.learning_starts, self.n_steps * number)

    def untaught(self, owner: str, due: int, number: int, steps: int) -> str:
        """Return that steps to come teach nothing, since a round of updates is due after them; "" where it is not.

        Args:
            owner: Whose replay.
            due: Steps to the next round.
            number: Environments that step together.
            steps: Those to come.
        """
        if -(-steps // number) * number >= due:
            return ""
        return (
            f"{owner} updates next after {due:,} further steps (learning_starts={self.learning_starts:,}, update_every="
            f"{self.update_every:,}): the {steps:,} to come teach nothing unless training goes on. "
            f"Fix: {due:,} steps or more, or a smaller learning_starts or update_every."
        )

    def accumulated(self, steps: Transition, discount: Any) -> Batch:
        """Return the batch of what was drawn, as pure TensorFlow."""
        from agents.replay.accumulators import n_step, one_step

        # A sequence is as many single steps as it has.
        usual = n_step if self.n_steps > 1 and not self.sequences else one_step
        return (self.accumulator or usual)(steps, discount)

    def on_host(self, agent: Any) -> Any:
        """Return the replay in host memory."""
        from agents.replay.host import HostReplay

        return HostReplay(self, agent)

    def in_program(self, agent: Any, number: int) -> Any:
        """Return the replay inside a program."""
        from agents.replay.program import ProgramReplay

        return ProgramReplay(self, agent, number)

    def in_call(self, agent: Any, state: Any, data: Any, key: Any) -> tuple[Any, Any, Any]:
        """Make one round of updates on batches drawn beforehand."""
        from agents.replay.program import updates_on

        return updates_on(self, agent, state, data, key)


@dataclasses.dataclass(frozen=True)
class Rollouts:
    """Updates on whole rollouts of the present policy, each transition in each epoch once (on-policy).

    The agent's `prepare` turns a rollout into the batch that minibatches are taken from.

    Args:
        length: Steps of each environment in a rollout.
        epochs: How often a rollout is gone through.
        minibatches: Updates an epoch.
        sequence: Steps that stay together, for agents that remember: then `prepare` gives so long sequences as rows.
    """

    length: int
    epochs: int = 1
    minibatches: int = 1
    sequence: int = 1

    def __post_init__(self) -> None:
        for name in ("length", "epochs", "minibatches", "sequence"):
            check_whole(name, getattr(self, name), owner="Rollouts")
        if self.length % self.sequence:
            raise bad_value("Rollouts", "sequence", self.sequence, f"a divisor of the length, {self.length}")

    def check(self, number: int) -> None:
        """Raise `UsageError` where minibatches do not divide the rollout of `number` environments."""
        rows, what = self.length * number // self.sequence, "transitions" if self.sequence == 1 else "sequences"
        if rows % self.minibatches:
            raise bad_value(
                "Rollouts",
                "minibatches",
                self.minibatches,
                f"a divisor of the {rows} {what} of a rollout ({self.length} steps of {number})",
            )

    def untaught(self, owner: str, gathered: int, number: int, steps: int) -> str:
        """Return which of the steps to come teach nothing, since they fill no rollout; "" where all do.

        Args:
            owner: Whose rollouts.
            gathered: Steps of the present rollout that are behind, of all environments.
            number: Environments that step together.
            steps: Those to come.
        """
        size, taken = self.length * number, -(-steps // number) * number
        rest = (gathered + taken) % size
        if not rest:
            return ""
        filled = gathered + taken - rest
        if filled:
            what = f"the last {rest:,} of the {taken:,} to come begin one that stays open, and teach nothing"
        else:
            what = f"the {taken:,} to come fill none, and teach nothing"
        fits = [f"{n - gathered:,}" for n in (filled, filled + size) if n > gathered]
        return (
            f"{owner} learns from whole rollouts, of {size:,} steps: {what} unless training goes on. "
            f"Fix: {' or '.join(fits)} steps, or another rollout_steps."
        )

    def on_host(self, agent: Any) -> Any:
        """Return the rollout in host memory."""
        from agents.replay.rollouts import HostRollouts

        return HostRollouts(self, agent)

    def in_program(self, agent: Any, number: int) -> Any:
        """Return the rollout inside a program."""
        from agents.replay.rollouts import ProgramRollouts

        return ProgramRollouts(self, agent, number)

    def in_call(self, agent: Any, state: Any, data: Any, key: Any) -> tuple[Any, Any, Any]:
        """Make the updates of all epochs on one rollout."""
        from agents.replay.rollouts import updates_on

        return (*updates_on(self, agent, state, data, key), None)


def replay_of_settings(owner: str, config: Any) -> Replay:
    """Return the replay that settings of the usual names describe.

    Raises:
        UsageError: When the settings lack one.
    """
    names = ("replay_capacity", "batch_size", "update_every", "updates_per_round", "learning_starts")
    lacking = [name for name in names if not hasattr(config, name)]
    if lacking:
        raise UsageError(
            f"{owner}: its settings have no {', '.join(lacking)}. "
            f"Fix: add them to {type(config).__name__}, or override `experience` to return a Replay or Rollouts."
        )
    return Replay(*(getattr(config, name) for name in names))
