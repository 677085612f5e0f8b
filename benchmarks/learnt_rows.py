"""Tables of what agents learn, seed by seed: the rows, the processes that train them, and the files that keep them.

Shared by `actor_critic.py` and `value_based.py`, which say what the rows are and what is judged.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine
import paired

from agents import Tuned, tuned
from lab import registry
from lab.results.statistics import over_runs

SCRIPT = """
import json, sys, time
from pathlib import Path
sys.path.append({root!r})
{prepare}
from lab import Experiment, registry
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
        own: Settings that `agents.tuned` does not know.
        variant: What the row is called where several are of one agent; else the agent's name.
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
    variant: str = ""

    @property
    def tuned(self) -> dict[str, Any]:
        """What it is trained with but for defaults."""
        return asdict(self.own or tuned(self.agent, self.environment))

    @property
    def name(self) -> str:
        """What --rows calls it."""
        return f"{self.variant or self.agent}:{self.environment}"


@dataclass(frozen=True)
class Table:
    """Rows, and what is said of them.

    Attributes:
        rows: In the order of what a reader asks first and of time.
        heading, source: Of the Markdown: its title, and a line of where it is from.
        results: The JSON; the Markdown stands beside it.
        runs: Where runs are kept.
        first_seed: Of each row.
        prepare: Python that each process runs first.
    """

    rows: Sequence[Row]
    heading: str
    source: str
    results: Path
    runs: Path
    first_seed: int
    prepare: str = ""

    def main(self, description: str | None) -> None:
        """Run what is missing; print a table, and write JSON and Markdown after every run."""
        options = self.parser(description).parse_args()
        if options.table:
            print(self.markdown(paired.saved(options.output)))
            return
        about = machine.say()
        names = [row.name for row in self.rows] if options.rows is None else options.rows.split(",")
        for row in (row for row in self.rows if row.name in names):
            if importlib.util.find_spec(row.needs) is None:
                print(f"{row.name} is left out: {row.needs} is not installed", flush=True)
            else:
                self.fill(row, options, about)
        print(self.markdown(paired.saved(options.output)))

    def parser(self, description: str | None) -> argparse.ArgumentParser:
        """Return the options that such tables have."""

        def rows(text: str) -> str:
            unknown = set(text.split(",")) - {row.name for row in self.rows}
            if unknown:
                expected = ", ".join(row.name for row in self.rows)
                raise argparse.ArgumentTypeError(f"received {', '.join(sorted(unknown))}; expected some of {expected}")
            return text

        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--rows", type=rows, help="AGENT:ENVIRONMENT, with commas between (default: all)")
        parser.add_argument("--seeds", type=int, help="runs of each row (default: its own number)")
        parser.add_argument("--runs", type=Path, default=self.runs, help="where runs are kept")
        parser.add_argument("--table", action="store_true", help="print the table of what is there, and run nothing")
        parser.add_argument("--output", type=Path, default=self.results, help="the .md stands beside it")
        return parser

    def fill(self, row: Row, options: argparse.Namespace, about: dict[str, Any]) -> None:
        """Run the seeds that a row lacks, and keep each."""
        chosen = whole(row)
        kept = paired.saved(options.output).get(row.name, {})
        if not kept or not same(kept["tuned"], chosen):
            kept = {"tuned": chosen, "episodes": row.episodes, "runs": []}
        have = {run["seed"] for run in kept["runs"]}
        wanted = range(self.first_seed, self.first_seed + (options.seeds or row.seeds))
        left = [seed for seed in wanted if seed not in have]
        for seeds in (left[i : i + row.together] for i in range(0, len(left), row.together)):
            kept["runs"] += self.run_seeds(row, seeds, options.runs)
            for run in kept["runs"][-len(seeds) :]:
                print(row.name, run, flush=True)
            # Another process may have added rows of its own meanwhile.
            found = {**paired.saved(options.output), row.name: kept, "machine": about}
            paired.keep(found, self.markdown(found), options.output)

    def run_seeds(self, row: Row, seeds: list[int], runs: Path) -> list[dict[str, Any]]:
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
            prepare=self.prepare,
            **row.tuned,
        )
        rows: Any = paired.run(f"{row.name}, seeds {seeds}", sys.executable, code, threads=1)
        return list(rows)

    def markdown(self, found: dict[str, Any]) -> str:
        """Return the results as Markdown."""
        lines = [
            f"# {self.heading}",
            "",
            self.source,
            "",
            "| agent | environment | steps | lane | goal | zoo | IQM [95 %] | mean | worst seed | seeds | cpu min |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            kept = found.get(row.name)
            if kept is None or not kept["runs"]:
                continue
            means, runs = [run["mean"] for run in kept["runs"]], kept["runs"]
            seconds = [run["processor"] for run in runs if run["processor"] is not None]
            numbers = [f"{statistics.mean(means):.1f}", f"{min(means):.1f}", _seeds(runs)]
            minutes = f"{statistics.mean(seconds) / 60:.1f}" if seconds else ""
            goal, zoo = ("" if one is None else f"{one:g}" for one in (row.goal, row.zoo))
            first = [
                f"`{row.variant or row.agent}`",
                row.environment,
                f"{kept['tuned']['steps']:,}",
                runs[0]["lane"],
                goal,
                zoo,
            ]
            lines.append(f"| {' | '.join([*first, str(over_runs(means)), *numbers, minutes])} |")
        return "\n".join([*lines, ""])


def whole(row: Row) -> dict[str, Any]:
    """Return what a row is trained with, the defaults too, as JSON values."""
    chosen = row.tuned
    settings = registry.learner(row.agent).Settings(**chosen["settings"]).to_dict()
    # JSON has no infinity.
    return {**chosen, "settings": {k: str(v) if v == float("inf") else v for k, v in settings.items()}}


def same(kept: dict[str, Any], chosen: dict[str, Any]) -> bool:
    """Return whether runs that are kept had these settings; one that is new since then means by default what was."""
    mine, theirs = ({**one, **one["settings"]} for one in (kept, chosen))
    return all(theirs.get(name) == value for name, value in mine.items() if name != "settings")


def _seeds(runs: list[dict[str, Any]]) -> str:
    seeds = sorted(run["seed"] for run in runs)
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
