"""DQN from beginning to end in one file, to be read: acting, stepping, storing and learning, as one compiled loop.

`agents.DQN` does the same with more choices; a test holds the two to the same weights, but for last bits.
Run it with `python examples/dqn_in_one_file.py [STEPS]`.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import tensorflow as tf

from agents.dqn import DQNSettings
from agents.parts.exploration import epsilon_greedy
from agents.parts.losses import bootstrapped_target, chosen, huber
from agents.parts.schedules import linear
from agents.replay.accumulators import one_step
from agents.replay.layout import Layout
from agents.replay.storage import ProgramStorage, Stored
from agents.transitions import Transition
from envs import random
from envs.classic.cartpole import CartPole
from envs.tensor import Carry, limited
from lab.networks import mlp
from lab.seeding import Seeds
from lab.training.adam import Moments, adam, clipped, flat, no_moments

# Plain DQN, as in the paper: no double targets, no averaged weights.
SETTINGS = DQNSettings(double=False, average_decay=0.0, learning_rate_steps=12_000, epsilon_steps=2_000)


class State(NamedTuple):
    """All that changes."""

    carry: Carry  # where the environment is
    steps: tf.Tensor  # int64 (), taken so far
    online: tuple[tf.Tensor, ...]  # the network that acts and learns
    target: tuple[tf.Tensor, ...]  # its former weights, by which what follows is valued
    copies: tf.Tensor  # int64 (), how often the one has become the other
    moments: Moments  # Adam's
    replay: Stored  # past transitions


class OneFileDQN:
    """Deep Q-learning (Mnih et al. 2015, "Human-level control through deep RL", algorithm 1) in CartPole."""

    def __init__(self, settings: DQNSettings = SETTINGS, seed: int = 0) -> None:
        self.settings, self.seeds = settings, Seeds(seed)
        self.env = limited(CartPole())
        features, self.actions = self.env.observation_space.shape[0], int(self.env.action_space.n)
        self.network = mlp(features, settings.hidden_sizes, self.actions, self.seeds.integer("network"))
        self.layout = Layout(self.env.observation_space, self.env.action_space, {})
        self.storage = ProgramStorage(self.layout, settings.replay_capacity, number=1)
        # All that is random comes from keys: the same key gives the same numbers.
        self.key = self._keys("exploration")[0]

    def begin(self) -> State:
        """Return the state before the first step."""
        weights = tuple(tf.convert_to_tensor(v) for v in self.network.trainable_variables)
        moments = Moments(*map(tf.constant, no_moments(weights)))
        carry = self.env.begin(self._keys("environment"))
        zero = tf.constant(0, tf.int64)
        return State(carry, zero, weights, weights, zero, moments, self.storage.empty())

    @tf.function(jit_compile=True, autograph=False)
    def run(self, state: State, until: tf.Tensor) -> State:
        """Return the state at a step, int64 ()."""
        return tf.while_loop(lambda s: s.steps < until, lambda s: (self.step(s),), (state,))[0]

    def step(self, state: State) -> State:
        """Take one step, store it, and learn if it is time to."""
        act_key, learn_key = random.split(random.fold_in(self.key, state.steps))
        seen = state.carry.observation
        action = self.act(state, seen, act_key)
        carry, step = self.env.advance(state.carry, action)
        # The step's observation is an episode's true last one where it ended; the carry's is the next one's first.
        transition = Transition(seen, action, step.reward, step.terminated, step.truncated, step.observation)
        replay = self.storage.write(state.replay, transition)
        state = state._replace(carry=carry, steps=state.steps + 1, replay=replay)
        return self.learn(state, learn_key)

    def act(self, state: State, observations: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Choose an action for each row, epsilon-greedily."""
        c = self.settings
        epsilon = linear(state.steps, c.epsilon_start, c.epsilon_end, tf.constant(float(c.epsilon_steps or 1)))
        draws = random.uniform(key, (2, observations.shape[0]))

        def greedy() -> tf.Tensor:
            return tf.argmax(self.values(state.online, observations), axis=-1, output_type=tf.int32)

        return epsilon_greedy(draws, self.actions, epsilon, greedy)

    def learn(self, state: State, key: tf.Tensor) -> State:
        """Make a round of updates, if one is due."""
        c = self.settings
        since = state.steps - max(c.update_every, c.learning_starts)
        due = (since >= 0) & (since % c.update_every == 0)
        copies = tf.where(due, state.steps // c.target_update_every, state.copies)
        newest = copies > state.copies
        pairs = zip(state.online, state.target, strict=True)
        state = state._replace(target=tuple(tf.where(newest, new, old) for new, old in pairs), copies=copies)
        updates = tf.where(due, c.updates_per_round, 0)

        def one(i: tf.Tensor, online: Any, moments: Moments) -> tuple[Any, ...]:
            return i + 1, *self.update(state._replace(online=online, moments=moments), random.fold_in(key, i))

        start = (tf.zeros((), tf.int32), state.online, state.moments)
        _, online, moments = tf.while_loop(lambda i, *_: i < updates, one, start)
        return state._replace(online=online, moments=moments)

    def update(self, state: State, key: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Moments]:
        """Make one step down the loss of a batch drawn uniformly; return the weights and Adam's moments."""
        c, size = self.settings, state.replay.size
        unit = random.uniform(key, (c.batch_size,))
        indices = tf.minimum(tf.cast(unit * tf.cast(size, tf.float32), tf.int32), size - 1)
        batch = one_step(self.layout.unpacked(*self.storage.take(state.replay, indices)), c.discount)
        # r + gamma max Q_target(s'), and r alone where the task terminated: there the discount is 0.
        following = tf.reduce_max(self.values(state.target, batch.next_observation), axis=-1)
        wanted = bootstrapped_target(batch.reward, batch.discount, following)
        with tf.GradientTape() as tape:
            tape.watch(state.online)
            values = chosen(self.values(state.online, batch.observation), batch.action)
            loss = tf.reduce_mean(huber(wanted - values, c.huber_delta))
        gradient, _ = clipped(flat(tape.gradient(loss, state.online)), c.gradient_clip)
        falls = tf.constant(float(c.learning_rate_steps or 1))
        rate = linear(state.steps, c.learning_rate, c.learning_rate_end, falls)
        return adam(state.online, gradient, state.moments, rate, c.adam_epsilon)

    def values(self, weights: tuple[tf.Tensor, ...], observations: tf.Tensor) -> tf.Tensor:
        """Return the network's action values (B, A) under explicit weights."""
        return self.network.stateless_call(list(weights), [], observations)[0]

    def _keys(self, stream: str) -> tf.Tensor:
        return tf.constant(self.seeds.sequence(stream).generate_state(2).reshape(1, 2))


def main(steps: int = 12_000, settings: DQNSettings = SETTINGS, seed: int = 0) -> State:
    dqn, every = OneFileDQN(settings, seed), max(1, steps // 12)
    state = dqn.begin()
    for until in range(every, steps + 1, every):
        state = dqn.run(state, tf.constant(until, tf.int64))
        newest = state.replay.rows[: state.replay.size][-every:]
        ends = dqn.layout.unpacked(newest, ()).terminated.numpy().sum()
        print(f"step {until}: {ends} poles fell in the last {every} steps")
    return state


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
