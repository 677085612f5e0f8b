"""`lab play` and `lab explore` without a screen: SDL's dummy driver, and events as a keyboard and mouse post them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pygame
import pytest

from agents import BehaviorCloning, Episodes
from generative import GAN, VAE, ConditionalVAE, Diffusion
from lab import Experiment, registry
from lab.command.windows import explore, keys, play, window
from lab.command.windows.sliders import HEIGHT, Slider
from lab.errors import UsageError


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be where there is a screen; the dummy driver draws into memory."""
    registry.load_environments()
    for place in (play, explore):
        monkeypatch.setattr(place, "check_display", lambda: None)


def press(kind: int, **given: Any) -> None:
    pygame.event.post(pygame.event.Event(kind, **given))


SHOW = window.Window.show


class Script:
    """Posts events frame by frame in place of a person, and closes the window at the end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *frames: list[tuple[int, dict[str, Any]]]) -> None:
        self.frames, self.shown = list(frames), list[np.ndarray]()

        def shows(this: window.Window, rate: float) -> None:
            SHOW(this, 1e6)
            self.shown.append(pygame.surfarray.array3d(this.screen).swapaxes(0, 1).copy())
            for kind, given in self.frames.pop(0) if self.frames else [(pygame.QUIT, {})]:
                press(kind, **given)

        monkeypatch.setattr(window.Window, "show", shows)


def key(code: int) -> list[tuple[int, dict[str, Any]]]:
    return [(pygame.KEYDOWN, {"key": code})]


def no_key(code: int) -> list[tuple[int, dict[str, Any]]]:
    return [(pygame.KEYUP, {"key": code})]


# ---------------------------------------------------------------- play


@pytest.mark.thorough
def test_what_is_played_is_recorded_and_learnt_from(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Falls to the right; then a new episode, that falls too; then one that is left in the middle.
    right, enter = key(pygame.K_RIGHT), key(pygame.K_RETURN)
    frames = [[], right, *[[] for _ in range(15)], enter, *[[] for _ in range(15)], enter, []]
    script = Script(monkeypatch, *frames)
    status, out, err = command("play", "CartPole-v1", "--record", "mine", "--seed", 3)
    assert status == 0 and "played   2 whole episodes" in out, err
    found = Episodes.load(tmp_path / "mine" / "episodes.npz")
    assert len(found) == 2 and set(found.actions.tolist()) == {1} and found.terminated.all()
    assert found.card.environment == "CartPole-v1" and found.card.policy == "played by hand"
    env = gymnasium.make("CartPole-v1")
    from lab.seeding import Seeds

    observation, _ = env.reset(seed=Seeds(3).integer("environment", 0))
    for i in range(int(found.lengths[0])):
        np.testing.assert_array_equal(found.observations[i], observation)
        observation = env.step(1)[0]
    np.testing.assert_array_equal(found.final_observations[0], observation)
    assert not np.array_equal(script.shown[0], script.shown[8]), "the window shows what happens"
    frames = [right, *[[] for _ in range(15)]]
    Script(monkeypatch, *frames)
    assert command("play", "CartPole-v1", "--record", "mine/episodes.npz")[0] == 0
    assert len(Episodes.load(tmp_path / "mine" / "episodes.npz")) == 3, "episodes are added"
    learner = BehaviorCloning(hidden_sizes=(4,), batch_size=4)
    experiment = Experiment(learner, str(tmp_path / "mine" / "episodes.npz"), progress=False)
    experiment.train(2)
    assert experiment.step == 2
    status, _, err = command("play", "Acrobot-v1", "--record", "mine")
    assert status == 2 and "holds episodes of 'CartPole-v1'; expected 'Acrobot-v1'" in err


def test_time_stands_still_where_no_action_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    player = play.Player(gymnasium.make("lab/GridWorld-v0", render_mode="rgb_array"), "lab/GridWorld-v0", 0)
    Script(
        monkeypatch, [], [], key(pygame.K_RIGHT), no_key(pygame.K_RIGHT), [], key(pygame.K_DOWN) + no_key(pygame.K_DOWN)
    )
    player.run()
    assert [action for _, action, _ in player.steps] == [1, 2], "one tap, one step, however quick"


def test_the_mouse_and_arrows_move_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    player = play.Player(gymnasium.make("Pendulum-v1", render_mode="rgb_array"), "Pendulum-v1", 0)
    half = (play.SIDE - 1) / 2
    down = [(pygame.MOUSEBUTTONDOWN, {"pos": (half, 0), "button": 1})]
    up = [(pygame.MOUSEBUTTONUP, {"pos": (half, 0), "button": 1})]
    moved = [(pygame.MOUSEMOTION, {"pos": (0, 0), "rel": (0, 0), "buttons": (1, 0, 0)})]
    Script(monkeypatch, key(pygame.K_LEFT), no_key(pygame.K_LEFT), down, moved, up)
    player.run()
    assert [float(action[0]) for _, action, _ in player.steps] == [0.0, -2.0, 0.0, 0.0, -2.0, 0.0]
    assert player.steps[0][1].dtype == np.float32


def test_the_keys_of_environments() -> None:
    pygame.display.init()
    own = keys.keys_for(gymnasium.make("MountainCar-v0"), "MountainCar-v0")
    # Gymnasium 1.4 gives the codes of SDL 1, 276 and 275, which no keyboard sends.
    assert isinstance(own, keys.DiscreteKeys) and own.idle == 1
    assert own.action([pygame.K_LEFT]) == 0 and own.action([pygame.K_RIGHT]) == 2 and own.action([]) == 1
    assert own.action([pygame.K_LEFT, pygame.K_RIGHT]) == 1, "both at once are its own third"
    grid = keys.keys_for(gymnasium.make("lab/GridWorld-v0"), "lab/GridWorld-v0")
    assert grid.action([pygame.K_LEFT, pygame.K_UP]) == 0 and grid.action([]) is None, "of two the latest"
    assert grid.action([pygame.K_3]) == 3 and "up or 0: action 0" in grid.lines

    class Numbered(gymnasium.Env[Any, Any]):
        action_space: Any = gymnasium.spaces.Discrete(12, start=5)
        observation_space = gymnasium.spaces.Discrete(2)

    numbered = keys.keys_for(Numbered(), "Unknown-v0")
    assert numbered.action([pygame.K_0]) == 5 and numbered.action([pygame.K_b]) == 16

    class Ale(Numbered):
        action_space = gymnasium.spaces.Discrete(3)

        def get_keys_to_action(self) -> dict[tuple[str, ...], int]:
            return {("e",): 0, ("d",): 1, ("d", " "): 2}

        def get_action_meanings(self) -> list[str]:
            return ["NOOP", "RIGHT", "RIGHTFIRE"]

    ale = keys.keys_for(Ale(), "ALE/Pong-v5")
    assert ale.action([]) == 0 and ale.action([pygame.K_SPACE, pygame.K_d]) == 2 and ale.action([pygame.K_d]) == 1
    assert "d: right" in ale.lines
    box = keys.keys_for(gymnasium.make("lab/LunarLanderContinuous-v0"), "lab/LunarLanderContinuous-v0")
    np.testing.assert_array_equal(box.action([pygame.K_UP]), [0.0, 1.0])
    np.testing.assert_array_equal(box.action([], (0.25, 1.0)), [-0.5, 1.0])
    Numbered.action_space = gymnasium.spaces.MultiBinary(2)
    with pytest.raises(UsageError, match="expected a Discrete or a Box space"):
        keys.keys_for(Numbered(), "Unknown-v0")
    known = {name.rsplit("-v", 1)[0] for name in gymnasium.registry}
    assert keys.ARROWS.keys() <= known, "each is an environment"


def test_without_a_screen_it_says_so(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "check_display", window.check_display)
    status, _, err = command("play", "CartPole-v1")
    assert status == 2 and "there is no screen" in err and len(err.splitlines()) == 1
    monkeypatch.setattr(play, "check_display", lambda: None)
    assert "did you mean 'CartPole-v1'" in command("play", "CartPol-v1")[2]
    assert "--fps received 0.0" in command("play", "CartPole-v1", "--fps", 0)[2]


# ---------------------------------------------------------------- explore


def trained(learner: Any, run: Path | None = None) -> Any:
    experiment = Experiment(learner, "digits", run_dir=run, progress=False)
    experiment.train(2)
    return experiment.learner


@pytest.mark.thorough
def test_the_window_draws_anew_when_a_slider_is_dragged(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(VAE(hidden_sizes=(8,), latent_size=2), tmp_path / "run")
    left, top = explore.SIDE + 2 * window.MARGIN, window.MARGIN + HEIGHT + HEIGHT // 2
    drag = [
        (pygame.MOUSEBUTTONDOWN, {"pos": (left, top), "button": 1}),
        (pygame.MOUSEMOTION, {"pos": (left + 300, top), "rel": (0, 0), "buttons": (1, 0, 0)}),
        (pygame.MOUSEBUTTONUP, {"pos": (left + 300, top), "button": 1}),
    ]
    script = Script(monkeypatch, [], drag, [])
    status, _, err = command("explore", tmp_path / "run")
    assert status == 0, err
    first, second, third, fourth = script.shown
    picture = np.s_[:, : explore.SIDE]
    assert np.array_equal(first[picture], second[picture]) and np.array_equal(third, fourth)
    assert not np.array_equal(second[picture], third[picture])


def by_name(explorer: explore.Explorer) -> dict[str, Slider]:
    return {slider.name: slider for slider in explorer.sliders}


@pytest.mark.thorough
def test_each_kind_of_generator_has_the_sliders_that_it_listens_to() -> None:
    tiny = {"hidden_sizes": (8,)}
    explorer = explore.Explorer(trained(Diffusion(network="mlp", hidden_sizes=(16,), steps=3)))
    found = by_name(explorer)
    assert found.keys() == {"seed", "class", "steps", "guidance"} and found["steps"].value == 3
    assert_each_changes_the_picture(explorer, {"seed": 5, "class": 7, "steps": 1, "guidance": 6.0})
    assert found["class"].said == "class: 7"
    explorer = explore.Explorer(trained(GAN(network="dense", **tiny, latent_size=12)))
    assert list(by_name(explorer)) == ["seed", *(f"latent {i}" for i in range(10))]
    assert_each_changes_the_picture(explorer, {"seed": 5, "latent 3": 2.5})
    explorer = explore.Explorer(trained(ConditionalVAE(**tiny, latent_size=2)))
    assert list(by_name(explorer)) == ["seed", "class", "latent 0", "latent 1"]
    assert_each_changes_the_picture(explorer, {"seed": 5, "class": 3})


def assert_each_changes_the_picture(explorer: explore.Explorer, values: dict[str, float]) -> None:
    for name, value in values.items():
        before = explorer.picture()
        slider = by_name(explorer)[name]
        slider.value = value
        explorer.take(slider)
        assert not np.array_equal(explorer.picture(), before), name


@pytest.mark.thorough
def test_the_first_row_of_a_seed_is_that_of_sample() -> None:
    generator = trained(VAE(hidden_sizes=(8,), latent_size=3))
    explorer = explore.Explorer(generator)
    assert explorer.latents is not None
    np.testing.assert_array_equal(generator.decode(explorer.latents), generator.sample(1, 0))


@pytest.mark.thorough
def test_what_shows_no_pictures_is_refused(command: Any, tmp_path: Path) -> None:
    experiment = Experiment(VAE(hidden_sizes=(8,)), "moons", run_dir=tmp_path / "run", progress=False)
    experiment.train(2)
    status, _, err = command("explore", tmp_path / "run")
    assert status == 2 and "explore shows pictures" in err
    assert command("explore", tmp_path / "nowhere")[0] == 2


def test_a_slider_stays_within_its_bounds() -> None:
    slider = Slider("steps", 1, 5, 2, whole=True)
    for part, value in ((-1.0, 1.0), (0.3, 2.0), (0.62, 3.0), (2.0, 5.0)):
        slider.put(part)
        assert slider.value == value
    slider = Slider("class", 0, 1, 0, whole=True, words=("ant", "bee"))
    slider.put(1.0)
    assert slider.said == "class: bee" and slider.part == 1.0
