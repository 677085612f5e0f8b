"""Hopper: a torso on one leg that runs by hopping, with physics of our own."""

from __future__ import annotations

from envs.locomotion.leg import CROUCH, JOINTS, TORSO, TORSO_POINTS, leg, leg_points
from envs.locomotion.runner import Runner


class Hopper(Runner):
    """Runs forward by hopping on one leg with three motors, with physics of our own.

    Four rigid links in a plane, 13 kg, 1.3 m high; a step of 0.02 s in eight of semi-implicit Euler; springs, dampers
    and friction where heel, toe, knee or torso touch the ground. The task is that of Gymnasium's `Hopper`, but
    neither MuJoCo's body nor its physics: there is no parity, and returns are not comparable.

    - Observation: float32 (11,): the height of the torso's middle (m) and its lean (rad, forward is negative); angles
      of hip, knee and ankle (rad); velocity of the torso's middle forward and up (m/s), its angular velocity and
      those of the three joints (rad/s), these six clipped to -10 to 10.
    - Actions: float32 (3,), the motors' torques at hip, knee and ankle, clipped to [-1, 1], in parts of 80, 80 and
      40 N m. Positive turns thigh, shin and toes forward and up.
    - Reward: the centre of mass's velocity forward (m/s) + 1 - 0.001 times the sum of the squared actions.
    - Starts: slightly crouched on the ground, angles and angular velocities off by up to 0.02.
    - Ends: terminated when the torso's middle is below 0.75 m or leans by more than 0.8 rad; truncated after 1,000
      steps (20 s).
    - Source: our own; the task after Erez, Tassa and Todorov 2011 and Gymnasium's `Hopper`.
    """

    def __init__(self) -> None:
        super().__init__((TORSO, *leg(1)), JOINTS, (*leg_points(1), *TORSO_POINTS), (0.0, *CROUCH))
