#!/usr/bin/env bash
# MinAtar 1.0.15, through its Gymnasium environments (Gymnasium 1.4.0, NumPy 2.4.6), seen 2026-11-28:
# `reset(seed=...)` seeds the generator but keeps the action before it. With sticky actions (probability 0.1 by default) the first
# step of a seeded episode may repeat an action of the episode before, so that equal seeds and actions give another episode in an
# environment that has played than in a fresh one. Who replays episodes from their seeds alone gets other returns for some of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check MinAtar==1.0.15 gymnasium==1.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import gymnasium
from minatar.gym import register_envs

register_envs()
STAY, LEFT = 0, 1


def first_step(env, seed):
    env.reset(seed=seed)
    return env.step(STAY)[0]


def make():
    return gymnasium.make("MinAtar/Breakout-v1", disable_env_checker=True)


differing = 0
for seed in range(200):
    played = make()
    played.reset(seed=1_000 + seed)
    for _ in range(3):
        played.step(LEFT)
    differing += bool((first_step(make(), seed) != first_step(played, seed)).any())
print(f"{differing} of 200 seeds: after reset(seed) and the same action, an environment that has played shows another picture")
assert 5 <= differing <= 40, "MinAtar does otherwise now"
PYTHON
