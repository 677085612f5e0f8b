"""Linkages move as mechanics has it: measures by hand, energy and momentum kept, stops, friction and weight."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from envs.locomotion.ground import Ground
from envs.locomotion.hopper import Hopper
from envs.locomotion.leg import JOINTS, TORSO, leg
from envs.locomotion.linkage import Link, Linkage, Pose
from envs.locomotion.motion import Joint, Motion
from envs.locomotion.runner import SUBSTEPS, TIME_STEP
from envs.locomotion.solve import solve
from envs.locomotion.walker import Walker

# Two rods of 1 m and 1 kg, the second beginning at the first one's end, both lying along x.
RODS = (Link(-1, 0.0, 0.0, 1.0, 1.0, 0.0), Link(0, 1.0, 0.0, 1.0, 1.0, 0.0))
LOOSE = Joint(low=-99.0, high=99.0, motor=1.0, damping=0.0, rotor=0.0)


def pose_of(angles, spins, centre=(0.0, 0.0), velocity=(0.0, 0.0)) -> Pose:
    return Pose(*(tf.constant([value], tf.float32) for value in (centre, velocity, angles, spins)))


def course(motion: Motion, pose: Pose, throttle, duration: float, steps: int):
    """The poses at the beginning and after every step, as NumPy, and the ground's springs in the end."""

    @tf.function(jit_compile=True, autograph=False)
    def run(pose):
        stretch = tf.zeros((1, len(motion.offsets)))
        action = tf.constant([throttle], tf.float32)
        arrays = [tf.TensorArray(tf.float32, steps, element_shape=part.shape) for part in pose]

        def one(i, pose, stretch, arrays):
            pose, stretch = motion.step(pose, stretch, action, duration)
            return i + 1, pose, stretch, [array.write(i, part) for array, part in zip(arrays, pose, strict=True)]

        _, _, stretch, arrays = tf.while_loop(lambda i, *_: i < steps, one, (tf.constant(0), pose, stretch, arrays))
        return [array.stack() for array in arrays], stretch

    moved, stretch = run(pose)
    parts = [np.concatenate([first[None], part])[:, 0] for first, part in zip(pose, moved, strict=True)]
    return Pose(*(part.astype(np.float64) for part in parts)), stretch.numpy()[0]


def own_motion(linkage: Linkage, poses: Pose):
    """Kinetic energy (J) and angular momentum (kg m^2/s) about the centre of mass, link by link, not by `inertia`."""
    absolute = poses.angles + linkage.rest
    turned = np.stack([-np.sin(absolute), np.cos(absolute)], -1) * poses.spins[..., None]
    units = np.stack([np.cos(absolute), np.sin(absolute)], -1)
    energy, momentum = 0.0, 0.0
    for i, link in enumerate(linkage.links):
        middle = linkage.offsets([(i, (link.back + link.front) / 2)])[0].astype(np.float64)
        place, speed = middle @ units, middle @ turned
        own = link.mass * (link.front - link.back) ** 2 / 12
        energy += 0.5 * link.mass * (speed**2).sum(-1) + 0.5 * own * poses.spins[:, i] ** 2
        momentum += link.mass * (place[:, 0] * speed[:, 1] - place[:, 1] * speed[:, 0]) + own * poses.spins[:, i]
    return energy, momentum


def test_systems_are_solved_as_numpy_solves_them() -> None:
    generator = np.random.default_rng(0)
    roots = generator.normal(size=(50, 6, 6))
    matrices, right = roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(6), generator.normal(size=(50, 6))
    rows = [[tf.constant(matrices[:, i, k]) for k in range(i + 1)] for i in range(6)]
    found = np.stack(solve(rows, [tf.constant(column) for column in right.T]), axis=1)
    np.testing.assert_allclose(found, np.linalg.solve(matrices, right[..., None])[..., 0], rtol=1e-9)


def test_measures_of_two_rods_computed_by_hand() -> None:
    linkage = Linkage(RODS)
    # The rods' middles are at 0.5 u and u + 0.5 v, the centre of mass at 0.75 u + 0.25 v: each middle is 0.25 (u + v)
    # from it. So 2 kg * 0.0625 m^2 between any two links, and 1 / 12 of each rod's own.
    np.testing.assert_allclose(linkage.inertia, [[0.125 + 1 / 12, 0.125], [0.125, 0.125 + 1 / 12]])
    np.testing.assert_allclose(linkage.offsets([(0, 0.0), (1, 1.0)]), [[-0.75, -0.25], [0.25, 0.75]])
    # Upright first rod, second one flat to the left, centre at (3, 2): the far end is at 0.25 (0, 1) + 0.75 (-1, 0).
    pose = pose_of([math.pi / 2, math.pi], [2.0, 1.0], (3.0, 2.0), (0.5, 0.0))
    ends = linkage.offsets([(1, 1.0)])
    np.testing.assert_allclose(linkage.positions(pose, ends)[0, 0], [2.25, 2.25], atol=1e-6)
    # The first unit vector moves by 2 (-1, 0), the second by (0, -1).
    np.testing.assert_allclose(linkage.velocities(pose, ends)[0, 0], [0.5 - 0.5, -0.75], atol=1e-6)


def test_a_motor_between_two_rods_turns_them_as_computed_by_hand() -> None:
    motion = Motion(Linkage(RODS), [LOOSE], [(0, 0.0)], None, gravity=0.0)
    moved, _ = motion.step(pose_of([0.0, 0.0], [0.0, 0.0]), tf.zeros((1, 1)), tf.constant([[0.5]]), 0.01)
    # 0.5 N m and opposite spins: (0.2083 - 0.125) kg m^2 = 1 / 12, so 6 rad/s^2.
    np.testing.assert_allclose(moved.spins[0], [-0.06, 0.06], rtol=1e-5)
    np.testing.assert_allclose(moved.angles[0], [-0.0006, 0.0006], rtol=1e-5)
    # A motor with a rotor of 0.02 kg m^2 turns itself, too: 0.5 = (1 / 12 + 2 * 0.02) spin'.
    heavy = Motion(Linkage(RODS), [LOOSE._replace(rotor=0.02)], [(0, 0.0)], None, gravity=0.0)
    moved, _ = heavy.step(pose_of([0.0, 0.0], [0.0, 0.0]), tf.zeros((1, 1)), tf.constant([[0.5]]), 0.01)
    assert float(moved.spins[0, 1]) == pytest.approx(0.005 / (1 / 12 + 0.04), rel=1e-5)


def test_a_free_fall_is_a_parabola_and_leaves_the_links_alone() -> None:
    motion = Motion(Linkage((TORSO, *leg(1))), JOINTS, [(3, 0.0)], Ground())
    poses, _ = course(motion, pose_of([0.1, 0.3, -0.3, 0], [0.0] * 4, (0, 5), (1.0, 2.0)), [0.0] * 3, 0.0025, 8)
    # Eight steps: v falls by 9.81 * 0.02, y changes by 0.02 * 2 - 9.81 * 0.0025^2 * (1 + ... + 8).
    np.testing.assert_allclose(poses.velocity[-1], [1.0, 2.0 - 0.1962], rtol=1e-6)
    np.testing.assert_allclose(poses.centre[-1], [0.02, 5.04 - 9.81 * 0.0025**2 * 36], rtol=1e-6)
    np.testing.assert_allclose(poses.angles[-1], [0.1, 0.3, -0.3, 0.0], atol=1e-6)


@pytest.mark.thorough
def test_energy_is_kept_where_nothing_takes_it() -> None:
    linkage = Linkage((TORSO, *leg(1)))
    motion = Motion(linkage, [LOOSE] * 3, [(3, 0.0)], None, gravity=0.0)
    start, drifts = pose_of([0.0, 1.0, -0.5, 0.7], [1.0, -2.0, 3.0, -4.0]), []
    for duration, steps in ((2e-3, 500), (5e-4, 2_000)):
        poses, _ = course(motion, start, [0.0] * 3, duration, steps)
        energy, _ = own_motion(linkage, poses)
        drifts.append(np.abs(energy - energy[0]).max() / energy[0])
        assert np.abs(poses.angles[-1] - poses.angles[0]).max() > 1.0
    # An error of first order in the duration, so a quarter of the steps' length leaves about a quarter.
    assert drifts[0] < 0.03 and drifts[1] < 0.4 * drifts[0]


@pytest.mark.thorough
def test_momentum_is_kept_whatever_motors_dampers_and_stops_do() -> None:
    linkage = Linkage((TORSO, *leg(1)))
    motion = Motion(linkage, JOINTS, [(3, 0.0)], None, gravity=0.0)
    start, drifts = pose_of([0.0, 0.3, -0.3, 0.1], [1.0, 1.5, 0.5, 1.0], (0.0, 0.0), (0.3, -0.2)), []
    for duration, steps in ((2e-3, 500), (5e-4, 2_000)):
        poses, _ = course(motion, start, [0.4, -1.0, 0.7], duration, steps)
        _, momentum = own_motion(linkage, poses)
        np.testing.assert_allclose(poses.velocity[-1], [0.3, -0.2], rtol=1e-6)
        np.testing.assert_allclose(poses.centre[-1], [0.3, -0.2], rtol=1e-3)
        drifts.append(np.abs(momentum - momentum[0]).max() / abs(momentum[0]))
        assert np.abs(np.diff(poses.angles[-1])).max() > 1.0
    assert drifts[0] < 0.05 and drifts[1] < 0.4 * drifts[0]


def test_a_stop_gives_way_by_the_motors_torque_over_its_stiffness() -> None:
    motion = Motion(Linkage((TORSO, *leg(1))), JOINTS, [(3, 0.0)], None, gravity=0.0)
    poses, _ = course(motion, pose_of([0.0, 0.2, -0.2, 0.0], [0.0] * 4), [1.0, 1.0, -1.0], 0.0025, 2_000)
    angles = np.diff(poses.angles[-1])
    # Hip, knee and ankle: 1.6 + 80 / 1000, 0 + 80 / 1000, -0.8 - 40 / 1000.
    np.testing.assert_allclose(angles, [1.68, 0.08, -0.84], atol=2e-3)


def test_the_ground_computed_by_hand() -> None:
    ground = Ground(stiffness=1_000.0, damping=10.0, friction=0.5)
    places = tf.constant([[[0.0, 0.01], [0.0, -0.02], [0.0, -0.02], [0.0, -0.02], [0.0, -0.02]]])
    speeds = tf.constant([[[1.0, -1.0], [0.1, -0.5], [2.0, 0.0], [-2.0, 0.0], [0.0, 9.0]]])
    drag, load, stretch = ground.carry(places, speeds, tf.fill((1, 5), 0.001), 0.01)
    # In the air nothing; 20 N + 10 * 0.5; twice 20 N; no pull where a point leaves faster than the spring pushes.
    np.testing.assert_allclose(load[0], [0.0, 25.0, 20.0, 20.0, 0.0], rtol=1e-5)
    # Stretched by 0.002 at 0.1 m/s: -2 N - 1 N. At 2 m/s friction slips, at half of the load.
    np.testing.assert_allclose(drag[0], [0.0, -3.0, -10.0, 10.0, 0.0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stretch[0], [0.0, 0.002, 0.01, -0.01, 0.0], rtol=1e-5, atol=1e-7)


def test_two_rods_on_the_ground_rest_where_they_weigh_and_stop_by_friction() -> None:
    ends = [(0, 0.0), (0, 1.0), (1, 1.0)]
    stiff = LOOSE._replace(damping=5.0)
    motion = Motion(Linkage(RODS), [stiff], ends, Ground(10_000.0, 150.0, 0.5))
    poses, stretch = course(motion, pose_of([0.0, 0.0], [0.0, 0.0], (0.0, 0.0), (1.0, 0.0)), [0.0], 0.0025, 1_200)
    assert np.abs(poses.velocity[-200:]).max() < 1e-4 and np.abs(poses.spins[-200:]).max() < 1e-4
    # The three points carry 2 kg; each rod balances on its ends, so they carry a quarter, a half and a quarter.
    heights = motion.linkage.positions(pose_of(poses.angles[-1], [0, 0], poses.centre[-1]), motion.offsets)
    loads = -10_000.0 * heights.numpy()[0, :, 1]
    np.testing.assert_allclose(loads, 2 * 9.81 * np.array([0.25, 0.5, 0.25]), rtol=2e-2)
    # v^2 / (2 mu g) from 1 m/s, once it lies.
    assert poses.centre[-1, 0] == pytest.approx(1 / (2 * 0.5 * 9.81), abs=0.01)
    assert np.abs(stretch).max() <= 0.5 * 0.5 * 2 * 9.81 / 10_000 * 1.05


@pytest.mark.parametrize("kind", [Hopper, Walker])
def test_steps_are_short_enough_for_the_lightest_point_on_the_ground(kind) -> None:
    env, generator, duration = kind(), np.random.default_rng(0), TIME_STEP / SUBSTEPS
    linkage, motion, ground = env.linkage, env.motion, env.motion.ground
    lightest = math.inf
    for _ in range(500):
        angles = generator.uniform(-3, 3, len(linkage.links))
        for child, parent in enumerate(linkage.parents, 1):
            angles[child] = angles[parent] + generator.uniform(motion.low[child - 1], motion.high[child - 1])
        cosine, sine = np.cos(angles + linkage.rest), np.sin(angles + linkage.rest)
        inertia = linkage.inertia * (np.outer(cosine, cosine) + np.outer(sine, sine))
        inertia += motion.relative.T @ np.diag(motion.rotor + duration * motion.damping) @ motion.relative
        for arms in (motion.offsets * cosine, -motion.offsets * sine):
            mobility = 1 / linkage.mass + np.einsum("pj,jk,pk->p", arms, np.linalg.inv(inertia), arms)
            lightest = min(lightest, float(1 / mobility.max()))
    # Semi-implicit Euler holds a spring k and a damper c on a mass m where 2 c h + k h^2 < 4 m.
    needed = (2 * ground.damping * duration + ground.stiffness * duration**2) / 4
    assert 1.5 * needed < lightest < 1.0
