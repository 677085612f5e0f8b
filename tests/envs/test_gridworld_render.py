"""Tests of the grid world's pictures and windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import gymnasium
import numpy as np
import pygame
import pytest

from envs.drawing.window import Window
from envs.gridworld.environment import DOWN, LEFT, RIGHT, UP, GridWorld
from envs.gridworld.maps import MAPS
from envs.gridworld.render import GridWorldRenderer

#   0 1 2
#   3 # 5
#   6 7 8
SMALL = ["..G", ".#P", "S.."]


@pytest.fixture(autouse=True)
def dummy_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(GridWorld.metadata, "render_fps", 1000)
    yield
    pygame.quit()


def painted(map=SMALL, **kwargs):
    env = GridWorld(map, render_mode="rgb_array", **kwargs)
    env.reset(seed=0)
    return env


def cells_that_differ(env, first, second):
    """List the cells where two frames differ, and -1 for the space around the board."""
    renderer = GridWorldRenderer(env.grid, fps=8)
    differs = (first != second).any(axis=-1)
    cells = []
    for cell in range(env.observation_space.n):
        rect = renderer.cell_rect(cell)
        block = differs[rect.top : rect.bottom, rect.left : rect.right]
        if block.any():
            cells.append(cell)
        block[:] = False
    return cells + [-1] * int(differs.any())


@pytest.mark.parametrize("map", [*sorted(MAPS), ["SG"], ["S" + "." * 99 + "G"]])
def test_frames_are_uint8_rgb_with_even_sides(map):
    frame = painted(map).render()
    assert frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
    assert frame.shape[0] % 2 == 0 and frame.shape[1] % 2 == 0
    assert frame.flags.writeable and frame.flags.c_contiguous
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) > 10


def test_each_frame_is_an_array_of_its_own_and_repeats_exactly():
    env = painted()
    first = env.render()
    first_copy = first.copy()
    second = env.render()
    second[:] = 0
    np.testing.assert_array_equal(first, first_copy)
    np.testing.assert_array_equal(env.render(), first)


def test_a_step_changes_the_two_cells_it_concerns():
    env = painted()
    before = env.render()
    env.step(UP)
    assert cells_that_differ(env, before, env.render()) == [3, 6]


def test_a_bump_turns_the_face():
    env = painted()
    frames = [env.render()]
    for action in (LEFT, DOWN):
        env.step(action)
        frames.append(env.render())
    assert cells_that_differ(env, frames[0], frames[1]) == [6]
    np.testing.assert_array_equal(frames[0], frames[2])


def test_policy_changes_the_cells_with_arrows_only():
    env = painted()
    env.set_overlay(policy=[-1] * 9)
    before = env.render()
    env.set_overlay(policy=[RIGHT, RIGHT, RIGHT, -1, UP, LEFT, -1, LEFT, -1])
    # The goal 2, the wall 4 and the pit 5 have no action to show.
    assert cells_that_differ(env, before, env.render()) == [0, 1, 7]


def test_arrows_tell_the_four_actions_apart():
    env = painted()
    frames = []
    for action in range(4):
        env.set_overlay(policy=[action] + [-1] * 8)
        frames.append(env.render())
    for first in range(4):
        for second in range(first):
            assert cells_that_differ(env, frames[first], frames[second]) == [0]


def test_values_tint_open_cells_by_sign_and_size():
    env = painted()
    plain = env.render()
    env.set_overlay(values=[1.0, 0.5, 9.0, -1.0, 9.0, 9.0, 0.0, np.nan, -0.5])
    frame = env.render()
    # Cell 7 has no number; cell 6 holds the agent, made smaller for its number to be read.
    assert cells_that_differ(env, plain, frame) == [0, 1, 3, 6, 8]
    renderer = GridWorldRenderer(env.grid, fps=8)

    def corner(cell):
        rect = renderer.cell_rect(cell)
        return frame[rect.top + 4, rect.left + 4].astype(int)

    blue_over_red = {cell: corner(cell)[2] - corner(cell)[0] for cell in (0, 1, 3, 8)}
    assert blue_over_red[0] > blue_over_red[1] > 10
    assert blue_over_red[3] < blue_over_red[8] < -10


@pytest.mark.parametrize("overlay", [{"values": np.zeros(9)}, {"values": [0.0] * 8 + [1e6]}, {"values": [np.nan] * 9}])
def test_extreme_values_are_drawn(overlay):
    env = painted()
    env.set_overlay(**overlay)
    assert env.render().dtype == np.uint8


def test_overlay_is_a_copy_and_goes_away():
    env = painted()
    plain = env.render()
    values = np.linspace(-1, 1, 9)
    env.set_overlay(values=values)
    shown = env.render()
    values[:] = 0
    np.testing.assert_array_equal(env.render(), shown)
    env.set_overlay()
    np.testing.assert_array_equal(env.render(), plain)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"values": np.zeros((3, 3))}, r"values: received shape \(3, 3\), expected \(9,\); give one entry a cell"),
        ({"policy": np.zeros(8, dtype=int)}, r"policy: received shape \(8,\), expected \(9,\)"),
        ({"policy": [4] * 9}, r"policy: received \[4\], expected actions 0 to 3, or -1"),
        ({"policy": [0.5] * 9}, r"policy: received \[0.5\], expected actions 0 to 3, or -1"),
    ],
)
def test_bad_overlays_are_refused(overlay, message):
    env = painted()
    before = env.render()
    with pytest.raises(ValueError, match=message):
        env.set_overlay(**overlay)
    np.testing.assert_array_equal(env.render(), before)


def test_rgb_array_opens_no_display():
    pygame.quit()
    env = painted()
    env.set_overlay(values=np.arange(9), policy=[UP] * 9)
    env.render()
    assert not pygame.display.get_init()


def test_rgb_array_needs_neither_display_nor_setting_and_prints_nothing():
    environment = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY")}
    code = (
        "import envs; e = envs.GridWorld(render_mode='rgb_array'); e.reset(seed=0); "
        "e.set_overlay(values=[0.5] * 64); assert e.render().shape[2] == 3; e.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_rendering_without_a_mode_warns_and_gives_nothing():
    env = GridWorld(SMALL)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="received no render_mode"):
        assert env.render() is None


def test_environments_do_not_disturb_each_other():
    first, second = painted(), painted("open")
    alone = first.render()
    second.render()
    second.set_overlay(values=np.arange(36))
    second.render()
    np.testing.assert_array_equal(first.render(), alone)
    second.close()
    first.set_overlay(values=np.arange(9))
    first.render()
    first.set_overlay()
    np.testing.assert_array_equal(first.render(), alone)


def test_another_librarys_pygame_quit_breaks_nothing():
    env = painted()
    window = GridWorld(SMALL, render_mode="human")
    window.reset(seed=0)
    before = env.render()
    other = gymnasium.make("CartPole-v1", render_mode="rgb_array")
    other.reset(seed=0)
    other.render()
    other.close()
    pygame.quit()
    window.step(UP)
    env.set_overlay(values=np.zeros(9))
    env.render()
    env.set_overlay()
    np.testing.assert_array_equal(env.render(), before)
    window.close()


def test_a_window_made_after_a_lost_one_does_not_go_with_it():
    window, picture = Window("lost", (32, 32), 1000), pygame.Surface((32, 32))
    for _ in range(50):
        window.show(picture)
        pygame.quit()


def test_a_closed_environment_can_be_closed_again_and_can_render_again():
    env = painted()
    before = env.render()
    env.close()
    env.close()
    np.testing.assert_array_equal(env.render(), before)


def window_of(env):
    return env._renderer._window


def test_human_mode_draws_on_reset_and_step():
    env = GridWorld(SMALL, render_mode="human")
    env.reset(seed=0)
    shown = pygame.surfarray.array3d(window_of(env)._window.get_surface()).transpose(1, 0, 2)
    np.testing.assert_array_equal(shown, painted().render())
    env.step(UP)
    after = pygame.surfarray.array3d(window_of(env)._window.get_surface()).transpose(1, 0, 2)
    assert cells_that_differ(env, shown, after) == [3, 6]
    assert env.render() is None
    env.close()


def test_human_mode_keeps_to_the_frame_rate(monkeypatch):
    monkeypatch.setitem(GridWorld.metadata, "render_fps", 50)
    env = GridWorld(SMALL, render_mode="human")
    env.reset(seed=0)
    begin = pygame.time.get_ticks()
    for _ in range(10):
        env.step(LEFT)
    assert pygame.time.get_ticks() - begin >= 150
    env.close()


def test_closing_one_window_leaves_the_other():
    first, second = (GridWorld(SMALL, render_mode="human") for _ in range(2))
    first.reset(seed=0), second.reset(seed=0)
    first.close()
    second.step(UP)
    assert window_of(second).is_open
    second.close()


def test_the_users_closing_is_for_one_window_and_lasts():
    first, second = (GridWorld(SMALL, render_mode="human") for _ in range(2))
    first.reset(seed=0), second.reset(seed=0)
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE, window=window_of(second)._window))
    first.step(UP)
    assert window_of(first).is_open
    second.step(UP)
    assert not window_of(second).is_open
    assert second.step(UP)[0] == 0
    assert not window_of(second).is_open
    first.close(), second.close()


def test_a_quit_event_closes_the_window_and_the_episode_goes_on():
    env = GridWorld(SMALL, render_mode="human")
    env.reset(seed=0)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert env.step(UP)[0] == 3
    assert not window_of(env).is_open
    assert env.step(RIGHT)[0] == 3
    env.close()


def test_a_window_does_not_swallow_sigterm():
    code = (
        "import envs, os, signal, time; e = envs.GridWorld(render_mode='human'); e.reset(seed=0); "
        "os.kill(os.getpid(), signal.SIGTERM); time.sleep(1); e.step(0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGTERM
