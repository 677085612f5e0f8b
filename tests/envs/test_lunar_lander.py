"""The lander falls, stands, crashes and is paid as computed by hand and agrees with plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.lander.body import FEET, Body, depths, move
from envs.lander.environment import LanderState, LunarLander, LunarLanderContinuous
from envs.lander.ground import POSTS, height_and_slope, make_ground

LEVEL = np.zeros(POSTS, np.float32)
BOTH = (LunarLander, LunarLanderContinuous)


@pytest.fixture(scope="module")
def steppers():
    """A step of each kind as a graph, for any number of landers; XLA would compile one for each number."""
    return {kind: tf.function(kind().step, autograph=False) for kind in BOTH}


def state_of(places, velocities=(0.0, 0.0), angle=0.0, spin=0.0, heights=LEVEL) -> LanderState:
    """Landers at places (n, 2); what is given once is given to all."""
    number = len(places)

    def given(value, *shape):
        return tf.constant(np.broadcast_to(np.asarray(value, np.float32), (number, *shape)))

    body = Body(given(places, 2), given(velocities, 2), given(angle), given(spin))
    zeros = tf.zeros(number)
    return LanderState(body, given(heights, POSTS), zeros, tf.zeros(number, tf.int32), tf.zeros((number, 2)))


def keys(number: int, seed: int = 0) -> tf.Tensor:
    return random.key_from_seed(seed, number)


@pytest.mark.parametrize("kind", BOTH)
def test_the_interface_is_kept(kind) -> None:
    env = kind()
    env.check()
    assert env.max_episode_steps == 1_000 and env.counterpart_of is None


def test_a_free_fall_computed_by_hand(steppers) -> None:
    step = steppers[LunarLander](state_of([(1.0, 8.0)], (2.0, -1.0), 0.1, 0.5), tf.constant([0]), keys(1))
    # Four times: v falls by 10 * 0.005, then y by 0.005 v. So y changes by -0.02 - 10 * 0.005^2 * (1 + 2 + 3 + 4).
    np.testing.assert_allclose(step.state.body.velocity[0], [2.0, -1.2], atol=1e-6)
    np.testing.assert_allclose(step.state.body.position[0], [1.04, 8.0 - 0.0225], atol=1e-6)
    # x / 10, (y - 0.6) / (20 / 3), v_x / 5, v_y * 2 / 15, angle, 0.4 * spin, no foot.
    expected = [0.104, 1.106625, 0.4, -0.16, 0.11, 0.2, 0.0, 0.0]
    np.testing.assert_allclose(step.observation[0], expected, atol=1e-6)
    # The potential was 0: -100 * (|(0.104, 1.106625)| + |(0.4, -0.16)| + 0.11).
    assert float(step.reward[0]) == pytest.approx(-100 * (1.111501 + 0.430813 + 0.11), abs=1e-2)
    assert not step.terminated[0] and not step.truncated[0]


def test_engines_push_and_turn_as_computed_by_hand(steppers) -> None:
    key = keys(1, 3)
    noise = random.uniform(key, (3,), -1.0, 1.0).numpy()[0]
    state = state_of([(0.0, 8.0)], angle=math.pi / 2)
    after = {a: steppers[LunarLander](state, tf.constant([a]), key).state.body for a in range(4)}
    # Lying on its side, what points up in the body's frame points to the left: 87 N / 5 kg * 0.02 s, scattered.
    main = 0.02 * np.array([-87 * (1 + 0.5 * noise[0]), 20 * noise[2]]) / 5 - (0.0, 0.2)
    np.testing.assert_allclose(after[2].velocity[0], main, atol=1e-5)
    assert after[2].spin[0] == 0.0
    side = 12 * (1 + 0.25 * noise[1])
    for action, sign in ((1, 1), (3, -1)):
        np.testing.assert_allclose(after[action].velocity[0], [0.0, sign * 0.02 * side / 5 - 0.2], atol=1e-5)
        assert float(after[action].spin[0]) == pytest.approx(-sign * 0.47 * side * 0.02, abs=1e-6)
    assert after[0].spin[0] == 0.0


def test_throttles_computed_by_hand() -> None:
    actions = [(-1.0, 0.4), (0.0, -0.5), (0.001, -0.51), (0.5, 0.75), (7.0, -9.0)]
    main, side = LunarLanderContinuous().throttles(tf.constant(actions))
    np.testing.assert_allclose(main, [0.0, 0.0, 0.5005, 0.75, 1.0])
    np.testing.assert_allclose(side, [0.0, 0.0, -0.51, 0.75, -1.0])
    main, side = LunarLander().throttles(tf.range(4))
    np.testing.assert_array_equal([main, side], [[0, 0, 1, 0], [0, -1, 0, 1]])


@pytest.mark.thorough
def test_fuel_costs_what_is_said(steppers) -> None:
    state = state_of([(0.0, 8.0)] * 4)
    step = steppers[LunarLander](state, tf.range(4), keys(4))
    seen = step.observation.numpy()
    potential = -100 * (np.hypot(*seen[:, :2].T) + np.hypot(*seen[:, 2:4].T) + np.abs(seen[:, 4]))
    np.testing.assert_allclose(step.reward, potential - [0.0, 0.03, 0.3, 0.03], atol=1e-3)
    step = steppers[LunarLanderContinuous](
        state, tf.constant([[-1.0, 0.6], [0.5, 0.0], [1.0, -1.0], [0.0, 0.0]]), keys(4)
    )
    seen = step.observation.numpy()
    potential = -100 * (np.hypot(*seen[:, :2].T) + np.hypot(*seen[:, 2:4].T) + np.abs(seen[:, 4]))
    np.testing.assert_allclose(step.reward, potential - [0.018, 0.225, 0.33, 0.0], atol=1e-3)


def test_standing_is_a_balance_of_forces_that_ends_with_the_prize(steppers) -> None:
    # Each leg carries 25 N with 416.7 N/m, so it gives way by 0.06 m and the centre of mass is at 0.6 m.
    state = state_of([(0.5, 0.6)])._replace(potential=tf.constant([-5.0 + 20.0]))
    for i in range(25):
        step = steppers[LunarLander](state, tf.constant([0]), keys(1, i))
        state = step.state
        np.testing.assert_allclose(state.body.position[0], [0.5, 0.6], atol=1e-5)
        np.testing.assert_allclose(step.observation[0], [0.05, 0, 0, 0, 0, 0, 1, 1], atol=1e-4)
        assert step.terminated[0] == (i == 24)
        assert float(step.reward[0]) == pytest.approx(100.0 if i == 24 else 0.0, abs=0.05)


@pytest.mark.parametrize(("speed", "stands"), [(1.0, True), (4.0, True), (5.0, False), (8.0, False)])
def test_legs_bear_a_fall_at_four_metres_a_second_and_break_at_five(steppers, speed, stands) -> None:
    state = state_of([(0.0, 0.7)], (0.0, -speed))
    for i in range(200):
        step = steppers[LunarLander](state, tf.constant([0]), keys(1, i))
        state = step.state
        if step.terminated[0]:
            break
    assert step.terminated[0] and step.reward[0] == (100.0 if stands else -100.0)


def test_a_lander_stays_on_a_slope_and_slides_down_a_steep_one(steppers) -> None:
    slopes = np.array([0.2, 0.7, 1.2])
    heights = np.outer(slopes, np.arange(-10, 12, 2))
    angles = np.arctan(slopes)
    state = state_of(0.66 * np.stack([-np.sin(angles), np.cos(angles)], 1), angle=angles, heights=heights)
    for i in range(100):
        state = steppers[LunarLander](state, tf.zeros(3, tf.int32), keys(3, i)).state
    speeds = np.linalg.norm(state.body.velocity, axis=1)
    # Friction holds up to a slope of 0.8; above, a second of 10 (sin - 0.8 cos) gives 2.05 m/s, and it has been two.
    assert speeds[0] < 0.05 and speeds[1] < 0.3 and speeds[2] > 3.0
    assert (state.still.numpy() > 25).tolist() == [True, False, False]


def test_leaving_the_field_tipping_over_and_touching_the_ground_end_the_episode(steppers) -> None:
    places = [(9.99, 5.0), (-9.99, 5.0), (0.0, 13.93), (0.0, 5.0), (0.0, 0.5), (0.0, 5.0), (9.5, 5.0)]
    velocities = [(3, 0), (-3, 0), (0, 3), (0, 0), (0, 0), (0, 0), (0, 0)]
    angles = [0.0, 0.0, 0.0, 3.14, 1.5, -3.0, 0.0]
    step = steppers[LunarLander](
        state_of(places, velocities, angles, spin=[0, 0, 0, 1, 0, 0, 0]), tf.zeros(7, tf.int32), keys(7)
    )
    assert step.terminated.numpy().tolist() == [True] * 5 + [False] * 2
    assert (step.reward.numpy()[:5] == -100.0).all() and not step.truncated.numpy().any()


def test_the_ground_is_flat_at_the_pad_and_drawn_as_is_said() -> None:
    heights = make_ground(keys(20_000, 1)).numpy()
    assert (heights[:, 4:7] == 0.0).all() and np.abs(heights).max() <= 10 / 3
    # The mean of three uniform numbers of standard deviation 10 / 3 / sqrt(3); beside the pad two of them are 0.
    deviation = 10 / 3 / math.sqrt(3) / math.sqrt(3)
    np.testing.assert_allclose(heights[:, [0, 1, 9, 10]].std(axis=0), deviation, rtol=0.03)
    np.testing.assert_allclose(heights[:, [3, 7]].std(axis=0), deviation / math.sqrt(3), rtol=0.03)
    assert np.abs(heights.mean(axis=0)).max() < 0.04
    x = np.linspace(-11.0, 11.0, 200, dtype=np.float32)
    height, slope = height_and_slope(tf.constant(heights[:3]), tf.constant(np.tile(x, (3, 1))))
    posts = np.arange(-10, 12, 2)
    for i in range(3):
        np.testing.assert_allclose(height[i], np.interp(x, posts, heights[i]), atol=1e-5)
        numeric = [np.interp(x.astype(float) + d, posts, heights[i].astype(float)) for d in (-1e-5, 1e-5)]
        within = np.abs((x / 2) % 1 - 0.5) < 0.499
        np.testing.assert_allclose(slope.numpy()[i][within], ((numeric[1] - numeric[0]) / 2e-5)[within], atol=1e-3)


def reference(body, heights, force, torque):
    """The same step of one lander, in plain Python with double precision."""
    (x, y), (right, up), angle, spin = body
    posts = np.arange(-10, 12, 2)
    for _ in range(4):
        total, turn = np.array([0.0, -50.0]) + force, torque
        for foot in FEET:
            arm = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ foot
            at = np.clip(x + arm[0], -10, 10)
            post = min(max(math.ceil((at + 10) / 2) - 1, 0), 9)
            tangent = np.array([2.0, heights[post + 1] - heights[post]])
            tangent /= np.linalg.norm(tangent)
            normal = np.array([-tangent[1], tangent[0]])
            depth = (np.interp(at, posts, heights) - y - arm[1]) * normal[1]
            if depth > 0:
                velocity = np.array([right, up]) + spin * np.array([-arm[1], arm[0]])
                load = max(25 / 0.06 * depth - 26.0 * velocity @ normal, 0.0)
                drag = min(150.0 * abs(velocity @ tangent), 0.8 * load)
                push = load * normal - math.copysign(drag, velocity @ tangent) * tangent
                total, turn = total + push, turn + arm[0] * push[1] - arm[1] * push[0]
        right, up = np.array([right, up]) + 0.005 * total / 5.0
        spin += 0.005 * turn / 1.0
        x, y, angle = x + 0.005 * right, y + 0.005 * up, angle + 0.005 * spin
    return [x, y, right, up, angle, spin]


def test_steps_agree_with_plain_python_in_the_air_and_on_the_ground() -> None:
    number, generator = 200, np.random.default_rng(2)
    heights = make_ground(keys(number, 4))
    x = generator.uniform(-9, 9, number)
    ground = height_and_slope(heights, tf.constant(x[:, None], tf.float32))[0].numpy()[:, 0]
    places = np.stack([x, ground + generator.uniform(0.3, 1.2, number)], 1)
    velocities, angles = generator.uniform(-3, 3, (number, 2)), generator.uniform(-0.6, 0.6, number)
    state = state_of(places, velocities, angles, generator.uniform(-2, 2, number), heights)
    force, torque = generator.uniform(-80, 80, (number, 2)), generator.uniform(-5, 5, number)
    moved = move(state.body, heights, tf.constant(force, tf.float32), tf.constant(torque, tf.float32))
    ours = np.concatenate([moved.position, moved.velocity, moved.angle[:, None], moved.spin[:, None]], 1)
    for i in range(number):
        body = [part.numpy()[i].astype(float) for part in state.body]
        theirs = reference(body, heights.numpy()[i].astype(float), force[i], torque[i])
        np.testing.assert_allclose(ours[i], theirs, atol=2e-3, err_msg=str(i))
    touching = (depths(state.body, heights, FEET) > 0).numpy().any(axis=1)
    assert 50 < touching.sum() < 190


@pytest.mark.thorough
def test_observations_keep_to_their_space_whatever_is_done() -> None:
    env, number = LunarLanderContinuous(), 256
    # One corner or edge of the actions for a whole episode, far beyond the bounds.
    corners = tf.constant([(a, b) for a in (-9.0, 0.1, 9.0) for b in (-9.0, 0.0, 9.0)] * 29)[:number]
    state, observation = env.reset(keys(number, 8))
    step, going, worst = tf.function(env.step, autograph=False), np.ones(number, bool), np.zeros(8)
    for i in range(env.max_episode_steps):
        state, observation, _, terminated, _ = step(state, corners, keys(number, i))
        worst = np.maximum(worst, np.abs(observation.numpy()[going]).max(axis=0))
        going &= ~terminated.numpy()
        if not going.any():
            break
    assert not going.any()
    assert (worst <= env.observation_space.high).all() and worst[0] > 1.0


@pytest.mark.thorough
def test_compiled_graph_and_eager_steps_agree() -> None:
    env = LunarLander()
    state, _ = env.reset(keys(64, 6))
    body = state.body._replace(position=state.body.position * tf.constant([1.0, 0.06]))
    state, actions = state._replace(body=body), random.integers(keys(64, 7), 4)
    results = [
        tf.nest.flatten(function(state, actions, keys(64, 9)))
        for function in (env.step, tf.function(env.step), tf.function(env.step, jit_compile=True))
    ]
    for eager, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_allclose(eager, other, atol=1e-3, rtol=1e-5)


def test_pictures_show_hull_flames_and_pad() -> None:
    env = LunarLander()

    def image(place, thrust, angle=0.0):
        body = Body(np.array(place, np.float32), np.zeros(2, np.float32), np.float32(angle), np.float32(0))
        picture = env.draw(LanderState(body, LEVEL, 0.0, 0, np.array(thrust, np.float32)))
        assert picture.shape == (440, 600, 3) and picture.dtype == np.uint8
        return picture.astype(int)

    still = image((2.0, 5.0), (0.0, 0.0))
    # 30 pixels a metre, the pad's middle at (300, 345).
    assert still[345 - 150 + 3, 360].min() > 150, "the hull"
    assert still[345, 300, 0] > still[345, 300, 2] + 100, "the pad"
    below, right, left = np.s_[210:240, 340:380], np.s_[170:190, 377:400], np.s_[170:190, 320:343]
    burning = image((2.0, 5.0), (1.0, 1.0))
    assert (burning != still)[below].any() and (burning != still)[right].any() and not (burning != still)[left].any()
    assert (image((2.0, 5.0), (0.0, -1.0)) != still)[left].any()
    assert (image((0.0, 13.0), (0.0, 0.0)) != image((5.0, 13.0), (0.0, 0.0)))[:30].any(), "an arrow to what is above"
