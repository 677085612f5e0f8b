#!/usr/bin/env bash
# Gymnasium 1.4.0 with pygame-ce 2.5.8, seen 2026-11-30: `gymnasium.utils.play.play` refuses MountainCar-v0 with the environment's own
# `get_keys_to_action()`, since one of its combinations is empty (ValueError). Given the others, it starts without a word, but the arrows
# do nothing: the environment's codes, 276 and 275, are numbers of SDL 1, and pygame 2 sends 1073741904 and 1073741903.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gymnasium==1.4.0 pygame-ce==2.5.8
SDL_VIDEODRIVER=dummy PYGAME_HIDE_SUPPORT_PROMPT=1 "$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata

import gymnasium
import pygame
from gymnasium.utils.play import play

print({name: importlib.metadata.version(name) for name in ("gymnasium", "pygame-ce")})
env = gymnasium.make("MountainCar-v0", render_mode="rgb_array")
keys = env.unwrapped.get_keys_to_action()
print("the environment's keys:", keys)
print("pygame's left and right:", pygame.K_LEFT, pygame.K_RIGHT)
actions = []


def seen(before, after, action, reward, terminated, truncated, info):
    actions.append(int(action))
    # What a player does: press the left arrow, and later close the window.
    if len(actions) in (2, 4):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_LEFT, unicode="", mod=0, scancode=80))
    if len(actions) == 8:
        pygame.event.post(pygame.event.Event(pygame.QUIT))


try:
    play(env, fps=200, noop=1, seed=1)
except ValueError as error:
    print("with the environment's own keys, ValueError:", error)
else:
    raise SystemExit("play takes the environment's own keys now")
env = gymnasium.make("MountainCar-v0", render_mode="rgb_array")
play(env, fps=200, noop=1, callback=seen, seed=1, keys_to_action={k: a for k, a in keys.items() if k})
print("actions:", actions)
if any(code in (pygame.K_LEFT, pygame.K_RIGHT) for press in keys for code in press):
    raise SystemExit("the environment knows pygame 2's arrows now")
if set(actions) != {1}:
    raise SystemExit("the arrows push the car now")
PYTHON
