"""Hopper and Walker fall, are paid and end as computed by hand, never blow up, and can be made to run."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.locomotion.hopper import Hopper
from envs.locomotion.runner import RunnerState
from envs.locomotion.walker import Walker
from tests.envs.episodes import play

# Torques that are linear in the observation, with the constant in the last column; found by random search.
# fmt: off
# ruff: noqa: E501
HOPPING = np.array([
    [-14.68, 3.54, -1.82, -1.9, 0.03, 1.05, -0.97, 0.07, 0.04, -0.14, 0.02, 13],
    [20.57, -2.6, -0.98, -1.49, 2.06, -0.84, -3.92, 0.01, 0.12, -0.03, -0.05, -21.68],
    [24.36, 5.12, 3.9, -1.83, -5.76, -2.52, 0.36, 0.03, 0.1, -0.02, -0.11, -21.16],
], np.float32)
RUNNING = np.array([
    [-6.76, -0.44, -1.37, -0.61, -0.98, 1.15, 1.83, 0.19, 0.36, -0.46, 0.08, -0.1, -0.04, -0.03, -0.12, -0.05, 0.02, 4.17],
    [1.24, -1.45, 1.66, -0.86, 1.15, 1.73, -1.26, 0.54, 0.04, -1.66, 0.2, 0.01, 0.01, 0.03, 0.09, -0.05, 0.06, -2.49],
    [-0.9, 3.44, 0.78, -1.36, -3.84, 0.24, 0.5, 1.09, 0, 1.05, 0.16, 0.03, 0.06, 0.01, 0.11, -0.08, 0, 3.63],
    [4.36, 3.19, -2.04, -0.75, 1.14, -1.47, -1.87, 0, -0.75, 2.72, -0.01, 0.03, 0.06, 0.01, -0.08, 0.04, -0.02, -3.46],
    [-0.78, 4.06, 1.79, -0.04, -0.13, 1.77, -2.02, -0.06, -0.05, -0.74, -0.05, -0.09, 0.06, 0.06, -0.07, 0.07, -0.07, 0.46],
    [-6.03, -1.49, -0.2, -3.29, -5.5, 0.72, 0.83, -2.24, 0.42, -2.34, 0.11, 0.07, -0.02, -0.06, 0.05, -0.05, -0.15, 6.08],
], np.float32)
# fmt: on

BOTH = pytest.mark.parametrize("kind", [Hopper, Walker])


@pytest.fixture(scope="module")
def runners():
    """Of each kind one definition and its compiled step, for 16 environments."""
    envs = {kind: kind() for kind in (Hopper, Walker)}
    return {kind: (env, tf.function(env.step, jit_compile=True, autograph=False)) for kind, env in envs.items()}


def begun(env, seed=0, number=16):
    return env.reset(random.key_from_seed(seed, number))


def with_pose(state, **parts) -> RunnerState:
    """The state with parts of the pose replaced, each given for one environment or for all."""
    new = {name: tf.constant(np.broadcast_to(np.asarray(value, np.float32), getattr(state.pose, name).shape))
           for name, value in parts.items()}  # fmt: skip
    return state._replace(pose=state.pose._replace(**new))


@BOTH
def test_the_interface_is_kept(kind) -> None:
    env = kind()
    env.check()
    assert env.max_episode_steps == 1_000 and env.counterpart_of is None
    assert env.observation_space.shape == ((11,) if kind is Hopper else (17,))


@BOTH
def test_episodes_begin_in_a_crouch_that_just_touches_the_ground(kind) -> None:
    env = kind()
    state, observation = begun(env, number=2_000)
    lowest = env.linkage.positions(state.pose, env.motion.offsets)[..., 1].numpy().min(axis=1)
    np.testing.assert_allclose(lowest, 0.0, atol=1e-6)
    joints = observation.numpy()[:, 2 : 2 + len(env.motion.motor)]
    # Thigh 0.4 forward and shin 0.4 back, each off by up to 0.02: so a hip of 0.4, a knee of -0.8, an ankle of 0.4.
    np.testing.assert_allclose(joints.mean(axis=0)[:3], [0.4, -0.8, 0.4], atol=0.002)
    assert 0.03 < np.abs(joints[:, :3] - [0.4, -0.8, 0.4]).max() <= 0.04
    # 2 * 0.45 cos(0.4) of leg and half of the torso's 0.4.
    if kind is Hopper:
        assert observation.numpy()[:, 0].mean() == pytest.approx(0.9 * np.cos(0.4) + 0.2, abs=0.01)


@pytest.mark.thorough
@BOTH
def test_a_free_fall_and_its_reward_computed_by_hand(kind, runners) -> None:
    env, step = runners[kind]
    state = with_pose(begun(env)[0], centre=(7.0, 4.0), velocity=(1.5, 0.5), spins=0.0)
    action = np.zeros((16, len(env.motion.motor)), np.float32)
    after = step(state, tf.constant(action), None)
    np.testing.assert_allclose(after.state.pose.velocity[0], [1.5, 0.5 - 0.1962], rtol=1e-5)
    # 0.02 * 0.5 - 9.81 * 0.0025^2 * (1 + ... + 8) metres up, 0.03 forward.
    np.testing.assert_allclose(after.state.pose.centre[0], [7.03, 4.01 - 0.00220725], rtol=1e-6)
    np.testing.assert_allclose(after.reward, 2.5, atol=1e-4)
    joints = after.observation.numpy()[0, 2 : 2 + action.shape[1]]
    np.testing.assert_allclose(joints, env.motion.between(state.pose.angles)[0], atol=1e-4)
    rates = after.observation.numpy()[0, 2 + action.shape[1] :]
    np.testing.assert_allclose(rates, [1.5, 0.5 - 0.1962, *[0.0] * (1 + action.shape[1])], atol=1e-4)
    # Torques from within do not move the centre of mass; they cost 0.001 of the sum of their clipped squares.
    action[:, :2] = (0.5, -7.0)
    pushed = step(state, tf.constant(action), None)
    np.testing.assert_allclose(pushed.reward, 2.5 - 0.001 * (0.25 + 1.0), atol=1e-4)
    assert np.abs(pushed.observation[0] - after.observation[0]).max() > 0.1


@pytest.mark.thorough
def test_a_body_that_lies_is_carried_by_its_weight_and_keeps_still(runners) -> None:
    env, step = runners[Hopper]
    state = begun(env)[0]
    for _ in range(500):
        state = step(state, tf.zeros((16, 3)), None).state
    pose, stretch = state
    assert np.abs(pose.velocity).max() < 0.02 and np.abs(pose.spins).max() < 0.1
    places = env.linkage.positions(pose, env.motion.offsets)
    along, up, _ = env.motion.ground.carry(places, tf.zeros_like(places), stretch, 0.0)
    np.testing.assert_allclose(tf.reduce_sum(up, axis=1), 13.0 * 9.81, rtol=0.02)
    # What the ground holds along itself adds up to nothing.
    np.testing.assert_allclose(tf.reduce_sum(along, axis=1), 0.0, atol=2.0)


@pytest.mark.thorough
@BOTH
def test_falling_ends_the_episode(kind, runners) -> None:
    env, step = runners[kind]
    state = begun(env)[0]
    angles = state.pose.angles.numpy()
    angles[:, 0] = 0.0
    # Upright in a jump, squatting on the ground, leaning back in a jump, leaning forward in one.
    angles[4:8] = (0.0, *[1.2, -0.8, 0.0] * (len(env.motion.motor) // 3))
    angles[8:12, 0], angles[12:, 0] = 0.85, -0.85
    lowest = env.linkage.positions(with_pose(state, centre=0.0, angles=angles).pose, env.motion.offsets)[..., 1]
    centre = np.stack([np.zeros(16), 0.5 - lowest.numpy().min(axis=1)], axis=1)
    centre[4:8, 1] -= 0.5
    ended = step(with_pose(state, centre=centre, angles=angles, spins=0.0), tf.zeros((16, len(env.motion.motor))), None)
    assert ended.terminated.numpy().tolist() == [False] * 4 + [True] * 12
    assert not ended.truncated.numpy().any()


def energy_of(env, pose) -> np.ndarray:
    cosine, sine = (part.numpy().astype(np.float64) for part in env.linkage.directions(pose.angles))
    between = cosine[:, :, None] * cosine[:, None] + sine[:, :, None] * sine[:, None]
    spins, mass = pose.spins.numpy().astype(np.float64), env.linkage.mass
    turning = 0.5 * np.einsum("nj,njk,nk->n", spins, between * env.linkage.inertia, spins)
    return turning + 0.5 * mass * (pose.velocity.numpy() ** 2).sum(1) + mass * 9.81 * pose.centre.numpy()[:, 1]


@BOTH
@pytest.mark.parametrize("held", [1, 25])
def test_a_thousand_steps_of_extreme_torques_neither_blow_up_nor_fall_through_the_ground(kind, held, runners) -> None:
    env, step = runners[kind]
    generator, size = np.random.default_rng(held), len(env.motion.motor)
    # Nothing ends the episode here: a fallen body thrashes about on the ground.
    state, highest, lowest = begun(env)[0], 0.0, 0.0
    for i in range(1_000):
        if i % held == 0:
            action = np.sign(generator.normal(size=(16, size)).astype(np.float32)) * np.float32(1e30)
        after = step(state, tf.constant(action), None)
        state = after.state
        if i % 10 == 0:
            highest = max(highest, float(energy_of(env, state.pose).max()))
            lowest = min(lowest, float(env.linkage.positions(state.pose, env.motion.offsets)[..., 1].numpy().min()))
    for leaf in tf.nest.flatten(after):
        assert np.isfinite(leaf).all()
    # What the motors can do at most in a swing over 2 rad is 400 J a leg; a jump and a swing are less than a kJ.
    assert 150.0 < highest < 1_000.0
    # Motors of 80 N m press a shin's end 2 cm into ground of 30 kN/m, and thrashing bodies drop on it besides.
    assert lowest > -0.1


@pytest.mark.thorough
@BOTH
def test_a_linear_policy_runs_and_doing_nothing_or_anything_falls(kind, runners) -> None:
    weights = tf.constant({Hopper: HOPPING, Walker: RUNNING}[kind])
    size = weights.shape[0]

    def by_thirds(seen, key):
        """Let 20 bodies run, 20 do nothing and 20 act at random."""
        run = tf.reduce_sum(weights[:, :-1] * seen[:20, None], axis=-1) + weights[:, -1]
        return tf.concat([run, tf.zeros((20, size)), random.uniform(key[40:], (size,), -1.0, 1.0)], axis=0)

    played = play(runners[kind][0], by_thirds, 60, seed=7)
    running, idle, at_random = played.returns.reshape(3, 20)
    # Standing still is worth 1,000 at most.
    assert running.mean() > 2_000 and played.lengths[:20].mean() > 900
    assert np.median(played.states.pose.centre[:20, 0]) > 25.0
    assert played.terminated[20:].all() and played.lengths[20:].max() < 200
    assert abs(idle.mean()) < 60 and abs(at_random.mean()) < 60


@pytest.mark.thorough
@BOTH
def test_compiled_graph_and_eager_steps_agree(kind, runners) -> None:
    env, compiled = runners[kind]
    state, _ = begun(env, seed=4)
    action = random.uniform(random.key_from_seed(5, 16), (len(env.motion.motor),), -1.0, 1.0)
    results = [tf.nest.flatten(f(state, action, None)) for f in (env.step, tf.function(env.step), compiled)]
    for eager, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_allclose(eager, other, atol=2e-3, rtol=1e-4)


@BOTH
def test_pictures_follow_the_body(kind) -> None:
    env = kind()
    state = tf.nest.map_structure(lambda leaf: leaf.numpy()[0], begun(env)[0])
    image = env.draw(state).astype(int)
    assert image.shape == (400, 600, 3) and image.dtype == int
    red, green, blue = np.moveaxis(image, 2, 0)
    torso = (blue > red + 60) & (blue > green + 30)
    # 160 pixels a metre: a torso of 0.4 m and 44 pixels, from about 0.83 m up, above a ground line at 330.
    rows, columns = np.nonzero(torso)
    assert 1_800 < torso.sum() < 5_500 and 90 < rows.min() < rows.max() < 240
    assert 230 < columns.mean() < 290
    further = env.draw(state._replace(pose=state.pose._replace(centre=state.pose.centre + np.float32([0.5, 0.0]))))
    assert ((further != image).any(axis=2))[331:].any(), "the marks on the ground pass by"
    leg = np.s_[150:325]
    assert (further[leg][torso[leg]] == image[leg][torso[leg]]).all(), "the body stays where it is in the picture"
