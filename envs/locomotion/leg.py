"""The measures of a torso and of a leg with hip, knee and ankle."""

from __future__ import annotations

import math

from envs.locomotion.linkage import Link
from envs.locomotion.motion import Joint

DOWN = -math.pi / 2

TORSO = Link(parent=-1, joint=0.0, back=0.0, front=0.4, mass=8.0, rest=-DOWN)
JOINTS = (
    Joint(low=-0.6, high=1.6, motor=80.0),
    Joint(low=-2.2, high=0.0, motor=80.0),
    Joint(low=-0.8, high=0.8, motor=40.0),
)
CROUCH = (0.4, -0.4, 0.0)
"""Thigh forward, shin back, foot flat, rad."""


def leg(first: int) -> tuple[Link, Link, Link]:
    """Return thigh, shin and foot of a leg that hangs from link 0; `first` is the thigh's number."""
    return (
        Link(parent=0, joint=0.0, back=0.0, front=0.45, mass=2.5, rest=DOWN),
        Link(parent=first, joint=0.45, back=0.0, front=0.45, mass=1.5, rest=DOWN),
        Link(parent=first + 1, joint=0.45, back=-0.12, front=0.24, mass=1.0, rest=0.0),
    )


def leg_points(first: int) -> tuple[tuple[int, float], ...]:
    """Return heel, toe and knee, the points of a leg that the ground carries."""
    return (first + 2, -0.12), (first + 2, 0.24), (first, 0.45)


TORSO_POINTS = ((0, 0.0), (0, 0.4))
