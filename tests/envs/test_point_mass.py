"""Steps agree with numbers computed by hand and with plain Python, obstacles are never entered, a player arrives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.continuous.point_mass import OBSTACLES, RADIUS, PointMass, PointMassState

ROUND = ((0.0, 0.0, 0.3),)


def one_step(env: PointMass, position, velocity, action=(0.0, 0.0)):
    state = PointMassState(tf.constant([position], tf.float32), tf.constant([velocity], tf.float32))
    step = env.step(state, tf.constant([action], tf.float32), random.key_from_seed(0, 1))
    return step, step.state.position.numpy()[0], step.state.velocity.numpy()[0]


def reference(env: PointMass, position, velocity, action) -> tuple[list[float], list[float]]:
    """The same step of one mass, in plain Python."""
    velocity = [v + 0.05 * (min(max(a, -1.0), 1.0) - 0.5 * v) for v, a in zip(velocity, action, strict=True)]
    position = [x + 0.05 * v for x, v in zip(position, velocity, strict=True)]
    for axis in (0, 1):
        if abs(position[axis]) > 0.95:
            position[axis], velocity[axis] = math.copysign(0.95, position[axis]), 0.0
    for x, y, radius in env.obstacles:
        distance = math.hypot(position[0] - x, position[1] - y)
        if distance < radius + 0.05:
            angle = math.atan2(position[1] - y, position[0] - x)
            position = [x + (radius + 0.05) * math.cos(angle), y + (radius + 0.05) * math.sin(angle)]
            tangent = -math.sin(angle), math.cos(angle)
            outward = velocity[0] * math.cos(angle) + velocity[1] * math.sin(angle)
            along = velocity[0] * tangent[0] + velocity[1] * tangent[1]
            if outward < 0.0:
                velocity = [along * tangent[0], along * tangent[1]]
    return position, velocity


def clearances(env: PointMass, position: np.ndarray) -> np.ndarray:
    """How far masses (n, 2) are from touching the nearest obstacle, in metres."""
    circles = np.array(env.obstacles)
    return (np.linalg.norm(position[:, None] - circles[:, :2], axis=2) - circles[:, 2] - RADIUS).min(axis=1)


def test_the_interface_is_kept() -> None:
    env = PointMass()
    env.check()
    PointMass(obstacles=()).check()
    assert env.max_episode_steps == 200 and env.limited().max_episode_steps == 200


def test_a_free_step_computed_by_hand() -> None:
    step, position, velocity = one_step(PointMass(()), (0.1, -0.2), (0.4, -0.6), (1.0, -0.5))
    # v = 0.4 + 0.05 * (1 - 0.2) and -0.6 + 0.05 * (-0.5 + 0.3); x = 0.1 + 0.05 * 0.44 and -0.2 - 0.05 * 0.61.
    np.testing.assert_allclose(velocity, [0.44, -0.61], atol=1e-6)
    np.testing.assert_allclose(position, [0.122, -0.2305], atol=1e-6)
    np.testing.assert_allclose(step.observation.numpy()[0], [0.122, -0.2305, 0.44, -0.61], atol=1e-6)
    assert step.reward.numpy()[0] == pytest.approx(-1.095406, abs=1e-5)
    assert not step.terminated.numpy()[0]


def test_actions_are_clipped() -> None:
    results = [one_step(PointMass(()), (0.0, 0.0), (0.0, 0.0), action)[2] for action in ((5.0, -9.0), (1.0, -1.0))]
    np.testing.assert_allclose(results, [[0.05, -0.05]] * 2, atol=1e-7)


def test_an_obstacle_stops_what_points_into_it() -> None:
    env = PointMass(ROUND)
    # Straight on: back to 0.35 m from the centre, at rest.
    _, position, velocity = one_step(env, (-0.36, 0.0), (1.0, 0.0))
    np.testing.assert_allclose([*position, *velocity], [-0.35, 0.0, 0.0, 0.0], atol=1e-6)
    # At a slant: to (-0.31125, 0.00975) at first; the tangent there is (0.031310, 0.999510).
    _, position, velocity = one_step(env, (-0.36, 0.0), (1.0, 0.2))
    np.testing.assert_allclose(position, [-0.349828, 0.010959], atol=1e-5)
    np.testing.assert_allclose(velocity, [0.007058, 0.225321], atol=1e-5)
    # On the way out nothing is lost.
    _, _, velocity = one_step(env, (-0.35, 0.0), (-1.0, 0.0))
    np.testing.assert_allclose(velocity, [-0.975, 0.0], atol=1e-6)


def test_a_wall_stops_what_points_into_it() -> None:
    _, position, velocity = one_step(PointMass(ROUND), (0.93, 0.0), (1.0, 0.5))
    np.testing.assert_allclose([*position, *velocity], [0.95, 0.024375, 0.0, 0.4875], atol=1e-6)


def test_the_goal_ends_the_episode_with_a_bonus() -> None:
    step, _, _ = one_step(PointMass(ROUND), (0.55, 0.7), (1.0, 0.0))
    # 0.55 + 0.05 * 0.975 is 0.10125 m from the goal at 0.7, whose radius is 0.12 m.
    assert step.terminated.numpy()[0] and step.reward.numpy()[0] == pytest.approx(10 - 0.10125, abs=1e-5)
    before, _, _ = one_step(PointMass(ROUND), (0.5, 0.7), (1.0, 0.0))
    assert not before.terminated.numpy()[0] and before.reward.numpy()[0] == pytest.approx(-0.15125, abs=1e-5)


@pytest.mark.thorough
def test_wild_play_agrees_with_plain_python_and_never_enters_anything() -> None:
    env = PointMass()
    number = 256
    generator = np.random.default_rng(0)
    state, _ = env.reset(random.key_from_seed(1, number))
    step = tf.function(env.step, jit_compile=True)
    keys, touches, walls, fastest = random.key_from_seed(2, number), 0, 0, 0.0
    push = np.zeros((number, 2), np.float32)
    for time in range(200):
        # Pushes that last make masses fast.
        change = generator.random(number) < 0.05
        push[change] = generator.uniform(-1.5, 1.5, (int(change.sum()), 2))
        new = step(state, tf.constant(push), keys)
        position, velocity = new.state.position.numpy(), new.state.velocity.numpy()
        assert clearances(env, position).min() > -1e-6 and np.abs(position).max() <= 0.95 + 1e-6
        assert (np.abs(new.observation.numpy()) <= env.observation_space.high).all()
        touches += int((clearances(env, position) < 1e-6).sum())
        walls += int((np.abs(position) > 0.95 - 1e-6).any(axis=1).sum())
        fastest = max(fastest, float(np.linalg.norm(velocity, axis=1).max()))
        if time % 20 == 0 or time > 190:
            for i in range(number):
                arguments = (value.numpy()[i].tolist() for value in state)
                expected = np.concatenate(reference(env, *arguments, push[i].tolist()))
                np.testing.assert_allclose(new.observation.numpy()[i], expected, atol=2e-5)
        state = new.state
    assert touches > 1000 and walls > 1000 and fastest > 1.0


def test_starts_are_free_at_rest_and_all_over_the_floor() -> None:
    env = PointMass()
    state, observation = env.reset(random.key_from_seed(3, 5000))
    position = state.position.numpy()
    assert clearances(env, position).min() >= -1e-6 and (state.velocity.numpy() == 0).all()
    assert np.linalg.norm(position - env.goal[:2], axis=1).min() > env.goal[2]
    np.testing.assert_array_equal(observation.numpy()[:, :2], position)
    # In each free corner square of 0.3 m, about 5000 * 0.09 / 2.7 = 167.
    for x, y in ((-0.8, -0.8), (0.8, -0.8), (0.3, 0.8)):
        assert 110 < (np.abs(position - (x, y)).max(axis=1) < 0.15).sum() < 230


def test_starts_fill_a_circle_evenly_where_one_is_given() -> None:
    env = PointMass(start=(-0.7, -0.2, 0.1))
    state, _ = env.reset(random.key_from_seed(3, 2000))
    offset = state.position.numpy() - (-0.7, -0.2)
    distance = np.linalg.norm(offset, axis=1)
    assert distance.max() <= 0.1 + 1e-6 and (state.velocity.numpy() == 0).all()
    # A quarter of the circle's area lies within half of its radius; 500 give or take 19.
    assert 420 < (distance < 0.05).sum() < 580 and np.abs(offset.mean(axis=0)).max() < 0.006
    exact, _ = PointMass(start=(-0.7, -0.2, 0)).reset(random.key_from_seed(3, 2))
    np.testing.assert_allclose(exact.position, [[-0.7, -0.2]] * 2, atol=1e-6)


def test_a_player_that_pushes_towards_the_goal_arrives_from_everywhere() -> None:
    env = PointMass()
    number = 1000
    state, _ = env.reset(random.key_from_seed(4, number))
    step = tf.function(env.step, jit_compile=True)
    arrived = np.zeros(number, bool)
    for _ in range(env.max_episode_steps):
        push = 4.0 * (tf.constant(env.goal[:2]) - state.position) - 2.0 * state.velocity
        state, _, _, terminated, _ = step(state, push, random.key_from_seed(0, number))
        arrived |= terminated.numpy()
    assert arrived.all()


def test_compiled_graph_and_eager_steps_agree() -> None:
    env = PointMass()
    keys = random.key_from_seed(6, 64)
    state, _ = env.reset(keys)
    state = state._replace(velocity=random.uniform(keys, (2,), -2.0, 2.0))
    actions = random.uniform(random.fold_in(keys, 1), (2,), -1.0, 1.0)
    results = [
        tf.nest.flatten(function(state, actions, keys))
        for function in (env.step, tf.function(env.step), tf.function(env.step, jit_compile=True))
    ]
    for eager, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_allclose(eager, other, atol=1e-6)


def test_bad_layouts_say_what_is_expected() -> None:
    with pytest.raises(ValueError, match=r"obstacle received \(0, 0, 0.05\); expected x, y and a radius"):
        PointMass(((0, 0, 0.05),))
    with pytest.raises(ValueError, match=r"obstacle received \(0, 0\); expected x, y and a radius"):
        PointMass(((0, 0),))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between it and the walls"):
        PointMass(((0.75, 0.0, 0.2),))
    with pytest.raises(ValueError, match="expected more than 0.1 m between them"):
        PointMass(((0.0, 0.0, 0.2), (0.45, 0.0, 0.2)))
    with pytest.raises(ValueError, match="goal received .* expected a centre within 0.95 m"):
        PointMass(goal=(0.97, 0.0, 0.1))
    with pytest.raises(ValueError, match="whose centre the mass cannot reach"):
        PointMass(OBSTACLES, goal=(-0.05, 0.3, 0.1))
    with pytest.raises(ValueError, match="start received .* within 0.95 m"):
        PointMass(start=(-0.9, -0.2, 0.1))
    with pytest.raises(ValueError, match=r"start received .* clear of the obstacle \(-0.05, 0.1, 0.3\)"):
        PointMass(start=(-0.45, 0.1, 0.06))
    with pytest.raises(ValueError, match="clear of the goal"):
        PointMass(start=(0.7, 0.55, 0.04))


def test_pictures_show_mass_and_velocity() -> None:
    env = PointMass()

    def picture(position, velocity) -> np.ndarray:
        image = env.draw(PointMassState(np.array(position, np.float32), np.array(velocity, np.float32)))
        assert image.shape == (540, 480, 3) and image.dtype == np.uint8
        return image

    still = picture((0.0, -0.75), (0.0, 0.0))
    # 216 pixels a metre around the middle of the floor at (240, 300), y upwards.
    red, green, blue = (int(value) for value in still[462, 240])
    assert blue > red + 60 and blue > green + 60
    moving = (still != picture((0.0, -0.75), (1.0, 0.0))).any(axis=2)
    assert moving[452:472, 255:295].any() and not moving[452:472, :225].any()
