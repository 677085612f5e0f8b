"""LunarLander: sets a rigid body with three engines down on a pad, with physics of our own."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.lander.body import FEET, HULL, TIME_STEP, Body, depths, move
from envs.lander.ground import make_ground
from envs.lander.picture import picture
from envs.tensor import State, TensorEnv, TensorStep

START_HEIGHT = 10.0
KICK = 4.0
# How far the field reaches from the pad's middle, and the height over the pad of a lander that stands there, m.
HALF_WIDTH, HALF_HEIGHT, STANDING = 10.0, 20.0 / 3.0, 0.6
CEILING = 2.0

MAIN_THRUST, SIDE_THRUST, SIDE_ARM = 87.0, 12.0, 0.47
MAIN_DISPERSION, SWAY, SIDE_DISPERSION = 0.5, 20.0, 0.25

MAIN_FUEL, SIDE_FUEL, OUTCOME = 0.3, 0.03, 100.0
STILL_SPEED, STILL_SPIN, STILL_STEPS = 0.1, 0.1, 25


class LanderState(NamedTuple):
    """Where n landers are.

    Attributes:
        body: How they move.
        heights: float32 (n, 11), the ground's; see `envs.lander.ground`.
        potential: float32 (n,), what the reward is the growth of.
        still: int32 (n,), for how many steps they have stood still on both legs.
        thrust: float32 (n, 2), what the main engine and the side engines just gave, as shares of their most; the
            second is below 0 for the left one.
    """

    body: Body
    heights: tf.Tensor
    potential: tf.Tensor
    still: tf.Tensor
    thrust: tf.Tensor


class Lander(TensorEnv):
    """The lander without its controls; see `LunarLander` and `LunarLanderContinuous`."""

    max_episode_steps = 1_000
    render_fps: ClassVar[int] = 50

    def __init__(self) -> None:
        high = np.array([2.5, 2.5, 10.0, 10.0, 2.0 * math.pi, 10.0, 1.0, 1.0], np.float32)
        low = np.concatenate([-high[:6], np.zeros(2, np.float32)])
        self.observation_space = Box(low, high, dtype=np.float32)

    @abstractmethod
    def throttles(self, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the main engine's throttle, 0 to 1, and the side engines', -1 (left) to 1 (right), float32 (n,)."""

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        for_ground, for_kick = random.split(key)
        heights = make_ground(for_ground)
        velocity = random.uniform(for_kick, (2,), -KICK, KICK)
        zero = tf.zeros_like(velocity[:, 0])
        body = Body(tf.stack([zero, zero + START_HEIGHT], axis=1), velocity, zero, zero)
        observation = _observed(body, depths(body, heights, FEET) > 0.0)
        still = tf.zeros_like(zero, tf.int32)
        return LanderState(body, heights, _potential(observation), still, tf.zeros_like(velocity)), observation

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        main, side = self.throttles(action)
        force, torque = _engines(state.body.angle, main, side, random.uniform(key, (3,), -1.0, 1.0))
        body = move(state.body, state.heights, force, torque)
        contacts = depths(body, state.heights, FEET) > 0.0
        observation = _observed(body, contacts)
        quiet = (tf.norm(body.velocity, axis=1) < STILL_SPEED) & (tf.abs(body.spin) < STILL_SPIN)
        still = tf.where(quiet & tf.reduce_all(contacts, axis=1), state.still + 1, 0)
        crashed = tf.reduce_any(depths(body, state.heights, HULL) > 0.0, axis=1)
        lost = (tf.abs(observation[:, 0]) >= 1.0) | (observation[:, 1] >= CEILING) | (tf.abs(body.angle) >= math.pi)
        failed, landed = crashed | lost, still >= STILL_STEPS
        potential = _potential(observation)
        reward = potential - state.potential - MAIN_FUEL * main - SIDE_FUEL * tf.abs(side)
        reward = tf.where(landed, OUTCOME, reward)
        reward = tf.where(failed, -OUTCOME, reward)
        new = LanderState(body, state.heights, potential, still, tf.stack([main, side], axis=1))
        ended = failed | landed
        return TensorStep(new, observation, reward, ended, tf.zeros_like(ended))

    def draw(self, state: State) -> np.ndarray:
        return picture(state.body, state.heights, state.thrust)


class LunarLander(Lander):
    """Lands on a pad by firing one of three engines at a time, with physics of our own.

    A rigid hull (5 kg, 1 kg m^2) on two springy legs, a step of 0.02 s in four of semi-implicit Euler. Observations,
    rewards and engines mean what they mean in Gymnasium's `LunarLander-v3`, but its Box2D physics are not these:
    there is no parity, and returns are not comparable.

    - Observation: float32 (8,): x / 10 m and (y - 0.6 m) / 6.67 m of the centre of mass from the pad's middle, so 0, 0
      for a lander that stands there; velocities / 5 m/s and / 7.5 m/s; angle (rad, counter-clockwise); 0.4 times the
      angular velocity (rad/s); whether the left and the right foot touch the ground, 0 or 1.
    - Actions: 0 nothing, 1 the left engine (pushes to the right and turns clockwise), 2 the main engine, 3 the right.
    - Reward: the growth of -100 (distance + speed + |angle|) + 10 a foot on the ground, in the observation's units;
      -0.3 for the main engine, -0.03 for a side engine. A last step counts 100 for rest, else -100, instead.
    - Starts: 10 m over the pad, with a velocity of up to 4 m/s along each axis, over ground of its own.
    - Ends: terminated when the hull touches the ground, when the lander leaves the field (10 m to a side, 14 m over
      the pad), when it has turned upside down, and when it has stood on both legs for half a second, wherever that is;
      truncated after 1,000 steps.
    - Source: our own; task and reward after Gymnasium's `LunarLander-v3`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.action_space = Discrete(4)

    def throttles(self, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(action == 2, tf.float32), tf.cast(action == 3, tf.float32) - tf.cast(action == 1, tf.float32)


class LunarLanderContinuous(Lander):
    """Lands on a pad with a throttle for the main engine and one for the two side engines.

    All but the actions is as in `LunarLander`.

    - Actions: float32 (2,), clipped to [-1, 1]. The first is the main engine's: off up to 0, then from half its
      thrust at 0 to all of it at 1. The second is the left engine's below -0.5 and the right one's above 0.5, as a
      share of its thrust.
    - Reward: fuel costs in proportion to the thrust.
    """

    def __init__(self) -> None:
        super().__init__()
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)

    def throttles(self, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        main, side = tf.unstack(tf.clip_by_value(action, -1.0, 1.0), axis=1)
        return tf.where(main > 0.0, 0.5 + 0.5 * main, 0.0), tf.where(tf.abs(side) > 0.5, side, 0.0)


def _engines(angle: tf.Tensor, main: tf.Tensor, side: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the engines' force (n, 2) and torque (n,); what they give is scattered by `noise` (n, 3) in [-1, 1)."""
    up = MAIN_THRUST * main * (1.0 + MAIN_DISPERSION * noise[:, 0])
    # The right engine pushes to the left.
    pushed = -SIDE_THRUST * side * (1.0 + SIDE_DISPERSION * noise[:, 1])
    right = pushed + SWAY * main * noise[:, 2]
    cosine, sine = tf.cos(angle), tf.sin(angle)
    force = tf.stack([cosine * right - sine * up, sine * right + cosine * up], axis=1)
    return force, -SIDE_ARM * pushed


def _observed(body: Body, contacts: tf.Tensor) -> tf.Tensor:
    x, y = tf.unstack(body.position, axis=1)
    right, up = tf.unstack(body.velocity, axis=1)
    rate = 1.0 / TIME_STEP
    place = [x / HALF_WIDTH, (y - STANDING) / HALF_HEIGHT, right * HALF_WIDTH / rate, up * HALF_HEIGHT / rate]
    parts = tf.stack([*place, body.angle, 20.0 / rate * body.spin], axis=1)
    return tf.concat([parts, tf.cast(contacts, tf.float32)], axis=1)


def _potential(observation: tf.Tensor) -> tf.Tensor:
    distance, speed = tf.norm(observation[:, :2], axis=1), tf.norm(observation[:, 2:4], axis=1)
    standing = tf.reduce_sum(observation[:, 6:], axis=1)
    return -100.0 * (distance + speed + tf.abs(observation[:, 4])) + 10.0 * standing
