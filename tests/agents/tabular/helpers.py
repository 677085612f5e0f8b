"""Feeds transitions to tabular agents in either lane, without environments."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import QLearning
from agents.transitions import Transition
from envs import random
from lab.seeding import Seeds

FALLING = {"learning_rate": 0.8, "learning_rate_end": 0.1, "learning_rate_steps": 50, "discount": 0.9}


def built(num_envs=1, space=None, kind=QLearning, actions=3, **settings):
    agent = kind(**settings)
    agent.setup(space or Discrete(5), Discrete(actions), Seeds(0), num_envs)
    return agent


def steps(number, envs, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        yield Transition(
            rng.integers(5, size=envs),
            rng.integers(3, size=envs),
            rng.normal(size=envs).astype(np.float32).astype(np.float64),
            rng.random(envs) < 0.2,
            rng.random(envs) < 0.2,
            rng.integers(5, size=envs),
        )


def as_tensors(t):
    places = [tf.constant(x, tf.int32) for x in (t.observation, t.action, t.next_observation)]
    reward = tf.constant(t.reward, tf.float32)
    made = Transition(places[0], places[1], reward, tf.constant(t.terminated), tf.constant(t.truncated), places[2])
    masks = {name: getattr(t, name) for name in ("action_mask", "next_action_mask")}
    return made._replace(**{name: tf.constant(mask) for name, mask in masks.items() if len(mask)})


class Follow:
    """Feeds transitions to what the compiled lane learns by, step by step, and keeps what each step reported."""

    def __init__(self, agent):
        self.agent = agent
        self.memory = agent.experience().in_program(agent, agent.num_envs)
        self.call = tf.function(self.one, jit_compile=True, autograph=False)
        self.state, self.tensors, self.reports = agent.state(), self.memory.empty(), []

    def one(self, state, tensors, transition, key):
        state = state._replace(steps=state.steps + self.agent.num_envs)
        return self.memory.step(self.agent, state, tensors, transition, key)

    def step(self, transition, key=None):
        key = random.fold_in(random.key_from_seed(0), len(self.reports)) if key is None else key
        given = (self.state, self.tensors, as_tensors(transition), key)
        self.state, self.tensors, metrics, rounds = self.call(*given)
        self.reports.append((float(metrics[0]), float(rounds)))
        return self

    def steps(self, transitions):
        for transition in transitions:
            self.step(transition)
        return self

    @property
    def table(self):
        return self.state.parameters.values.numpy()

    @property
    def visits(self):
        return self.state.parameters.visits.numpy()


def follow(agent, transitions):
    return Follow(agent).steps(transitions)
