"""Actor-critics against their peers: environment steps per second, paired.

A job is one setting on all its sides. `sac` is SAC on Pendulum-v1, networks 256-256, batch 256, an update every step,
one environment, stable-baselines3's own defaults. The sides take turns in fresh processes, so that a machine whose
speed drifts drifts for all of them; ratios are to a job's first side, taken pair by pair. Start-up, compilation and the
first steps are left out. `per processor second` divides by the process's own time instead of the clock's: on a machine
that is shared it says more.

    python benchmarks/actor_critic_speed.py [--pairs 5] [--threads 1] [--jobs sac] [--sides "lab, host"]
        [--peer-python PYTHON] [--shorter 4] [--output FILE]

Needs `pip install stable-baselines3` (with torch), and for its sides `sbx-rl` (with jax), in the peer's Python.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import paired

TIMED = """
import json, time
def timed(train, steps):
    wall, own = time.perf_counter(), time.process_time()
    train(steps)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    print(json.dumps(dict(wall=steps / wall, own=steps / own)))
"""

SAC_LAB = """
from agents import SAC
from lab import Experiment
agent = SAC(learning_rate=3e-4, replay_capacity=100_000, learning_starts=100)
experiment = Experiment(agent, "Pendulum-v1", seed={seed}, lane="{lane}", progress=False)
experiment.train(500)
timed(experiment.train, {steps})
"""

SAC_PEER = """
import torch
torch.set_num_threads({threads} or torch.get_num_threads())
from {package} import SAC
model = SAC("MlpPolicy", "Pendulum-v1", learning_rate=3e-4, buffer_size=100_000, learning_starts=100, seed={seed})
model.learn(500)
timed(lambda steps: model.learn(steps, reset_num_timesteps=False), {steps})
"""


class Side(NamedTuple):
    """How a side is run: its script, the words that fill it in, and the steps that are timed."""

    script: str
    words: dict[str, str]
    steps: int
    is_peer: bool = False


PEER = "stable-baselines3"
# The first side of each job is the one that ratios are to.
JOBS: dict[str, dict[str, Side]] = {
    "sac": {
        PEER: Side(SAC_PEER, {"package": "stable_baselines3"}, 2_000, True),
        "sbx": Side(SAC_PEER, {"package": "sbx"}, 2_000, True),
        "lab, host": Side(SAC_LAB, {"lane": "host"}, 4_000),
        "lab, compiled": Side(SAC_LAB, {"lane": "compiled"}, 4_000),
    },
}


def main() -> None:
    """Measure the sides of the jobs in turn, and print tables and one JSON object."""
    parser = paired.arguments(__doc__)
    names = list(dict.fromkeys(side for sides in JOBS.values() for side in sides))
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--sides", nargs="+", choices=names, default=names, help="each job's first one always runs")
    parser.add_argument("--shorter", type=int, default=1, help="divides the steps that are timed")
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs}
    for job in options.jobs:
        first, *others = JOBS[job]
        sides = [first, *(side for side in others if side in options.sides)]
        found: dict[str, list[Any]] = {side: [] for side in sides}
        for seed in range(options.pairs):
            for name in sides:
                side = JOBS[job][name]
                words = {**side.words, "steps": side.steps // options.shorter, "threads": options.threads}
                script = TIMED + side.script.format(**words, seed=seed)
                python = options.peer_python if side.is_peer else sys.executable
                found[name].append(paired.run(name, python, script, options.threads))
        result[job] = {}
        for key, unit in (("wall", "steps/s"), ("own", "per processor second")):
            print(f"\n{job}, {unit}")
            speeds = {side: [one[key] for one in rows] for side, rows in found.items()}
            result[job][key] = paired.table(speeds, first, "steps/s")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
