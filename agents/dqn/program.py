"""DQN's compiled calls in the host lane, made once for all agents that compute the same."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import TYPE_CHECKING, Any, ClassVar

import tensorflow as tf

from agents import spaces
from agents.dqn.state import Parameters, assign, averaged, copied
from agents.replay.host import ReplayBatch
from lab.networks.names import settle_names

if TYPE_CHECKING:
    from agents.dqn.agent import DQN

# What `DQN` itself keeps in its attributes. A subclass that keeps more may let its updates read it, so it shares no
# program: what is read of an agent, other than its settings, becomes part of the traced program.
OWN = frozenset(
    (
        *("action_space", "average", "built", "config", "evaluation_rng", "exploration", "fixed_rate", "greedy"),
        *("latest", "moments", "next_round", "num_envs", "number_of_actions", "observation_space", "online"),
        *("program", "rate", "replay", "ring", "round", "seeds", "state_names", "steps", "target"),
        *("target_updates", "updates", "wrapper_statistics", "rate_steps", "epsilon_steps", "run_length"),
        "most_numbers",
    )
)
STATE = ("average", "exploration", "greedy", "latest", "moments", "program", "replay", "ring", "round", "target")
KEPT = 16


class Noting:
    """Reads settings, and notes which of them have been read.

    Args:
        config: The settings.
    """

    def __init__(self, config: Any) -> None:
        self._config = config
        self._names = {field.name for field in dataclasses.fields(config)}
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        # Whoever asks for anything else, such as `to_dict`, may read them all.
        self.read |= {name} if name in self._names else self._names
        return getattr(self._config, name)


class DQNProgram:
    """Compiles a round of updates and the forward pass of one kind of agent.

    It holds no agent's state: all variables are arguments, so that agents of one class, settings and spaces share it
    while they live and after one another. Settings that nothing traced has read, such as step sizes, may differ.

    Args:
        agent: A built agent.
    """

    _recent: ClassVar[list[DQNProgram]] = []

    def __init__(self, agent: DQN) -> None:
        # What else an agent holds its program must see as it changes.
        self.agent: Any = copy.copy(agent)
        self.settings = Noting(agent.config)
        self.agent.config = self.settings
        for name in STATE:
            vars(self.agent).pop(name, None)
        self.agent.build_definition(agent.seeds.integer("network"))
        settle_names(self.agent.online)
        self.kind = _kind(agent)
        self.shares = vars(agent).keys() <= OWN

    @classmethod
    def shared(cls, agent: DQN) -> DQNProgram:
        """Return the program of an agent, of another one's making where that computes the same."""
        kind, recent = _kind(agent), cls._recent
        for program in recent if vars(agent).keys() <= OWN else ():
            if program.kind == kind and program.fits(agent):
                recent.remove(program)
                recent.insert(0, program)
                return program
        return cls(agent)

    def fits(self, agent: DQN) -> bool:
        """Return whether all settings that this program has read are those of an agent."""
        config, known = agent.config, self.settings._config
        return all(getattr(config, name) == getattr(known, name) for name in self.settings.read)

    def traced_round(self, variables: Parameters, rows: tf.Tensor, orders: tf.Tensor) -> Any:
        """Return `round` for arguments like these as a concrete function; an agent asks once and then calls that."""
        traced = self.round.get_concrete_function(variables, rows, orders)
        self._keep(traced)
        return traced

    def traced_values(self, weights: tuple[Any, ...], features: tf.Tensor) -> Any:
        """Return `values` for any number of rows, as a function of weights and features."""
        self._keep(self.values.get_concrete_function(weights, features))
        return self.values

    def _keep(self, traced: Any) -> None:
        # A program that reads variables beside its arguments is one agent's own.
        self.shares = self.shares and not traced.captured_inputs
        if self in self._recent or not self.shares:
            return
        self._recent.insert(0, self)
        del self._recent[KEPT:]

    @tf.function(jit_compile=True, autograph=False)
    def round(self, variables: Parameters, rows: tf.Tensor, orders: tf.Tensor) -> tf.Tensor:
        """Make a round of updates in place.

        Every tensor that enters or leaves a compiled call costs as much as a small layer, so a transition is one row
        of numbers, and metrics and new weights come back as one vector.

        Args:
            variables: The agent's.
            rows: float32 (updates, B, 2 d + 3), as `DQN` packs a batch.
            orders: float32 (2,), the step size and whether to copy to the target network.

        Returns:
            float32, the means of the metrics and the online network's weights.
        """
        agent, config = self.agent, self.agent.config
        rate, copy_now = orders[0], orders[1] > 0.0
        parameters = tf.nest.map_structure(tf.convert_to_tensor, variables)
        parameters = copied(parameters, copy_now)
        count, width = rows.shape[0], agent.number_of_features

        def one(i: tf.Tensor, parameters: Parameters, metrics: tf.Tensor) -> tuple[tf.Tensor, Parameters, tf.Tensor]:
            parameters, numbers = agent.update_step(parameters, unpacked(rows[i], width), rate, config)
            return i + 1, averaged(parameters, config.average_decay), metrics + numbers

        start = (tf.zeros((), tf.int32), parameters, tf.zeros(3))
        _, parameters, metrics = tf.while_loop(lambda i, *_: i < count, one, start)
        assign(variables, parameters)
        return tf.concat([metrics / count, *(tf.reshape(w, [-1]) for w in parameters.online)], axis=0)

    @tf.function(jit_compile=True, reduce_retracing=True, autograph=False)
    def values(self, weights: tuple[Any, ...], features: tf.Tensor) -> tf.Tensor:
        """Return action values (B, A) for features float32 (B, d)."""
        return self.agent.values(weights, features)


def unpacked(rows: tf.Tensor, width: int) -> ReplayBatch:
    """Return the batch in rows (B, 2 d + 3), where `width` is d, the numbers of an observation."""
    observation, following, columns = tf.split(rows, [width, width, 3], axis=-1)
    action, reward, terminated = tf.unstack(columns, axis=-1)
    return ReplayBatch(observation, tf.cast(action, tf.int32), reward, terminated, following)


def _kind(agent: DQN) -> tuple[Any, ...]:
    # The functions themselves, because a class can be given others.
    functions = tuple(getattr(type(agent), name) for name in agent.pure_shared)
    described = [json.dumps(spaces.to_json(s), sort_keys=True) for s in (agent.observation_space, agent.action_space)]
    # The lengths of schedules too: what updates read of them is traced.
    lengths = tuple(vars(agent).get(name) for name in ("run_length", "rate_steps", "epsilon_steps"))
    return type(agent), functions, *described, *lengths
