"""Few steps: a diffusion model on digits, and the student that `ProgressiveDistillation` makes of it.

For each seed a `Diffusion` and then its student are trained with their defaults for so many updates in a fresh process.
Both draw as many samples as there are test rows with DDIM in few steps; the student of n steps draws with n. The
Fréchet distance FD-digits-v1 is that of `generative.metrics`, the teacher's with 25 steps of DPM-Solver++ beside it.

    python benchmarks/distillation.py [--source digits] [--seeds 3] [--updates 3000] [--halving 500] [--output FILE]
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

import paired

STEPS = (4, 2, 1)
FIRST_SEED = 10

SCRIPT = """
import json, time
from generative import Diffusion, ProgressiveDistillation
from generative.metrics.table import standard_table
from lab import Experiment

def judged(task, learner, **how):
    rows = learner.sample(len(task.views[0].test), {seed}, **how)
    metrics = standard_table(task.views[0], rows, task._networks(), full=False).metrics
    return dict(fd=metrics["fd"], coverage=metrics["coverage"], floor=metrics["fd_floor"])

found, began = {{}}, time.process_time()
teacher = Experiment(Diffusion(), {source!r}, seed={seed}, progress=False)
teacher.train({updates})
found["seconds of the teacher"] = time.process_time() - began
found["teacher, dpm_solver, 25"] = judged(teacher.task, teacher.learner)
for steps in {steps}:
    found[f"teacher, ddim, {{steps}}"] = judged(teacher.task, teacher.learner, sampler="ddim", steps=steps)
began = time.process_time()
settings = dict(teacher=teacher.learner, first_steps=16, steps={steps}[-1], updates_per_halving={halving})
student = Experiment(ProgressiveDistillation(**settings), {source!r}, seed={seed}, progress=False)
for number in range(5):
    student.train({halving})
    steps = 16 >> number
    if steps in {steps}:
        found[f"student, {{steps}}"] = judged(student.task, student.learner, steps=steps)
found["seconds of the student"] = time.process_time() - began
print(json.dumps(found))
"""


def main() -> None:
    """Train and distil, and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--source", default="digits")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=3_000)
    parser.add_argument("--halving", type=int, default=500)
    options = parser.parse_args()
    names = {"source": options.source, "updates": options.updates, "halving": options.halving, "steps": STEPS}
    runs: list[dict[str, Any]] = []
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        script = SCRIPT.format(seed=seed, **names)
        runs.append(paired.run(f"seed {seed}", sys.executable, script, options.threads))
        print(f"seed {seed} done", flush=True)
        if options.output:
            options.output.write_text(json.dumps({**names, "runs": runs}, indent=1) + "\n")
    print(f"{'':28}{'fd: min':>10}{'median':>10}{'max':>10}{'coverage':>10}")
    for side in (name for name in runs[0] if not name.startswith("seconds")):
        low, middle, high = paired.spread([run[side]["fd"] for run in runs])
        coverage = statistics.median(run[side]["coverage"] for run in runs)
        print(f"{side:28}{low:10.3g}{middle:10.3g}{high:10.3g}{coverage:10.2f}")
    paired.write({**names, "runs": runs}, options.output)


if __name__ == "__main__":
    main()
