"""How the compiled lane scales on this machine: with environments, with seeds trained together, and with network width.

`environments`: raw steps per second of compiled CartPole and of Gymnasium's SyncVectorEnv, 1 to 4096 environments.
`seeds`: the time that `Experiment.train_many` takes for 1 to 64 seeds of DQN (MLP 120-84, batch 128, 10 environments,
one update per 10 steps), as a multiple of one seed's, without compilation. `width`: environment steps per second of the
same DQN with two hidden layers of 32 to 1024 units, in both lanes. Repeats take turns; medians are drawn.

    python benchmarks/scaling.py [--pairs 3] [--threads 2] [--output scaling.json] [--plot scaling.png]
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

import environments
import paired

SEEDS = """
import json, math, time
from agents import DQN
from lab import Experiment
def experiment():
    agent = DQN(hidden_sizes=(120, 84), replay_capacity=10_000, update_every=10, updates_per_round=1, double=False,
                target_update_every=500, learning_rate=2.5e-4, learning_rate_end=2.5e-4, epsilon_steps=250_000,
                huber_delta=math.inf, adam_epsilon=1e-8, average_decay=0.0)
    return Experiment(agent, "CartPole-v1", num_envs=10, lane="compiled", progress=False, log_every=100_000,
                      checkpoint_every=10**9)
times, kept = {{}}, []
for number in {numbers}:
    # Compiles it for so many.
    kept += experiment().train_many(range(number), steps=10_000)
    pattern = experiment()
    began = time.perf_counter()
    pattern.train_many(range(number), steps={steps})
    times[number] = time.perf_counter() - began
print(json.dumps(times))
"""

WIDTH = """
import json, math, time
from agents import DQN
from lab import Experiment
agent = DQN(hidden_sizes=({width}, {width}), replay_capacity=10_000, update_every=10, updates_per_round=1, double=False,
            target_update_every=500, learning_rate=2.5e-4, learning_rate_end=2.5e-4, huber_delta=math.inf,
            average_decay=0.0)
experiment = Experiment(agent, "CartPole-v1", num_envs=10, lane="{lane}", progress=False, log_every=10_000)
experiment.train(2_000)
began = time.perf_counter()
experiment.train({steps})
print(json.dumps({steps} / (time.perf_counter() - began)))
"""

NUMBERS = [1, 2, 4, 8, 16, 64]
ENVIRONMENTS = [1, 4, 16, 64, 256, 1024, 4096]
WIDTHS = [32, 64, 128, 256, 512, 1024]


def main() -> None:
    """Measure, print the medians, and draw them."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--plot", type=Path, help="draw the three curves here, as PNG")
    parts = {"environments": measure_environments, "seeds": measure_seeds, "width": measure_width}
    parser.add_argument("--parts", nargs="+", choices=tuple(parts), default=list(parts))
    parser.add_argument("--most", type=int, default=10**9, help="leave out what has more environments, seeds or units")
    parser.set_defaults(pairs=3, threads=2)
    options = parser.parse_args()
    if options.plot and len(options.parts) < len(parts):
        parser.error("--plot draws all of --parts")
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs}
    for part in options.parts:
        result[part] = parts[part](options.pairs, options.threads, options.most)
    if options.plot:
        draw(result, options.plot)
    paired.write(result, options.output)


def measure_environments(pairs: int, threads: int, most: int) -> dict[str, dict[int, list[float]]]:
    """Return steps per second by side and number of environments."""
    found: dict[str, dict[int, list[float]]] = {"compiled": {}, "gymnasium": {}}
    for number in (n for n in ENVIRONMENTS if n <= most):
        scripts = environments.sides("lab/CartPole-v1", "CartPole-v1", number)
        for _ in range(pairs):
            for side, rows in found.items():
                steps = 300_000 if number < 16 and side == "compiled" else environments.STEPS[side]
                code = scripts[side].replace("{steps}", str(steps))
                speed: Any = paired.run(f"{number} environments, {side}", sys.executable, code, threads)
                rows.setdefault(number, []).append(speed)
        middle = {side: statistics.median(rows[number]) for side, rows in found.items()}
        print(f"{number:5d} environments: " + ", ".join(f"{s} {v:,.0f} steps/s" for s, v in middle.items()), flush=True)
    return found


def measure_seeds(pairs: int, threads: int, most: int) -> dict[int, list[float]]:
    """Return the time of training a number of seeds, as multiples of one seed's."""
    found: dict[int, list[float]] = {}
    numbers = [n for n in NUMBERS if n <= most]
    for _ in range(pairs):
        code = SEEDS.format(numbers=numbers, steps=100_000, threads=threads)
        times: Any = paired.run("seeds", sys.executable, code, threads)
        for number in numbers:
            found.setdefault(number, []).append(times[str(number)] / times["1"])
    for number, ratios in found.items():
        print(
            f"{number:5d} seeds: {statistics.median(ratios):.2f} times one (min, median, max {paired.spread(ratios)})"
        )
    return found


def measure_width(pairs: int, threads: int, most: int) -> dict[str, dict[int, list[float]]]:
    """Return steps per second by lane and width."""
    found: dict[str, dict[int, list[float]]] = {"compiled": {}, "host": {}}
    for width in (w for w in WIDTHS if w <= most):
        for _ in range(pairs):
            for lane, rows in found.items():
                steps = min(100_000, 30_000_000 // width**2 // 10 * 10) if lane == "compiled" else 3_000
                code = WIDTH.format(width=width, lane=lane, steps=max(2_000, steps))
                speed: Any = paired.run(f"width {width}, {lane}", sys.executable, code, threads)
                rows.setdefault(width, []).append(speed)
        middle = {lane: statistics.median(rows[width]) for lane, rows in found.items()}
        print(f"width {width:5d}: " + ", ".join(f"{lane} {v:,.0f} steps/s" for lane, v in middle.items()), flush=True)
    return found


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the three curves: medians as lines, every repeat as a point."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 3.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    curves = (
        (left, result["environments"], "environments", "steps/s"),
        (middle, {"train_many": result["seeds"]}, "seeds at once", "times one seed"),
        (right, result["width"], "units a hidden layer", "steps/s"),
    )
    for axes, sides, across, up in curves:
        for side, rows in sides.items():
            (line,) = axes.plot(list(rows), [statistics.median(v) for v in rows.values()], label=side)
            points = [(n, value) for n, values in rows.items() for value in values]
            axes.plot(*zip(*points, strict=True), "o", markersize=3, color=line.get_color(), alpha=0.5)
        axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
        axes.grid(alpha=0.2)
        axes.legend(frameon=False)
    numbers = list(result["seeds"])
    middle.plot(numbers, numbers, "--", color="gray", linewidth=0.8, label="one after the other")
    middle.legend(frameon=False)
    figure.suptitle(f"{result['threads']} threads, {result['pairs']} repeats")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
