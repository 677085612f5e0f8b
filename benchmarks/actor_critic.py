"""What the actor-critics learn with the settings of `agents/tuned_settings.toml`, seed by seed.

    python benchmarks/actor_critic.py [--rows ppo:CartPole-v1,sac:Pendulum-v1] [--seeds N] [--runs DIR] [--table]

Each run is what `lab train AGENT ENVIRONMENT --tuned --seed S` does, in a process with one thread, fresh for each seed
or, in the compiled lane, for a batch of seeds (`Experiment.train_many`). Judged are the weights that training ended
with, acting without chance, in episodes that neither training nor any choice has seen; nothing is selected. Settings
were chosen on seeds from 100 on; reported are seeds from 10 on. Intervals are those of rliable, over runs. `zoo` is
what rl-baselines3-zoo publishes for the same agent and environment (`benchmark.md`: one run each, of as many steps but
for Acrobot's million and BipedalWalker's five; LunarLander-v2, HalfCheetah-v3 and Hopper-v3 there).

A run that was killed goes on from its last checkpoint below --runs, and what the results file has is not run again, but
where the settings have changed: then the row begins anew. `benchmarks/CartPolePositions-v0` shows positions and no
speeds (`positions_only.py`), of which PPO without memory makes little. LunarLander and BipedalWalker take the extra
`box2d`, HalfCheetah and Hopper the extra `mujoco`; rows whose package is missing are left out, and that is said. Runs
that take long have fewer seeds. --table prints the table of what is there, and runs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine
import paired
import positions_only

from agents import Tuned, tuned
from lab import registry
from lab.results.statistics import over_runs

RESULTS = Path(__file__).parent / "results" / "actor_critic.json"
FIRST_SEED = 10
SCRIPT = """
import json, sys, time
from pathlib import Path
sys.path.append({root!r})
from benchmarks import positions_only
from lab import Experiment, registry
positions_only.register()
run, seeds = Path({run!r}), {seeds!r}
fresh = not run.exists()
if fresh:
    learner = registry.learner({agent!r})(**{settings!r})
    keywords = dict(num_envs={num_envs}, run_dir=run, progress=False, checkpoint_every=max(1, {steps} // 10))
    members = Experiment(learner, {environment!r}, **keywords).train_many(seeds, steps={steps})
else:
    members = Experiment.resume_many(run, progress=False)
seconds = time.process_time() / len(seeds) if fresh else None
rows = []
for seed, member in zip(seeds, members, strict=True):
    found = member.evaluate({episodes})
    about = dict(seed=seed, lane=member.task.lane, processor=seconds)
    rows.append(dict(about, mean=found.mean, std=found.std, least=min(found.returns)))
print(json.dumps(rows))
"""


@dataclass(frozen=True)
class Row:
    """An agent in an environment.

    Attributes:
        agent, environment: As `agents.tuned` takes them.
        goal: The least mean return over runs that was aimed at, and `zoo`, what rl-baselines3-zoo has.
        seeds: How many runs.
        episodes: A run is judged in.
        needs: The module that the environment takes.
        together: Runs that are trained side by side, where the compiled lane takes them as one batch.
        own: Settings of an environment that `agents.tuned` does not know.
    """

    agent: str
    environment: str
    goal: float | None
    zoo: float | None
    seeds: int = 5
    episodes: int = 100
    needs: str = "gymnasium"
    together: int = 1
    own: Tuned | None = None

    @property
    def tuned(self) -> dict[str, Any]:
        """What it is trained with but for defaults."""
        return asdict(self.own or tuned(self.agent, self.environment))

    @property
    def name(self) -> str:
        """What --rows calls it."""
        return f"{self.agent}:{self.environment}"


BOTH = dict.fromkeys(("normalise_observations", "normalise_rewards"), True)
POSITIONS = Tuned(
    steps=100_000,
    num_envs=8,
    settings={"rollout_steps": 1024, "minibatch_size": 256, "gae_lambda": 0.9, "learning_rate": 1e-3} | BOTH,
)
# They go to `tuned_settings.toml` when these rows have shown more of what they do.
LANDER = Tuned(
    steps=1_000_000,
    num_envs=16,
    settings={"rollout_steps": 4096, "minibatch_size": 128, "epochs": 8, "learning_rate": 5e-4, "discount": 0.999}
    | {"gae_lambda": 0.98, **BOTH},
)
# In the order of what a reader asks first and of time.
ROWS = (
    Row("ppo", "CartPole-v1", 500.0, 500.0, seeds=10, together=5),
    Row("a2c", "CartPole-v1", 500.0, 500.0, seeds=10, together=5),
    Row("reinforce", "CartPole-v1", 475.0, None, seeds=10, together=5),
    Row("ppo", "Acrobot-v1", -85.0, -73.5, seeds=10, together=5),
    Row("ppo", "Pendulum-v1", -172.2, -172.2, seeds=10, together=5),
    Row("ppo", "LunarLander-v3", 240.0, 242.1, needs="Box2D"),
    Row("td3", "Pendulum-v1", -150.0, -151.9, together=5),
    Row("sac", "Pendulum-v1", -150.0, -157.0, together=5),
    Row("recurrent_ppo", positions_only.NAME, 400.0, None, together=5, own=POSITIONS),
    Row("ppo", positions_only.NAME, None, None, together=5, own=POSITIONS),
    Row("ppo", "BipedalWalker-v3", 280.0, 213.3, seeds=3, needs="Box2D"),
    Row("ppo", "LunarLanderContinuous-v3", 250.0, 270.9, seeds=3, needs="Box2D", own=LANDER),
    Row("ppo", "HalfCheetah-v5", 5819.1, 5819.1, seeds=2, episodes=20, needs="mujoco"),
    Row("ppo", "Hopper-v5", 2410.4, 2410.4, seeds=2, episodes=20, needs="mujoco"),
)


def whole(row: Row) -> dict[str, Any]:
    """Return what a row is trained with, the defaults too, as JSON values."""
    chosen = row.tuned
    settings = registry.learner(row.agent).Settings(**chosen["settings"]).to_dict()
    # JSON has no infinity.
    return {**chosen, "settings": {k: str(v) if v == float("inf") else v for k, v in settings.items()}}


def run_seeds(row: Row, seeds: list[int], runs: Path) -> list[dict[str, Any]]:
    """Train and judge seeds in a fresh process."""
    # A run of other settings must not be taken for one of these.
    mark = hashlib.sha256(json.dumps(whole(row), sort_keys=True).encode()).hexdigest()[:8]
    run = runs / "-".join([row.agent, row.environment.replace("/", "-"), mark, *map(str, seeds)])
    code = SCRIPT.format(
        run=str(run),
        agent=row.agent,
        environment=row.environment,
        seeds=seeds,
        episodes=row.episodes,
        root=str(Path(__file__).resolve().parents[1]),
        **row.tuned,
    )
    rows: Any = paired.run(f"{row.name}, seeds {seeds}", sys.executable, code, threads=1)
    return list(rows)


def table(found: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [
        "# What the actor-critics learn",
        "",
        "By `benchmarks/actor_critic.py`; settings in `agents/tuned_settings.toml`.",
        "",
        "| agent | environment | steps | lane | goal | zoo | IQM [95 %] | mean | worst seed | seeds | cpu min |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        kept = found.get(row.name)
        if kept is None or not kept["runs"]:
            continue
        means, runs = [run["mean"] for run in kept["runs"]], kept["runs"]
        seconds = [run["processor"] for run in runs if run["processor"] is not None]
        numbers = [f"{statistics.mean(means):.1f}", f"{min(means):.1f}", _seeds(runs)]
        minutes = f"{statistics.mean(seconds) / 60:.1f}" if seconds else ""
        goal, zoo = ("" if one is None else f"{one:g}" for one in (row.goal, row.zoo))
        first = [
            f"`{row.agent}`",
            row.environment,
            f"{kept['tuned']['steps']:,}",
            runs[0]["lane"],
            goal,
            zoo,
        ]
        lines.append(f"| {' | '.join([*first, str(over_runs(means)), *numbers, minutes])} |")
    return "\n".join([*lines, ""])


def _seeds(runs: list[dict[str, Any]]) -> str:
    seeds = sorted(run["seed"] for run in runs)
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])


def main() -> None:
    """Run what is missing; print a table, and write JSON and Markdown after every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help="AGENT:ENVIRONMENT, with commas between (default: all)")
    parser.add_argument("--seeds", type=int, help="runs of each row (default: its own number)")
    parser.add_argument("--runs", type=Path, default=Path("runs/actor_critic"), help="where runs are kept")
    parser.add_argument("--table", action="store_true", help="print the table of what is there, and run nothing")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the .md stands beside it")
    options = parser.parse_args()
    found = paired.saved(options.output)
    if options.table:
        print(table(found))
        return
    about = machine.say()
    names = [row.name for row in ROWS] if options.rows is None else options.rows.split(",")
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        parser.error(
            f"--rows received {', '.join(sorted(unknown))}; expected some of {', '.join(r.name for r in ROWS)}"
        )
    for row in (row for row in ROWS if row.name in names):
        if importlib.util.find_spec(row.needs) is None:
            print(f"{row.name} is left out: {row.needs} is not installed", flush=True)
            continue
        chosen = whole(row)
        kept = found.get(row.name, {})
        if kept.get("tuned") != chosen:
            kept = {"tuned": chosen, "episodes": row.episodes, "runs": []}
        have = {run["seed"] for run in kept["runs"]}
        left = [s for s in range(FIRST_SEED, FIRST_SEED + (options.seeds or row.seeds)) if s not in have]
        for seeds in (left[i : i + row.together] for i in range(0, len(left), row.together)):
            kept["runs"] += run_seeds(row, seeds, options.runs)
            for run in kept["runs"][-len(seeds) :]:
                print(row.name, run, flush=True)
            # Another process may have added rows of its own meanwhile.
            found = {**paired.saved(options.output), row.name: kept, "machine": about}
            paired.keep(found, table(found), options.output)
    print(table(found))


if __name__ == "__main__":
    main()
