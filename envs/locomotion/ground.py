"""Flat ground at height 0 that carries points and holds them by friction."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Ground(NamedTuple):
    """How the ground gives way: each point that is in it has a spring and a damper along either axis.

    The spring along the ground is stretched from where the point came down, and slips where it would pull harder
    than friction allows (Cundall and Strack 1979), so what stands still does not creep.

    Attributes:
        stiffness: N/m.
        damping: N s/m.
        friction: The most the ground holds along itself, as a share of what it carries.
    """

    stiffness: float = 30_000.0
    damping: float = 300.0
    friction: float = 1.0

    def carry(
        self, positions: tf.Tensor, velocities: tf.Tensor, stretch: tf.Tensor, duration: float
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return what the ground does to points.

        Args:
            positions, velocities: float32 (n, points, 2), m and m/s.
            stretch: float32 (n, points), how far each point's spring along the ground is stretched, m.
            duration: Of the step, s.

        Returns:
            The forces along the ground and up (N) and the new stretch, each float32 (n, points).
        """
        depth, along, up = -positions[..., 1], velocities[..., 0], velocities[..., 1]
        touching = depth > 0.0
        load = tf.where(touching, tf.nn.relu(self.stiffness * depth - self.damping * up), 0.0)
        most = self.friction * load
        stretch = tf.clip_by_value(stretch + duration * along, -most / self.stiffness, most / self.stiffness)
        drag = tf.clip_by_value(-self.stiffness * stretch - self.damping * along, -most, most)
        return drag, load, stretch
