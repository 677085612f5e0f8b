"""Walker: a torso on two legs that walks or runs, with physics of our own."""

from __future__ import annotations

from envs.locomotion.leg import CROUCH, JOINTS, TORSO, TORSO_POINTS, leg, leg_points
from envs.locomotion.runner import Runner

# One foot a little ahead, or mirror-image legs would leave a learner to break the tie.
STRIDE = (0.25, 0.25, 0.0)


class Walker(Runner):
    """Runs forward on two legs with three motors each, with physics of our own.

    As `Hopper` but for a second leg: seven links, 18 kg. There is no parity with Gymnasium's `Walker2d`.

    - Observation: float32 (17,): as `Hopper`'s, with hip, knee and ankle of the near leg before those of the far one.
    - Actions: float32 (6,), the motors' torques in the same order.
    - Reward, ends: as `Hopper`'s.
    - Starts: slightly crouched, the far foot ahead of the near one, else as `Hopper`.
    - Source: our own; the task after Erez, Tassa and Todorov 2011 and Gymnasium's `Walker2d`.
    """

    def __init__(self) -> None:
        points = (*leg_points(1), *leg_points(4), *TORSO_POINTS)
        ahead = tuple(angle + further for angle, further in zip(CROUCH, STRIDE, strict=True))
        super().__init__((TORSO, *leg(1), *leg(4)), JOINTS * 2, points, (0.0, *CROUCH, *ahead), behind=3)
