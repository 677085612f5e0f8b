"""What offline learners make of the same recordings, seed by seed.

    python benchmarks/offline.py [--tasks keydoor-1000,keydoor-10000] [--learners behavior_cloning,percent_bc,cql]
                                 [--seeds 0,1,2,3,4] [--updates 5000] [--episodes 200]

Tasks, each a recording that all learners share:

- `keydoor-N`: N episodes of random play in `lab/KeyDoor-v0`. The score is the success rate.
- `cartpole`, `acrobot`, `gridworld`: episodes of this project's own agents at several stages of one training run each,
  equally many of each stage, from the untrained one on.
- `pointmass`: the same of mixed quality by a noisy controller, for continuous actions (learners that take them).

Learners that are not installed are left out, with a line that says so. A seed decides the learner's training and
evaluation; the recording has a seed of its own (--data-seed), the same for all. The score is the mean return of the
weights that training ended with, over --episodes episodes that neither training nor any choice has seen; nothing is
selected. Defaults of every learner, unless --set LEARNER.KEY=VALUE says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paired

LEARNERS = "behavior_cloning,percent_bc,cql,decision_transformer"
RESULTS = Path(__file__).parent / "results"
STAGES = 4


def staged(learner: str, source: str, steps: int, settings: dict[str, Any]) -> Callable[[int], Any]:
    """Return a function of a seed that records an agent at several stages of its training."""

    def make(seed: int) -> Any:
        from agents import Episodes
        from agents.episodes import record
        from lab import Experiment, registry

        experiment = Experiment(registry.learner(learner)(**settings), source, seed=seed, progress=False)
        parts = []
        for stage in range(STAGES):
            if stage:
                experiment.train(steps // (STAGES - 1))
            part = record(experiment.learner, source, episodes=100, seed=seed + stage, epsilon=0.1)
            parts.append(part)
        return Episodes.mix(parts)

    return make


def random_keydoor(episodes: int) -> Callable[[int], Any]:
    """Return a function of a seed that records random play."""

    def make(seed: int) -> Any:
        from agents import Random
        from agents.episodes import record

        return record(Random(), "lab/KeyDoor-v0", episodes=episodes, seed=seed)

    return make


def point_mass(seed: int) -> Any:
    """Record a controller that pushes towards the goal, at four levels of noise."""
    import numpy as np

    from agents import Episodes
    from agents.episodes import record
    from envs.point_mass import GOAL

    def controller(noise: float) -> Callable[[Any, Any], Any]:
        def policy(observation: Any, rng: Any) -> Any:
            towards = 2.0 * (GOAL[:2] - observation[:2]) - 2.0 * observation[2:]
            return np.clip(towards + noise * rng.normal(size=2), -1, 1).astype(np.float32)

        return policy

    parts = []
    for level, noise in enumerate((0.1, 0.5, 1.0, 3.0)):
        name = f"a controller with noise {noise}"
        parts.append(record(controller(noise), "lab/PointMass-v0", episodes=50, seed=seed + level, name=name))
    return Episodes.mix(parts)


TASKS: dict[str, Callable[[int], Any]] = {
    "cartpole": staged("dqn", "CartPole-v1", 30_000, {"learning_rate_steps": 30_000}),
    "acrobot": staged("dqn", "Acrobot-v1", 30_000, {"learning_rate_steps": 30_000}),
    "gridworld": staged("q_learning", "lab/GridWorld-v0", 30_000, {"epsilon_steps": 20_000}),
    "pointmass": point_mass,
}


def recording(task: str, seed: int) -> Any:
    """Return the recording of a task."""
    name, _, number = task.partition("-")
    if name == "keydoor" and number.isdigit():
        return random_keydoor(int(number))(seed)
    if task not in TASKS:
        raise SystemExit(f"no task is called {task!r}; there are keydoor-N, {', '.join(TASKS)}")
    return TASKS[task](seed)


def run_seed(learner: str, settings: dict[str, Any], data: Any, seed: int, updates: int, episodes: int) -> Any:
    """Train and judge one learner; return its score and the seconds that training took."""
    from lab import Experiment, registry

    experiment = Experiment(registry.learner(learner)(**settings), data, seed=seed, progress=False)
    began = time.perf_counter()
    experiment.train(updates)
    seconds = time.perf_counter() - began
    mean = experiment.evaluate(episodes).mean
    experiment.close()
    return {"seed": seed, "mean": mean, "seconds": seconds}


def table(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = []
    for task, one in results["tasks"].items():
        d = one["data"]
        lines += [
            f"## {task}",
            "",
            f"{d['episodes']:,} episodes, {d['steps']:,} steps; returns: mean {d['return_mean']:.4g}, top tenth "
            f"{d['top_tenth']:.4g}, best {d['return_max']:.4g}.",
            "",
            "| learner | mean over seeds | std | worst | best | seeds | seconds a seed |",
            "|---|---|---|---|---|---|---|",
        ]
        for learner, rows in one["learners"].items():
            scores = [row["mean"] for row in rows]
            spread = statistics.stdev(scores) if len(scores) > 1 else float("nan")
            numbers = (statistics.mean(scores), spread, min(scores), max(scores))
            shown = " | ".join(f"{number:.4g}" for number in numbers)
            seconds = statistics.mean(row["seconds"] for row in rows)
            lines.append(f"| {learner} | {shown} | {len(rows)} | {seconds:.1f} |")
        lines.append("")
    o = results["options"]
    head = [
        "# Offline learners on the same recordings",
        "",
        f"`benchmarks/offline.py`: {o['updates']:,} updates, score over {o['episodes']} episodes a seed, seeds "
        f"{o['seeds']}, recording seed {o['data_seed']}, settings {o['set'] or 'the defaults'}.",
        "",
    ]
    return "\n".join([*head, *lines])


def main() -> None:
    """Run the tasks; print a table, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="keydoor-1000,keydoor-10000")
    parser.add_argument("--learners", default=LEARNERS)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--data-seed", type=int, default=1_000)
    parser.add_argument("--updates", type=int, default=5_000)
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--set", action="append", default=[], metavar="LEARNER.KEY=VALUE")
    parser.add_argument("--output", type=Path, default=RESULTS / "offline.json", help="the .md stands beside it")
    options = parser.parse_args()
    # Before TensorFlow is loaded: several processes share this machine's cores as a rule.
    os.environ.update(dict.fromkeys(paired.LIMITS, "1"))

    from agents.episodes.selection import best
    from lab import registry
    from lab.config import parse
    from lab.errors import UsageError

    chosen = {name: value for name, value in vars(options).items() if name != "output"}
    results: dict[str, Any] = {"options": chosen, "tasks": {}}
    known, seeds = registry.names("lab.agents"), [int(seed) for seed in options.seeds.split(",")]
    for task in options.tasks.split(","):
        data = recording(task, options.data_seed)
        top = float(data.returns[best(data.returns, 0.1)].mean())
        about = {**data.statistics(), "top_tenth": top, "policy": data.card.policy, "sha256": data.card.sha256}
        results["tasks"][task] = {"data": about, "learners": {}}
        print(f"{task}: {data!r}, returns {data.card.returns}", flush=True)
        for learner in options.learners.split(","):
            if learner not in known:
                print(f"  {learner} is not installed: left out")
                continue
            texts = dict(
                s.removeprefix(learner + ".").split("=", 1) for s in options.set if s.startswith(learner + ".")
            )
            settings = parse(registry.learner(learner).Settings, texts)
            rows = []
            for seed in seeds:
                try:
                    rows.append(run_seed(learner, settings, data, seed, options.updates, options.episodes))
                except UsageError as error:
                    print(f"  {learner}: left out: {error}")
                    break
                print(
                    "  {:22} seed {seed:3d}  mean {mean:9.3f}  {seconds:6.1f} s".format(learner, **rows[-1]), flush=True
                )
            if rows:
                results["tasks"][task]["learners"][learner] = rows
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=1) + "\n")
    options.output.with_suffix(".md").write_text(table(results))
    print(table(results))


if __name__ == "__main__":
    main()
