"""`lab play`: an environment in a window, played by hand, and recorded for agents that learn from episodes."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pygame

from agents import spaces
from agents.episodes.episodes import Episodes
from agents.training.environments import EnvironmentSource
from lab.command.windows.keys import BoxKeys, DiscreteKeys, keys_for
from lab.command.windows.window import LINE, MARGIN, MARK, Window, check_display
from lab.errors import UsageError, bad_value
from lab.messages.terminal import say
from lab.seeding import Seeds

SIDE = 560
PANEL = 300
DEFAULT_FPS = 30.0
# Where each key press is a step, holding a key repeats it at most so often.
STEPS_A_SECOND = 8.0
FILE = "episodes.npz"


def play(options: argparse.Namespace) -> None:
    """Play an environment by hand."""
    check_display()
    found = EnvironmentSource(options.environment)
    env = found.make_rendered()
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    path = recording_path(options.record)
    try:
        player = Player(env, options.environment, seed, path)
        player.run(options.fps)
    finally:
        env.close()
    say(f"played   {player.episodes} whole episodes of {options.environment}, seed {seed}")
    if path is not None and player.episodes:
        say(f"recorded {path}")
        say(f"next     lab train behavior_cloning {path}    lab train decision_transformer {path}")


def recording_path(given: Path | None) -> Path | None:
    """Return the file that episodes are added to: the one given, or `episodes.npz` in the folder given."""
    return given if given is None or given.suffix == ".npz" else given / FILE


class Player:
    """Steps an environment as keys and mouse say, and keeps what happened.

    Args:
        env: Renders RGB arrays.
        name: Its id.
        seed: Of all episodes; each has its own.
        path: The file that each whole episode is added to; None keeps none.

    Attributes:
        episodes: How many were played to their ends.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], name: str, seed: int, path: Path | None = None) -> None:
        self.env, self.name, self.seeds, self.path = env, name, Seeds(seed), path
        self.keys: DiscreteKeys | BoxKeys = keys_for(env, name)
        if path is not None:
            spaces.layout(env.observation_space)
            if path.exists():
                self._check_alike(path)
        self.episodes = self.begun = 0
        self.pressed: list[int] = []
        self.tapped: list[int] = []
        self.mouse: tuple[float, float] | None = None
        self.observation: Any = None
        self.steps: list[tuple[Any, Any, float]] = []
        self.total, self.ended = 0.0, ""
        self._begin()

    def run(self, fps: float | None = None) -> None:
        """Open the window and play until it is closed."""
        if fps is not None and not fps > 0:
            raise bad_value("lab play", "--fps", fps, "a number > 0")
        steady = isinstance(self.keys, BoxKeys) or self.keys.idle is not None
        rate = fps or (float(self.env.metadata.get("render_fps") or DEFAULT_FPS) if steady else STEPS_A_SECOND)
        height = max(SIDE, 2 * MARGIN + LINE * (len(self.keys.lines) + 10))
        with Window(f"lab play {self.name}", SIDE + PANEL, height) as window:
            while self.take(window.events()):
                self.step()
                self._draw(window, height)
                window.show(rate)

    def take(self, events: list[Any]) -> bool:
        """Take note of what was pressed and let go; return whether to go on."""
        # A key that went down and up between two frames still counts for one.
        self.tapped = []
        for event in events:
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                return False
            if event.type == pygame.KEYDOWN:
                if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
                    self._begin()
                self.pressed = [*(key for key in self.pressed if key != event.key), event.key]
                self.tapped.append(event.key)
            elif event.type == pygame.KEYUP:
                self.pressed = [key for key in self.pressed if key != event.key]
            elif event.type == pygame.MOUSEBUTTONUP:
                self.mouse = None
            elif event.type == pygame.MOUSEBUTTONDOWN or (event.type == pygame.MOUSEMOTION and any(event.buttons)):
                x, y = event.pos
                self.mouse = min(1.0, x / (SIDE - 1)), 1.0 - min(1.0, y / (SIDE - 1))
        return True

    def step(self) -> None:
        """Take a step, if an action is to be taken and the episode has not ended."""
        if self.ended:
            return
        down = [*self.pressed, *(key for key in self.tapped if key not in self.pressed)]
        action = self.keys.action(down, self.mouse)
        if action is None:
            return
        following, reward, terminated, truncated, _ = self.env.step(action)
        self.steps.append((self.observation, action, float(reward)))
        # An environment may hand out one array again and again.
        self.observation = np.array(following)
        self.total += float(reward)
        if terminated or truncated:
            self.ended = "terminated" if terminated else "truncated"
            self.episodes += 1
            self._keep(bool(terminated), bool(truncated))

    def _begin(self) -> None:
        self.observation = np.array(self.env.reset(seed=self.seeds.integer("environment", self.begun))[0])
        self.begun += 1
        self.steps = []
        self.total, self.ended = 0.0, ""

    def _keep(self, terminated: bool, truncated: bool) -> None:
        if self.path is None:
            return
        first = int(getattr(self.env.action_space, "start", 0))
        actions = np.array([action for _, action, _ in self.steps])
        recorded = Episodes.from_arrays(
            observations=np.array([observation for observation, _, _ in self.steps]),
            actions=actions - first if first else actions,
            rewards=np.array([reward for _, _, reward in self.steps], np.float64),
            terminated=[terminated],
            truncated=[truncated],
            lengths=[len(self.steps)],
            final_observations=np.array([self.observation]),
            observation_space=self.env.observation_space,
            action_space=self.env.action_space,
            environment=self.name,
            policy="played by hand",
            seeds=(self.seeds.seed,),
        )
        # After each episode, so that no accident costs what was played before.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        recorded.append(self.path)

    def _check_alike(self, path: Path) -> None:
        # Now, and not after the first episode has been played.
        card = Episodes.load(path).card
        if card.environment != self.name:
            raise UsageError(
                f"{path} holds episodes of {card.environment!r}; expected {self.name!r}. Fix: another --record."
            )

    def _draw(self, window: Window, height: int) -> None:
        window.clear()
        frame: Any = self.env.render()
        window.image(np.asarray(frame), 0, 0, SIDE, height)
        left, top = SIDE + MARGIN, MARGIN
        for words in (
            self.name, f"episode {self.begun}   step {len(self.steps)}", f"return {self.total:.6g}", "",
            *self.keys.lines, "", "Enter: a new episode", "Esc: the end",
        ):  # fmt: skip
            window.text(words, left, top)
            top += LINE
        if self.ended:
            window.text(f"{self.ended}; Enter goes on", left, top + LINE // 2, MARK)
        if self.path is not None:
            window.text(f"recorded: {self.episodes} episodes", left, top + 2 * LINE, MARK)
