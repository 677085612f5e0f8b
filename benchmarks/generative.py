"""Every family of generators on one data set, under one metric suite, beside its textbook version at equal time.

Each row is trained in a fresh process on one thread for so many seconds of processor time, the compilation included,
and judged on the test rows by 2,000 samples, or as many as there are training rows where those are fewer. Distances are
of the data set's own classifier (`FD-digits-v1`). `fd_floor` is what as many real training rows get, `fd_ceiling` what
uniform noise gets. `times plain` is the textbook version's Fréchet distance over this row's, seed by seed, where both
were given equal time: rows made by calls with other `--seconds` stand in one table, but are not compared. Rows are
written as they come, and a second call makes those that are missing.

    python benchmarks/generative.py [--source digits] [--rows "VAE,plain VAE"] [--seeds 3] [--first-seed 10]
        [--seconds 40]

Settings were chosen with other seeds and on rows kept from training, never on test rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import machine
import paired

FOLDER = Path(__file__).parent / "results"
SCRIPT = Path(__file__).parent / "families" / "row.py"
# Each row, and its textbook version; what they are is in families/rows.py.
ROWS = {
    "AE + prior": "plain AE",
    "VAE": "plain VAE",
    "VQ-VAE": "plain VAE",
    "DCGAN": "plain GAN",
    "WGAN-GP": "plain GAN",
    "DDPM": "plain denoiser",
    "EDM": "plain denoiser",
    "flow matching": "plain denoiser",
    "diffusion": "plain denoiser",
    **dict.fromkeys(("plain AE", "plain VAE", "plain GAN", "plain denoiser"), ""),
}
# Seeds of the table; those from 100 on were for choosing settings.
FIRST_SEED = 10
COLUMNS = (*("fd", "kid", "precision", "recall", "density", "coverage", "classifier_confidence", "nearest_train"),)
Results = dict[str, dict[str, dict[str, Any]]]


def make(row: str, source: str, seed: int, seconds: float, grid: Path) -> dict[str, Any]:
    """Train and judge one row in a process of its own."""
    limits = dict.fromkeys(paired.LIMITS, "1")
    command = [sys.executable, str(SCRIPT), row, source, str(seed), str(seconds), "--grid", str(grid)]
    done = subprocess.run(
        command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **limits}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{row}, seed {seed} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": seconds, **result}


def times_plain(rows: dict[str, dict[str, Any]], name: str) -> list[float]:
    """Return the textbook version's distance over the row's, for each seed on which both had equal time."""
    plain = rows.get(ROWS[name], {})
    shared = [seed for seed, one in rows[name].items() if seed in plain and plain[seed]["seconds"] == one["seconds"]]
    return [plain[seed]["metrics"]["fd"] / rows[name][seed]["metrics"]["fd"] for seed in shared]


def cell(values: list[float]) -> str:
    """Return the mean, and the least and greatest of several."""
    if len(values) < 2:
        return "".join(f"{value:.3g}" for value in values)
    return f"{statistics.mean(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def table(source: str, rows: dict[str, dict[str, Any]]) -> str:
    """Return one data set's table as Markdown."""
    head = ["row", "seeds", "processor s", "updates", *COLUMNS, "times plain, median (min to max)"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    any_seed: dict[str, Any] = {}
    for name in (name for name in ROWS if name in rows):
        found = list(rows[name].values())
        any_seed = found[0]["metrics"]
        ratios = times_plain(rows, name)
        better = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})" if ratios else ""
        cells = [cell([one["metrics"][column] for one in found]) for column in COLUMNS]
        seconds, updates = ([one[key] for one in found] for key in ("train_seconds", "updates"))
        spent = f"{statistics.mean(seconds):.0f}"
        lines.append(
            f"| {' | '.join([name, str(len(found)), spent, f'{statistics.mean(updates):.0f}', *cells, better])} |"
        )
    floor = {column: any_seed.get(f"{column}_floor", any_seed.get(f"{column}_real")) for column in COLUMNS}
    shown = ["" if floor[column] is None else f"{floor[column]:.3g}" for column in COLUMNS]
    lines.append(f"| real training rows | | | | {' | '.join(shown)} | |")
    lines.append(f"| uniform noise | | | | {any_seed['fd_ceiling']:.3g} |" + " |" * len(COLUMNS))
    return f"## {source}\n\nMean (least to greatest) over seeds.\n\n" + "\n".join(lines) + "\n"


def write(results: Results, folder: Path) -> None:
    """Write all that there is so far."""
    text = "# Generators\n\n" + "\n".join(table(source, rows) for source, rows in results.items())
    paired.keep(results, text, folder / "generative.json")


def main() -> None:
    """Make the rows that are missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="digits")
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--seconds", type=float, default=40.0, help="of processor time, for training each")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of generative.json, generative.md and the grids")
    options = parser.parse_args()
    machine.say()
    results: Results = paired.saved(options.folder / "generative.json")
    rows = results.setdefault(options.source, {})
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name in options.rows.split(","):
            if str(seed) in rows.get(name, {}):
                continue
            grid = options.folder / "generative" / f"{options.source}-{name.replace(' ', '_')}-{seed}.png"
            found = make(name, options.source, seed, options.seconds, grid)
            rows.setdefault(name, {})[str(seed)] = found
            write(results, options.folder)
            print(f"{options.source} {name}, seed {seed}: fd {found['metrics']['fd']:.4g}", flush=True)
    print(table(options.source, rows))


if __name__ == "__main__":
    main()
