"""The lander as a rigid body on two springy legs: how it moves under its engines and on the ground."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from envs.lander.ground import height_and_slope

MASS = 5.0
INERTIA = 1.0
GRAVITY = 10.0
TIME_STEP = 0.02
# The legs are stiff enough to need shorter steps than the engines.
SUBSTEPS = 4

# In the body's own frame, metres from the centre of mass, y upwards.
FEET = ((-0.7, -0.66), (0.7, -0.66))
HULL = ((-0.47, 0.57), (-0.57, 0.0), (-0.57, -0.4), (0.0, -0.4), (0.57, -0.4), (0.57, 0.0), (0.47, 0.57))

# Standing, each leg gives way by MASS * GRAVITY / 2 / STIFFNESS = 0.06 m.
STIFFNESS = MASS * GRAVITY / 2 / 0.06
DAMPING = 26.0
FRICTION = 0.8
GRIP = 150.0


class Body(NamedTuple):
    """Where n landers are and how they move.

    Attributes:
        position, velocity: float32 (n, 2), of the centre of mass: metres from the pad's middle, m/s.
        angle, spin: float32 (n,), rad and rad/s, counter-clockwise.
    """

    position: tf.Tensor
    velocity: tf.Tensor
    angle: tf.Tensor
    spin: tf.Tensor


def points_of(body: Body, corners: tuple[tuple[float, float], ...]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return where points of the body are, as offsets from its centre of mass: x and y, float32 (n, points)."""
    own = tf.constant(corners)
    cosine, sine = tf.cos(body.angle)[:, None], tf.sin(body.angle)[:, None]
    return cosine * own[:, 0] - sine * own[:, 1], sine * own[:, 0] + cosine * own[:, 1]


def depths(body: Body, heights: tf.Tensor, corners: tuple[tuple[float, float], ...]) -> tf.Tensor:
    """Return how deep points of the body are in the ground (m), negative above it, float32 (n, points)."""
    x, y = points_of(body, corners)
    height, slope = height_and_slope(heights, body.position[:, :1] + x)
    return (height - body.position[:, 1:] - y) / tf.sqrt(1.0 + slope**2)


def move(body: Body, heights: tf.Tensor, force: tf.Tensor, torque: tf.Tensor) -> Body:
    """Let a body move for one time step (semi-implicit Euler, in shorter steps).

    Args:
        body: Of n landers.
        heights: float32 (n, 11), the ground's.
        force: float32 (n, 2), the engines', N.
        torque: float32 (n,), the engines', N m.
    """
    duration = TIME_STEP / SUBSTEPS
    for _ in range(SUBSTEPS):
        push, turn = _support(body, heights)
        weight = tf.constant([0.0, -GRAVITY])
        velocity = body.velocity + duration * (weight + (force + push) / MASS)
        spin = body.spin + duration * (torque + turn) / INERTIA
        body = Body(body.position + duration * velocity, velocity, body.angle + duration * spin, spin)
    return body


def _support(body: Body, heights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the ground's force (n, 2) and torque (n,) on the feet: springs, dampers and friction."""
    x, y = points_of(body, FEET)
    height, slope = height_and_slope(heights, body.position[:, :1] + x)
    upright = 1.0 / tf.sqrt(1.0 + slope**2)
    depth = (height - body.position[:, 1:] - y) * upright
    # The surface's normal is (-slope, 1) * upright, its tangent (1, slope) * upright.
    right, up = body.velocity[:, :1] - body.spin[:, None] * y, body.velocity[:, 1:] + body.spin[:, None] * x
    away, along = (up - slope * right) * upright, (right + slope * up) * upright
    load = tf.where(depth > 0.0, tf.nn.relu(STIFFNESS * depth - DAMPING * away), 0.0)
    drag = -tf.clip_by_value(GRIP * along, -FRICTION * load, FRICTION * load)
    push_x, push_y = (drag - slope * load) * upright, (load + slope * drag) * upright
    turn = tf.reduce_sum(x * push_y - y * push_x, axis=1)
    return tf.stack([tf.reduce_sum(push_x, axis=1), tf.reduce_sum(push_y, axis=1)], axis=1), turn
