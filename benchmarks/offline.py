"""What offline learners make of the same recordings, seed by seed.

    python benchmarks/offline.py [--tasks keydoor-1000,keydoor-10000] [--learners behavior_cloning,percent_bc,cql]
                                 [--seeds 0,1,2,3,4] [--data-seeds 1000] [--episodes 200]

Tasks, each a recording that all learners share:

- `keydoor-N`: N episodes of random play in `lab/KeyDoor-v0`. The score is the success rate.
- `cartpole`, `acrobot`, `gridworld`: episodes of this project's own agents at several stages of one training run, with
  several shares of random actions, equally many of each, from the untrained agent on.
- `acrobot_wide`: the same, and players most of whose actions are random: they obtain what lies between failing and the
  others.
- `acrobot_rest`: as `acrobot_wide`, but every episode begins hanging at rest, so that others can obtain the best return
  too; the players act by averaged weights, as by default.
- `pendulum`: the same of SAC's, for continuous actions (learners that take them).
- `pointmass`: the same of mixed quality by noisy controllers, for continuous actions (learners that take them).
  Episodes start in one small circle: anywhere on the floor, the best tenth would be those that start beside the goal.
  In the results, `pointmass-anywhere` is of an earlier version, where they did.

A seed decides the learner's training and evaluation; recordings have seeds of their own (--data-seeds): one for all
seeds, or one for each. The score is the mean return of the weights that training ended with, over --episodes episodes
that neither training nor any choice has seen; nothing is selected. Settings are the learners' defaults but for what
CHOSEN and --set LEARNER.KEY=VALUE say; CHOSEN was tuned on other recordings and other seeds.

A Decision Transformer is asked for the best return in the data; in all tasks but keydoor for the return that its
`search_target_return` finds, in other episodes. There it is besides asked for eight returns: `rank` is Spearman's
correlation of those with the mean returns obtained over 30 episodes each. They divide the range of returns in the data
evenly, each moved to the nearest return of an episode there.

`share of the range` is (score - least return of the recording) / (best - least): where returns are negative, a share of
the best return itself means nothing. The best return of a recording is luck as well, of where its episode began, in
tasks that begin at random such as Acrobot: there stands beside it the mean of the recording's best player, its best
stage of training over 100 other episodes without random actions. Results are added to the output file, task by task.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import machine
import paired
from offline_settings import CHOSEN, SEARCHES
from recordings import recording

LEARNERS = "behavior_cloning,percent_bc,cql,decision_transformer"
RESULTS = Path(__file__).parent / "results"
TARGETS, EPISODES = 8, 30


def spread_targets(returns: Any) -> list[float]:
    """Return returns to ask for, evenly over those of the data, each one that some episode obtained."""
    import numpy as np

    found: Any = []
    # Where a part of the range holds no episode, neighbours share one: then the others lie closer.
    for number in range(TARGETS, 10 * TARGETS):
        evenly = np.linspace(returns.min(), returns.max(), number)
        found = np.unique([returns[np.abs(returns - target).argmin()] for target in evenly])
        if len(found) >= TARGETS:
            break
    return found[np.linspace(0, len(found) - 1, min(TARGETS, len(found))).astype(int)].tolist()


def run_seed(task: str, learner: str, settings: Any, data: Any, seed: int, updates: int, episodes: int) -> Any:
    """Train and judge one learner; return its score, the processor's seconds for it, and what asking obtained."""
    import numpy as np

    from agents import DecisionTransformer
    from agents.decision_transformer.figures.calibration import calibrate
    from lab import Experiment, registry

    experiment = Experiment(registry.learner(learner)(**settings), data, seed=seed, progress=False)
    began = time.process_time()
    experiment.train(updates)
    seconds, agent, asked = time.process_time() - began, experiment.learner, {}
    ask = not task.startswith("keydoor")
    if ask and isinstance(agent, DecisionTransformer):
        tries, shares = SEARCHES.get(task, (20, ()))
        targets = np.unique(np.quantile(data.returns, shares, method="nearest")).tolist() if shares else None
        agent.search_target_return(experiment.task, targets, tries)  # type: ignore[arg-type]
        asked = {"target": agent.target_return}
    row: dict[str, Any] = {"seed": seed, "seconds": seconds, "mean": experiment.evaluate(episodes).mean, **asked}
    if ask and isinstance(agent, DecisionTransformer):
        found = calibrate(agent, experiment.task, spread_targets(data.returns), EPISODES)  # type: ignore[arg-type]
        obtained = found.returns.mean(axis=1).tolist()
        row |= {"asked": found.targets.tolist(), "obtained": obtained, "rank": found.rank_correlation()}
    experiment.close()
    return row


def share_of_range(score: float, data: Any) -> float:
    """Return where a score lies between the least return of its recording, 0, and the best, 1."""
    return (score - data["return_min"]) / (data["return_max"] - data["return_min"])


def table(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    from lab.results.statistics import over_runs

    lines = [
        "# Offline learners on the same recordings",
        "",
        "By `benchmarks/offline.py`; settings in the JSON beside.",
    ]
    for task, one in results.items():
        lines += ["", f"## {task}", ""]
        for seed, d in one["data"].items():
            lines.append(
                f"Recording {seed}: {d['episodes']:,} episodes, {d['steps']:,} steps; returns: mean "
                f"{d['return_mean']:.4g}, top tenth {d['top_tenth']:.4g}, best {d['return_max']:.4g}"
                + (f"; mean of its best player {d['best_player']:.4g}." if "best_player" in d else ".")
            )
        lines += [
            "",
            "| learner | updates | mean over runs [95 % over runs] | std | worst | best | share of the range "
            "| rank of asked and obtained | runs | cpu s |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        for learner, ran in one["learners"].items():
            rows = ran["rows"]
            scores, ranks = [row["mean"] for row in rows], [row["rank"] for row in rows if "rank" in row]
            spread = statistics.stdev(scores) if len(scores) > 1 else float("nan")
            shown = " | ".join(
                [str(over_runs(scores, "mean")), *(f"{n:.4g}" for n in (spread, min(scores), max(scores)))]
            )
            rank = f"{statistics.mean(ranks):.2f} (worst {min(ranks):.2f})" if ranks else ""
            seconds = statistics.mean(row["seconds"] for row in rows)
            only = next(iter(one["data"]))
            shares = [share_of_range(row["mean"], one["data"][str(row.get("recording", only))]) for row in rows]
            share = f"{statistics.mean(shares):.3f} (worst {min(shares):.3f})"
            lines.append(
                f"| {learner} | {ran['updates']:,} | {shown} | {share} | {rank} | {len(rows)} | {seconds:.0f} |"
            )
    return "\n".join([*lines, ""])


def main() -> None:
    """Run the tasks; print a table, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="keydoor-1000,keydoor-10000")
    parser.add_argument("--learners", default=LEARNERS)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--data-seeds", default="1000", help="one for all seeds, or as many as those")
    parser.add_argument("--updates", type=int, help="instead of what CHOSEN says, or 1,000")
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--set", action="append", default=[], metavar="LEARNER.KEY=VALUE")
    parser.add_argument("--output", type=Path, default=RESULTS / "offline.json", help="the .md stands beside it")
    options = parser.parse_args()
    machine.say()
    # Before TensorFlow is loaded: several processes share this machine's cores as a rule.
    os.environ.update(dict.fromkeys(paired.LIMITS, "1"))

    from agents.episodes.selection import best
    from lab import registry
    from lab.config import parse
    from lab.errors import UsageError

    results = paired.saved(options.output)
    seeds, data_seeds = ([int(s) for s in text.split(",")] for text in (options.seeds, options.data_seeds))
    data_seeds = data_seeds * len(seeds) if len(data_seeds) == 1 else data_seeds
    for task in options.tasks.split(","):
        recordings, about = {}, {}
        for seed in dict.fromkeys(data_seeds):
            data, player = recording(task, seed)
            recordings[seed] = data
            top = float(data.returns[best(data.returns, 0.1)].mean())
            about[str(seed)] = {**data.statistics(), "top_tenth": top, "sha256": data.card.sha256}
            if player is not None:
                about[str(seed)]["best_player"] = player
            print(f"{task}: recording {seed}: {data!r}, returns {data.card.returns}", flush=True)
        one = results.setdefault(task, {"data": about, "learners": {}})
        if one["data"] != about:
            one.update(data=about, learners={})
        for learner in options.learners.split(","):
            updates, texts = CHOSEN.get(task.partition("-")[0], {}).get(learner, (1_000, {}))
            own = (s.removeprefix(learner + ".").split("=", 1) for s in options.set if s.startswith(learner + "."))
            texts, updates = {**texts, **dict(own)}, options.updates or updates
            settings = parse(registry.learner(learner).Settings, texts)
            ran: dict[str, Any] = {"updates": updates, "settings": texts, "episodes": options.episodes, "rows": []}
            for seed, data_seed in zip(seeds, data_seeds, strict=True):
                data = recordings[data_seed]
                try:
                    row = run_seed(task, learner, settings, data, seed, updates, options.episodes)
                except UsageError as error:
                    print(f"  {learner}: left out: {error}")
                    break
                ran["rows"].append({**row, "recording": data_seed})
                print(f"  {learner:22}", json.dumps(ran["rows"][-1]), flush=True)
            if not ran["rows"]:
                continue
            one["learners"][learner] = ran
            paired.keep(results, table(results), options.output)
    print(table(results))


if __name__ == "__main__":
    main()
