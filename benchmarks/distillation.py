"""A row in four, two and one network calls: a trained diffusion model beside students that it has taught.

For each seed a `Diffusion` is trained in a fresh process. `ProgressiveDistillation` then halves its steps from 16 to 1,
and `ConsistencyDistillation` learns for as many updates. All draw as many samples as there are test rows: the teacher
with DDIM, the progressive student of n steps with n, and the consistency student, one for all, with n calls. Distances
are those of `generative.metrics` (images FD-digits-v1 or its like, points the sliced Wasserstein distance), beside the
teacher's with its own sampler and that of training rows.

    python benchmarks/distillation.py [--source digits] [--seeds 3] [--updates 3000] [--halving 500] [--output FILE]
"""

from __future__ import annotations

import sys
from typing import Any

import paired

STEPS = (4, 2, 1)
FIRST_SEED = 10
METRICS = ("fd", "coverage", "sliced_wasserstein", "mmd")

SCRIPT = """
import json, time
from generative import ConsistencyDistillation, Diffusion, ProgressiveDistillation
from generative.metrics.table import standard_table
from lab import Experiment

found, spent = {{}}, {{}}

def judge(name, experiment, **how):
    task = experiment.task
    data = task.views[{view}]
    rows = experiment.learner.sample(len(data.test), {seed}, **how)
    began = time.process_time()
    experiment.learner.sample(len(data.test), {seed}, **how)
    seconds = time.process_time() - began
    metrics = standard_table(data, rows, task._networks(), full=False).metrics
    found[name] = {{key: metrics[key] for key in {metrics} if key in metrics}}
    found[name]["seconds of sampling"] = seconds
    floors = {{key: metrics.get(key + "_floor", metrics.get(key + "_real")) for key in {metrics} if key in metrics}}
    found["training rows"] = floors

def trained(name, learner, updates, after=None, rounds=1):
    experiment = Experiment(learner, {source!r}, seed={seed}, progress=False)
    spent[name] = 0.0
    for number in range(rounds):
        began = time.process_time()
        experiment.train(updates)
        spent[name] += time.process_time() - began
        if after:
            after(experiment, number)
    return experiment

# Points in a plane need equal weights; see the setting.
points = {source!r}.split(",")[0] in ("moons", "gaussians", "swiss_roll")
teacher = trained("teacher", Diffusion(**({{"min_snr": None}} if points else {{}})), {updates})
learner = teacher.learner
judge(f"teacher, {{learner.config.sampler}}, {{learner.config.steps}}", teacher)
for steps in {steps}:
    judge(f"teacher, ddim, {{steps}}", teacher, sampler="ddim", steps=steps)

def halved(experiment, number):
    if 16 >> number in {steps}:
        judge(f"progressive, {{16 >> number}}", experiment, steps=16 >> number)

settings = dict(first_steps=16, steps={steps}[-1], updates_per_halving={halving})
trained("progressive", ProgressiveDistillation(teacher=learner, **settings), {halving}, halved, 5)
student = ConsistencyDistillation(teacher=learner, updates_per_doubling={halving})
student = trained("consistency", student, 5 * {halving})
for steps in {steps}:
    judge(f"consistency, {{steps}}", student, steps=steps)
print(json.dumps(dict(sides=found, seconds=spent)))
"""


def summary(runs: list[dict[str, Any]]) -> None:
    """Print a table of the runs so far; spreads are over seeds."""
    sides = runs[0]["sides"]
    main, other = ("fd", "coverage") if "fd" in sides["training rows"] else ("sliced_wasserstein", "mmd")
    print(f"{len(runs)} seed(s), {main}\n{'':28}{'min':>10}{'median':>10}{'max':>10}{other:>10}{'sampling s':>12}")
    for side in sides:
        low, middle, high = paired.spread([run["sides"][side][main] for run in runs])
        beside = paired.spread([run["sides"][side][other] for run in runs])[1]
        seconds = [run["sides"][side]["seconds of sampling"] for run in runs] if side != "training rows" else []
        last = f"{paired.spread(seconds)[1]:12.3f}" if seconds else ""
        print(f"{side:28}{low:10.3g}{middle:10.3g}{high:10.3g}{beside:10.2g}{last}")
    for side in runs[0]["seconds"]:
        print(f"training of {side:16}{paired.spread([run['seconds'][side] for run in runs])[1]:10.1f} s", flush=True)


def main() -> None:
    """Train and distil, and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--source", default="digits")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--updates", type=int, default=3_000, help="of the teacher")
    parser.add_argument("--halving", type=int, default=500, help="updates of each of the five progressive students")
    parser.add_argument("--selection", action="store_true", help="judge by rows kept from training")
    options = parser.parse_args()
    names = {"source": options.source, "updates": options.updates, "halving": options.halving, "steps": STEPS}
    runs: list[dict[str, Any]] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        script = SCRIPT.format(seed=seed, view=int(options.selection), metrics=METRICS, **names)
        runs.append({"seed": seed, **paired.run(f"seed {seed}", sys.executable, script, options.threads)})
        summary(runs)
        # As they come, because each takes minutes.
        paired.write({**names, "runs": runs}, options.output)


if __name__ == "__main__":
    main()
