"""A tree of straight links in a plane: what follows from its measures, and where its points are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Link(NamedTuple):
    """One rigid link of a tree; its axis begins at the joint to its parent.

    Attributes:
        parent: Which link it hangs from, an earlier one; -1 for the first.
        joint: Where on the parent's axis, m.
        back, front: Where the link's ends are on its own axis, m.
        mass: In kg, spread evenly between the ends.
        rest: The direction of its axis when all its deviations are 0, rad from the x axis, counter-clockwise.
    """

    parent: int
    joint: float
    back: float
    front: float
    mass: float
    rest: float


class Pose(NamedTuple):
    """Where n linkages are and how they move.

    The centre of mass and the links' angles from the x axis are coordinates in which the links' motion does not
    depend on the centre's but through forces from outside.

    Attributes:
        centre, velocity: float32 (n, 2), of the centre of mass, m and m/s.
        angles, spins: float32 (n, links), of each link against its direction at rest, rad and rad/s.
    """

    centre: tf.Tensor
    velocity: tf.Tensor
    angles: tf.Tensor
    spins: tf.Tensor


class Linkage:
    """What never changes of a tree of links.

    A point at `s` on the axis of link i is at the centre of mass plus the sum over links j of a number times the unit
    vector along link j: `offsets` gives these numbers.

    Args:
        links: Parents before children.

    Attributes:
        mass: Of all links, kg.
        rest: float32 (links,), the directions at rest.
        parents: Of each link but the first.
        inertia: float64 (links, links): with u_j the unit vectors, the kinetic energy about the centre of mass is
            half the sum over j, k of `inertia`[j, k] cos(angle_j - angle_k) spin_j spin_k.
    """

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = tuple(links)
        number = len(self.links)
        masses = np.array([link.mass for link in self.links])
        self.mass = float(masses.sum())
        self.rest = np.array([link.rest for link in self.links], np.float32)
        self.parents = tuple(link.parent for link in self.links[1:])
        # The numbers of the links' beginnings, seen from the first link's.
        self._starts = np.zeros((number, number))
        for i, link in enumerate(self.links):
            if link.parent >= 0:
                self._starts[i] = self._starts[link.parent]
                self._starts[i, link.parent] += link.joint
        middles = self._starts + np.diag([(link.back + link.front) / 2 for link in self.links])
        self._centre = masses @ middles / self.mass
        arms = middles - self._centre
        own = [link.mass * (link.front - link.back) ** 2 / 12 for link in self.links]
        self.inertia = arms.T @ (masses[:, None] * arms) + np.diag(own)

    def offsets(self, points: Sequence[tuple[int, float]]) -> np.ndarray:
        """Return what to multiply the links' unit vectors with to get from the centre of mass to points.

        Args:
            points: Of each its link and where on the link's axis it is, m.

        Returns:
            float32 (points, links).
        """
        found = np.array([self._starts[link] for link, _ in points]) - self._centre
        for row, (link, along) in enumerate(points):
            found[row, link] += along
        return found.astype(np.float32)

    def directions(self, angles: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the cosines and sines of the links' axes, float32 (n, links), from their deviations."""
        absolute = angles + self.rest
        return tf.cos(absolute), tf.sin(absolute)

    def positions(self, pose: Pose, offsets: np.ndarray) -> tf.Tensor:
        """Return where points are (m), float32 (n, points, 2)."""
        cosine, sine = self.directions(pose.angles)
        parts = [tf.reduce_sum(offsets * part[:, None], axis=-1) for part in (cosine, sine)]
        return pose.centre[:, None] + tf.stack(parts, axis=-1)

    def velocities(self, pose: Pose, offsets: np.ndarray) -> tf.Tensor:
        """Return how fast points move (m/s), float32 (n, points, 2)."""
        cosine, sine = self.directions(pose.angles)
        turning = (-sine * pose.spins, cosine * pose.spins)
        parts = [tf.reduce_sum(offsets * part[:, None], axis=-1) for part in turning]
        return pose.velocity[:, None] + tf.stack(parts, axis=-1)
