"""What playing adds to a Decision Transformer that was trained on a mediocre recording, seed by seed.

    python benchmarks/online.py [--seeds 0,1,2,3,4] [--data-seeds 2051,2052,2053,2054,2055] [--episodes 100]

`OnlineDecisionTransformer` learns from those episodes of the recording `cartpole` of `benchmarks/offline.py` that
obtained at most 100 of 500, and is judged; then it goes on to learn from episodes that it plays itself, and is judged
again, each time in episodes that neither training nor any choice has seen. It is asked for the best return that it
knows of, which rises as it plays. A seed decides training and evaluation, and each has a recording of its own. Beside
it stands the same agent after as many updates on the recording alone. Settings were tuned on recording 1901 and seeds
from 100 on.
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
import recordings

RESULTS = Path(__file__).parent / "results" / "online.json"
MOST = 100
UPDATES = 3_000
# With 200 episodes in the buffer and 100 updates a round, 172 was obtained on recording 1901 where these obtained 344.
SETTINGS: dict[str, Any] = {
    "offline_updates": 1_000,
    "updates_per_round": 50,
    "buffer_episodes": 100,
    "batch_size": 128,
    "average_decay": 0.0,
}


def mediocre(seed: int) -> Any:
    """Return the episodes of a recording of CartPole that obtained little."""
    data, _ = recordings.recording("cartpole", seed)
    return data.take(data.returns <= MOST)


def run_seed(seed: int, data: Any, episodes: int) -> dict[str, Any]:
    """Train with and without playing; return what each obtained, and the processor's seconds."""
    from agents import OnlineDecisionTransformer
    from lab import Experiment

    began = time.process_time()
    row: dict[str, Any] = {
        "seed": seed,
        "data_mean": float(data.returns.mean()),
        "data_best": float(data.returns.max()),
    }
    experiment = Experiment(OnlineDecisionTransformer(**SETTINGS), data, seed=seed, progress=False)
    experiment.train(SETTINGS["offline_updates"])
    row["before"] = experiment.evaluate(episodes).mean
    experiment.train(UPDATES - SETTINGS["offline_updates"])
    row["after"] = experiment.evaluate(episodes).mean
    row["asked"], row["played"] = experiment.learner.best_return, experiment.task.episodes  # type: ignore[attr-defined]
    experiment.close()
    alone = {**SETTINGS, "offline_updates": UPDATES}
    experiment = Experiment(OnlineDecisionTransformer(**alone), data, seed=seed, progress=False)
    experiment.train(UPDATES)
    row["without_playing"] = experiment.evaluate(episodes).mean
    experiment.close()
    return {**row, "seconds": time.process_time() - began}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the results as Markdown."""
    lines = [
        "# Fine-tuning a Decision Transformer by playing",
        "",
        "By `benchmarks/online.py`; settings in `online.json`.",
        "",
        "| seed | recording | mean of the recording | best | before | after | episodes played | without playing |",
        "|---|---|---|---|---|---|---|---|",
    ]
    keys = ("data_mean", "data_best", "before", "after", "played", "without_playing")
    for row in rows:
        shown = " | ".join(f"{row[key]:.4g}" for key in keys)
        lines.append(f"| {row['seed']} | {row['recording']} | {shown} |")
    means = " | ".join(f"{statistics.mean(row[key] for row in rows):.4g}" for key in keys)
    return "\n".join([*lines, f"| mean | | {means} |", ""])


def main() -> None:
    """Run the seeds; print a table, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--data-seeds", default="2051,2052,2053,2054,2055", help="as many as seeds")
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--output", type=Path, default=RESULTS, help="the .md stands beside it")
    options = parser.parse_args()
    machine.say()
    os.environ.update(dict.fromkeys(paired.LIMITS, "1"))
    seeds, data_seeds = ([int(s) for s in text.split(",")] for text in (options.seeds, options.data_seeds))
    rows = []
    for seed, data_seed in zip(seeds, data_seeds, strict=True):
        rows.append({**run_seed(seed, mediocre(data_seed), options.episodes), "recording": data_seed})
        print(json.dumps(rows[-1]), flush=True)
        results = {"updates": UPDATES, "settings": SETTINGS, "episodes": options.episodes, "rows": rows}
        paired.keep(results, table(rows), options.output)
    print(table(rows))


if __name__ == "__main__":
    main()
