"""What bodies that run have in common: their state, what they observe, what they are paid for and when they fall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box

from envs import random
from envs.locomotion.ground import Ground
from envs.locomotion.linkage import Link, Linkage, Pose
from envs.locomotion.motion import Joint, Motion
from envs.locomotion.picture import picture
from envs.tensor import State, TensorEnv, TensorStep

TIME_STEP, SUBSTEPS = 0.02, 8
NOISE = 0.02
LEAST_HEIGHT, MOST_LEAN = 0.75, 0.8
TOP_SPEED = 10.0
ALIVE, EFFORT = 1.0, 0.001


class RunnerState(NamedTuple):
    """Where n bodies are.

    Attributes:
        pose: How their links lie and move.
        stretch: float32 (n, points), of the ground's springs; see `envs.locomotion.ground.Ground`.
    """

    pose: Pose
    stretch: tf.Tensor


class Runner(TensorEnv):
    """Runs forward over flat ground; see `Hopper` and `Walker`.

    Args:
        links: The body's; the first is the torso.
        joints: Of each link but the torso.
        points: The points that the ground carries, of each its link and where on its axis.
        crouch: The links' angles at the start against their directions at rest, rad.
        behind: How many of the last links are a leg on the far side, which pictures show pale.
    """

    max_episode_steps = 1_000
    render_fps: ClassVar[int] = 50

    def __init__(
        self,
        links: Sequence[Link],
        joints: Sequence[Joint],
        points: Sequence[tuple[int, float]],
        crouch: Sequence[float],
        behind: int = 0,
    ) -> None:
        self.linkage = Linkage(links)
        self.motion = Motion(self.linkage, joints, points, Ground())
        self._crouch = np.array(crouch, np.float32)
        self._behind = behind
        self._middle = self.linkage.offsets([(0, (links[0].back + links[0].front) / 2)])
        number = len(joints)
        high = np.array([3.0, math.pi, *[math.pi] * number, *[TOP_SPEED] * (3 + number)], np.float32)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.action_space = Box(-1.0, 1.0, (number,), np.float32)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        noise = random.uniform(key, (2, len(self._crouch)), -NOISE, NOISE)
        angles, spins = self._crouch + noise[:, 0], noise[:, 1]
        still = tf.zeros_like(angles[:, :2])
        # Its lowest point just touches the ground.
        lowest = tf.reduce_min(
            self.linkage.positions(Pose(still, still, angles, spins), self.motion.offsets)[..., 1], axis=1
        )
        pose = Pose(tf.stack([tf.zeros_like(lowest), -lowest], axis=1), still, angles, spins)
        return RunnerState(pose, tf.zeros((key.shape[0], len(self.motion.offsets)))), self._observed(pose)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        throttle = tf.clip_by_value(action, -1.0, 1.0)

        def short(i: tf.Tensor, pose: Pose, stretch: tf.Tensor) -> tuple[tf.Tensor, Pose, tf.Tensor]:
            return i + 1, *self.motion.step(pose, stretch, throttle, TIME_STEP / SUBSTEPS)

        _, pose, stretch = tf.while_loop(lambda i, *_: i < SUBSTEPS, short, (tf.constant(0), *state))
        observation = self._observed(pose)
        ahead = (pose.centre[:, 0] - state.pose.centre[:, 0]) / TIME_STEP
        reward = ahead + ALIVE - EFFORT * tf.reduce_sum(throttle**2, axis=1)
        fallen = (observation[:, 0] < LEAST_HEIGHT) | (tf.abs(observation[:, 1]) > MOST_LEAN)
        return TensorStep(RunnerState(pose, stretch), observation, reward, fallen, tf.zeros_like(fallen))

    def draw(self, state: State) -> np.ndarray:
        return picture(self.linkage, state.pose, self._behind)

    def _observed(self, pose: Pose) -> tf.Tensor:
        height = self.linkage.positions(pose, self._middle)[:, 0, 1:]
        speed = self.linkage.velocities(pose, self._middle)[:, 0]
        rates = tf.concat([speed, pose.spins[:, :1], self.motion.between(pose.spins)], axis=1)
        angles = tf.concat([pose.angles[:, :1], self.motion.between(pose.angles)], axis=1)
        return tf.concat([height, angles, tf.clip_by_value(rates, -TOP_SPEED, TOP_SPEED)], axis=1)
