#!/usr/bin/env bash
# wandb 0.31.0, offline, seen 2026-11-30: once a process has called `wandb.init`, its environment holds WANDB_SERVICE, and processes that it
# starts share its service. If such a child is killed (kill -9), the run that it had open cannot be opened again by the parent:
# ServerResponseError, "run ID example is in use", which is no `wandb.Error`. Without that variable the run opens. So what restarts killed
# trainings has to start them without it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0
cd "$folder"
cat > both.py <<'PYTHON'
import importlib.metadata
import os
import subprocess
import sys

import wandb

CHILD = """
import os, signal, wandb
run = wandb.init(project="lab", id="example", mode="offline", resume="allow")
run.log({"loss": 1.0}, step=1)
os.kill(os.getpid(), signal.SIGKILL)
"""

def main():
    print("wandb", importlib.metadata.version("wandb"))
    wandb.init(project="lab", id="earlier", mode="offline").finish()
    print("WANDB_SERVICE in the environment:", "WANDB_SERVICE" in os.environ)
    seen = {}
    for inherits in (False, True):
        env = {k: v for k, v in os.environ.items() if inherits or k != "WANDB_SERVICE"}
        done = subprocess.run([sys.executable, "-c", CHILD], env=env, capture_output=True)
        try:
            wandb.init(project="lab", id="example", mode="offline", resume="allow").finish()
            outcome = "opens"
        except Exception as error:
            outcome = f"{type(error).__name__} ({'' if isinstance(error, wandb.Error) else 'no '}wandb.Error): {error}"
        print("a child that", "inherits it" if inherits else "does not", "ends with", done.returncode, "and then its run:", outcome)
        seen[inherits] = outcome
    if seen[False] != "opens" or not seen[True].startswith("ServerResponseError (no wandb.Error)"):
        raise SystemExit("that has changed")

if __name__ == "__main__":
    main()
PYTHON
WANDB_SILENT=true "$folder/venv/bin/python" both.py
