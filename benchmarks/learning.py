"""What the defaults learn, seed by seed, through the command line as a user would.

Each job is `lab train LEARNER SOURCE --seed S` with default settings and `lab evaluate RUN --episodes N --json`: the
best checkpoint, judged on seeds that neither training nor the choice of the checkpoint has seen. `last` is the mean
return of the weights that training ended with, `solved at` the step of the first evaluation during training (one each
sixteenth of the run) that reached the criterion.

    python benchmarks/learning.py [--jobs dqn,q_learning] [--lanes host,compiled] [--seeds 10] [--workers 2]

Lanes take the same seeds; `auto`, the default, is the lane that a user gets.

Settings were tuned on seeds from 100 on, and earlier ones had been reported on seeds 0 to 79. Reported are seeds 90 to
99 for DQN in the lane that a user gets, 20 to 29 in both lanes, and 60 to 64 for Q-learning; with three steps of reward
seeds 20 to 39 (they had been tried on seeds 0 to 19 and on twenty that were not taken down).
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import machine
import paired

from lab.results.statistics import over_runs

JOBS = {
    "dqn": ("dqn", "CartPole-v1", 100, 475.0, []),
    "dqn_three_steps": ("dqn", "CartPole-v1", 100, 475.0, ["--set", "n_steps=3"]),
    "q_learning": ("q_learning", "FrozenLake-v1", 1000, 0.70, []),
}


def run_seed(job: str, lane: str, seed: int, directory: Path) -> dict[str, float]:
    """Train and evaluate one seed in fresh processes; return its scores and seconds."""
    learner, source, episodes, threshold, more = JOBS[job]
    run = directory / f"{job}-{lane}-{seed}"
    one = dict.fromkeys(paired.LIMITS, "1")
    began = time.perf_counter()
    trained = lab(
        ["train", learner, source, "--seed", str(seed), "--run", str(run), "--set", f"lane={lane}", *more], one
    )
    seconds = time.perf_counter() - began
    best = json.loads(lab(["evaluate", str(run), "--episodes", str(episodes), "--json"], one))
    last = re.search(r"last +Evaluation\(step=\d+, mean=([-\d.e+]+)", trained)
    if last is None:
        raise SystemExit(f"seed {seed}: no score in the output of `lab train`:\n{trained}")
    judged = [json.loads(line) for line in (run / "evaluations.jsonl").read_text().splitlines()]
    reached = [row["step"] for row in judged if row["purpose"] == "training" and row["mean"] >= threshold]
    scores = {"best": best["mean"], "last": float(last[1]), "solved_at": min(reached, default=0)}
    return {"seed": seed, **scores, "seconds": seconds}


def lab(arguments: list[str], variables: dict[str, str]) -> str:
    """Run the `lab` command and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"lab {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Run the jobs and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--lanes", default="auto")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2, help="runs side by side, one thread each")
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    options = parser.parse_args()
    machine.say()
    result = {}
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as pool:
        for job, lane in itertools.product(options.jobs.split(","), options.lanes.split(",")):
            rows = list(pool.map(lambda seed, job=job, lane=lane: run_seed(job, lane, seed, Path(folder)), seeds))
            threshold = JOBS[job][3]
            solved = sum(row["best"] >= threshold for row in rows)
            print(f"{job}, lane {lane}: best checkpoint >= {threshold:g} for {solved} of {len(rows)} seeds")
            for which in ("best", "last"):
                scores = over_runs([row[which] for row in rows])
                print(f"  {which}: IQM over {scores.runs} runs {scores}, worst {min(row[which] for row in rows):.4g}")
            for row in rows:
                print(
                    "  seed {seed:3d}   best {best:8.3f}   last {last:8.3f}   solved at {solved_at:6d}   "
                    "{seconds:6.1f} s".format(**row),
                    flush=True,
                )
            found = {w: dataclasses.asdict(over_runs([row[w] for row in rows])) for w in ("best", "last")}
            result[f"{job}, lane {lane}"] = {"threshold": threshold, "solved": solved, "over_runs": found, "rows": rows}
    print(json.dumps(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
