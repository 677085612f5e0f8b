"""How a linkage moves: joints with motors, dampers and stops, on the ground and in the air."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from envs.locomotion.ground import Ground
from envs.locomotion.linkage import Linkage, Pose
from envs.locomotion.solve import solve

GRAVITY = 9.81


class Joint(NamedTuple):
    """What is between a link and its parent.

    Attributes:
        low, high: The least and the greatest angle between them against rest, rad; stops give way beyond.
        motor: The motor's greatest torque, N m.
        damping: N m s.
        rotor: The motor's own inertia, kg m^2.
    """

    low: float
    high: float
    motor: float
    damping: float = 2.0
    rotor: float = 0.1


STOP_STIFFNESS = 1_000.0
STOP_DAMPING = 5.0


class Motion:
    """Moves a linkage by semi-implicit Euler steps; joints' dampers and stops act at the end of a step.

    The accelerations follow from Lagrange's equations: for each link j,
    sum_k inertia[j, k] (cos(a_j - a_k) spin_k' - sin(a_k - a_j) spin_k^2) = torque_j, where a are the axes' angles.
    That dampers and stops take the spins after the step, to first order, keeps light links on stiff stops stable
    (linearly implicit Euler; Hairer and Wanner 1996, section IV.9).

    Args:
        linkage: What moves.
        joints: Of each link but the first.
        points: The points that the ground carries, of each its link and where on its axis.
        ground: What carries them; None for none, as in space.
        gravity: m/s^2.
    """

    def __init__(
        self,
        linkage: Linkage,
        joints: Sequence[Joint],
        points: Sequence[tuple[int, float]],
        ground: Ground | None,
        gravity: float = GRAVITY,
    ) -> None:
        self.linkage, self.ground, self.gravity = linkage, ground, gravity
        self.offsets = linkage.offsets(points)
        self.low, self.high, self.motor, self.damping, self.rotor = (
            np.array(values, np.float32) for values in zip(*joints, strict=True)
        )
        # Row j turns the links' angles into the angle of joint j.
        self.relative = np.zeros((len(joints), len(joints) + 1), np.float32)
        for j, parent in enumerate(linkage.parents):
            self.relative[j, j + 1], self.relative[j, parent] = 1.0, -1.0

    def between(self, links: tf.Tensor) -> tf.Tensor:
        """Return the joints' angles or rates, float32 (n, joints), from the links' (n, links)."""
        return tf.reduce_sum(self.relative * links[:, None], axis=-1)

    def step(self, pose: Pose, stretch: tf.Tensor, throttle: tf.Tensor, duration: float) -> tuple[Pose, tf.Tensor]:
        """Take one short step.

        Args:
            pose: Of n linkages.
            stretch: float32 (n, points), of the springs along the ground.
            throttle: float32 (n, joints), each motor's torque as a share of its greatest, -1 to 1.
            duration: Of the step, s.
        """
        cosine, sine = self.linkage.directions(pose.angles)
        torques, implicit = self._joints(pose, throttle, duration)
        links = tf.reduce_sum(self.relative * torques[..., None], axis=1)
        force = tf.zeros_like(pose.centre)
        if self.ground is not None:
            positions = self.linkage.positions(pose, self.offsets)
            velocities = self.linkage.velocities(pose, self.offsets)
            along, up, stretch = self.ground.carry(positions, velocities, stretch, duration)
            force = tf.stack([tf.reduce_sum(along, axis=1), tf.reduce_sum(up, axis=1)], axis=1)
            pulled = [tf.reduce_sum(self.offsets * part[..., None], axis=1) for part in (along, up)]
            links += cosine * pulled[1] - sine * pulled[0]
        spins = pose.spins + self._turned(cosine, sine, pose.spins, links, implicit, duration)
        velocity = pose.velocity + duration * (force / self.linkage.mass - tf.constant([0.0, self.gravity]))
        moved = Pose(pose.centre + duration * velocity, velocity, pose.angles + duration * spins, spins)
        return moved, stretch

    def _joints(self, pose: Pose, throttle: tf.Tensor, duration: float) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the joints' torques and what their dampers and stops add to the inertia, float32 (n, joints)."""
        angle, rate = self.between(pose.angles), self.between(pose.spins)
        beyond = angle - tf.clip_by_value(angle, self.low, self.high)
        stopped = tf.cast(beyond != 0.0, tf.float32)
        damping = self.damping + STOP_DAMPING * stopped
        torque = self.motor * throttle - damping * rate - STOP_STIFFNESS * stopped * (beyond + duration * rate)
        return torque, self.rotor + duration * damping + duration**2 * STOP_STIFFNESS * stopped

    def _turned(
        self,
        cosine: tf.Tensor,
        sine: tf.Tensor,
        spins: tf.Tensor,
        torques: tf.Tensor,
        implicit: tf.Tensor,
        duration: float,
    ) -> tf.Tensor:
        """Return by how much the links' spins change, float32 (n, links)."""
        inertia, number = self.linkage.inertia, len(self.linkage.links)
        c, s, w, t = (tf.unstack(part, num=number, axis=1) for part in (cosine, sine, spins, torques))
        joints = tf.unstack(implicit, axis=1)
        rows: list[list[tf.Tensor]] = []
        for j in range(number):
            rows.append([inertia[j, k] * (c[j] * c[k] + s[j] * s[k]) for k in range(j + 1)])
            for k in range(number):
                if k != j:
                    t[j] = t[j] + inertia[j, k] * (s[k] * c[j] - c[k] * s[j]) * w[k] ** 2
        for child, (parent, added) in enumerate(zip(self.linkage.parents, joints, strict=True), 1):
            rows[child][child] += added
            rows[parent][parent] += added
            rows[child][parent] -= added
        return tf.stack(solve(rows, [duration * torque for torque in t]), axis=1)
