#!/usr/bin/env bash
# gymnasium-robotics 1.4.2 with mujoco 4.0.0 and Gymnasium 1.4.0, seen 2026-11-28: pip installs them together without a word, Gymnasium's
# own MuJoCo environments run, but FetchReach-v4 raises an AssertionError in its first `reset(seed=...)`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gymnasium-robotics==1.4.2 mujoco==4.0.0 gymnasium==1.4.0 imageio
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata

import gymnasium
import gymnasium_robotics

gymnasium.register_envs(gymnasium_robotics)
print({name: importlib.metadata.version(name) for name in ("gymnasium", "gymnasium-robotics", "mujoco")})
hopper = gymnasium.make("Hopper-v5")
observation, _ = hopper.reset(seed=1)
print("Hopper-v5: reset gives", observation.shape)
try:
    gymnasium.make("FetchReach-v4").reset(seed=1)
except AssertionError as error:
    trace, where = error.__traceback__, ""
    while trace is not None:
        where, trace = trace.tb_frame.f_code.co_name, trace.tb_next
    print("FetchReach-v4: AssertionError in", where)
else:
    raise SystemExit("FetchReach-v4 resets now")
PYTHON
