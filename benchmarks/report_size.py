"""How large a report of many long runs is, how long it takes to write, and how soon a browser answers on it.

Twenty runs of 100,000 rows of eight metrics each, of noise with a spike in a single row, are written to a temporary
folder, then `write_report` is timed. Where there is a Chromium and Playwright, the page is opened at 1280 pixels by
three fresh browsers. By the clock of the page, from the beginning of its loading: when all of it was read and its
script had set up every control, when it had answered a click, and when it was at its first charts and had drawn them.

    python benchmarks/report_size.py [--runs 20] [--rows 100000] [--output benchmarks/results/report_size.json]
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np

from lab.reporting import write_report

METRICS = ("return", "length", "loss", "gradient_norm", "value", "epsilon", "learning_rate", "td_error")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
OPENINGS = 3
SPIKE = 1e6


def write_run(run: Path, seed: int, rows: int) -> None:
    """Write a run as `Experiment` would, with a spike of its loss in one row."""
    run.mkdir(parents=True)
    settings = {"learning_rate": 0.001 * (1 + seed // 5), "hidden_sizes": [128, 64], "discount": 0.99}
    config = {
        "format": 1, "learner": "dqn", "settings": settings, "source": "CartPole-v1", "seed": seed % 5, "num_envs": 1,
        "lane": "auto", "lane_used": "compiled", "log_every": 10, "evaluate_every": rows, "checkpoint_every": None,
        "video_every": None, "callbacks": [], "steps": 10 * rows,
        "task": {"action_space": {"kind": "Discrete", "n": 2, "start": 0}}, "versions": {"lab": "0"},
    }  # fmt: skip
    (run / "config.json").write_text(json.dumps(config))
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, len(METRICS))).cumsum(axis=0).round(6)
    values[rows // 3, METRICS.index("loss")] = SPIKE
    with (run / "metrics.jsonl").open("w") as file:
        for i, row in enumerate(values.tolist(), 1):
            numbers = dict(zip(METRICS, row, strict=True))
            file.write(json.dumps({"step": 10 * i, **numbers, "time_elapsed": i / 100}) + "\n")
    evaluations = [{"step": rows * i, "purpose": "training", "mean": 40.0 * i, "iqm": 39.0 * i} for i in range(1, 11)]
    (run / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in evaluations))


def opened(page: Path) -> list[dict[str, float]] | None:
    """Return what each opening of a page took, in seconds; None where there is no browser to open it."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if browser is None:
        return None
    found = []
    with sync_playwright() as playwright:
        for _ in range(OPENINGS):
            with tempfile.TemporaryDirectory() as folder:
                context = playwright.chromium.launch_persistent_context(
                    folder, executable_path=browser, args=list(FLAGS), viewport={"width": 1280, "height": 900}
                )
                shown = context.new_page()
                shown.goto(page.as_uri(), wait_until="commit")
                shown.wait_for_selector("html[data-ready]")
                loading = "performance.getEntriesByType('navigation')[0]"
                times = {"ready": shown.evaluate(f"{loading}.domContentLoadedEventEnd / 1000")}
                shown.click("#theme")
                shown.wait_for_selector("html[data-theme=light]")
                times["answered"] = shown.evaluate("performance.now() / 1000")
                shown.locator("[data-chart]").first.scroll_into_view_if_needed()
                shown.wait_for_selector(".plot path.curve", state="attached")
                times["drawn"] = shown.evaluate("performance.now() / 1000")
                found.append(times)
                context.close()
    return found


def measure(runs: int, rows: int) -> dict[str, Any]:
    """Write the runs and their report; return what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "runs" / f"run-{i}" for i in range(runs)]
        for i, path in enumerate(paths):
            write_run(path, i, rows)
        read = sum((path / "metrics.jsonl").stat().st_size for path in paths)
        began = time.perf_counter()
        page = write_report(paths, Path(folder) / "page.html")
        seconds = time.perf_counter() - began
        text = page.read_text(encoding="utf-8")
        data = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[0])
        spikes = sum(max(curve.get("hi", [0])) == SPIKE for curve in data["series"].values())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        size = len(text.encode())
        return {
            "runs": runs, "rows": rows, "metrics": len(METRICS), "bytes_of_rows": read, "bytes": size,
            "seconds_to_write": seconds, "peak_memory_bytes": memory, "spikes_kept": spikes, "openings": opened(page),
        }  # fmt: skip


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    about = machine.say()
    found = measure(options.runs, options.rows)
    print(
        f"{found['runs']} runs of {found['rows']:,} rows ({found['bytes_of_rows'] / 1e6:.0f} MB): a page of "
        f"{found['bytes'] / 1e6:.2f} MB in {found['seconds_to_write']:.1f} s, "
        f"{found['peak_memory_bytes'] / 1e6:.0f} MB of memory at most; {found['spikes_kept']} curves show their spike"
    )
    if found["openings"] is None:
        print("not opened: that takes Chromium and Playwright")
    else:
        for name in ("ready", "answered", "drawn"):
            print(f"{name} after {statistics.median(o[name] for o in found['openings']):.2f} s (median of {OPENINGS})")
    if options.output is not None:
        options.output.write_text(json.dumps({"machine": about, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
