"""One training step of the same networks here and in torch (eager, channels_last), in float32 and in bfloat16.

A U-Net of 32 and 64 channels (group normalisation, attention at 14 x 14), a DCGAN with an R1 penalty and a VAE, dense
and convolutional, on 28 x 28 images in batches of 64, each with its loss, gradient clip, Adam and averaged weights.
Both sides must have as many weights. They are started once and take turns of a few steps within one run, so that what
else the machine does slows both; a ratio is taken turn by turn, of the processor time that each has used.

    python benchmarks/steps.py [--pairs 9] [--threads 1] [--jobs unet gan] [--peer-python PYTHON] [--output FILE]

Needs torch in the peer's Python, by default this one; with `--alone` this project's side is measured by itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paired

BATCH, CHANNELS = 64, (32, 64)
PEER = "torch"
# Steps a turn: about two seconds.
JOBS = {"unet": 3, "gan": 30, "vae dense": 150, "vae conv": 40}
PRECISIONS = ("float32", "bfloat16")


def serve(weights: int, steps: Callable[[int], None]) -> None:
    """Say how many weights there are, then make as many steps as each line asks for and say what they took."""
    print(json.dumps(weights), flush=True)
    for line in sys.stdin:
        began = time.process_time(), time.perf_counter()
        steps(int(line))
        print(json.dumps([time.process_time() - began[0], time.perf_counter() - began[1]]), flush=True)


def ours(job: str, precision: str) -> None:
    """Serve one job with this project's generators."""
    paired.packages_first()
    import numpy as np

    from generative import DCGAN, VAE, Diffusion
    from lab import Experiment

    settings: dict[str, Any] = {"batch_size": BATCH, "precision": precision}
    if job == "unet":
        learner: Any = Diffusion(channels=CHANNELS, patch=1, dropout=0.0, **settings)
    elif job == "gan":
        learner = DCGAN(channels=CHANNELS, **settings)
    else:
        architecture = job.split()[1]
        if architecture == "conv":
            settings["filters"] = CHANNELS
        learner = VAE(architecture=architecture, warmup_updates=0, **settings)
    rows = np.random.default_rng(0).integers(0, 256, (1_200, 28, 28, 1), dtype=np.uint8)
    experiment = Experiment(learner, rows, progress=False, log_every=1_000_000)
    networks = [
        getattr(learner, name, None) for name in ("network", "generator", "discriminator", "encoder", "decoder")
    ]
    size = sum(int(np.prod(v.shape)) for m in networks if m is not None for v in m.trainable_variables)
    serve(size + (job not in ("unet", "gan")), experiment.train)


def measure(job: str, precision: str, threads: int, pairs: int, peer: str | None) -> dict[str, Any]:
    """Return the turns' seconds of processor and wall time a step, and the ratios."""
    here = Path(__file__)
    limits = {**os.environ, **paired.limits(threads)}
    code = [sys.executable, str(here), "--serve", job, precision]
    sides = {
        name: paired.Side(name, command, limits)
        for name, command in (
            (PEER, [peer, str(here.with_name("steps_torch.py")), job, precision, str(threads)]),
            ("lab", code),
        )
        if peer or name == "lab"
    }
    weights = {side: process.read() for side, process in sides.items()}
    if len(set(weights.values())) != 1:
        raise SystemExit(f"{job}: the sides have different numbers of weights: {weights}")
    turns: dict[str, list[list[float]]] = {side: [] for side in sides}
    for turn in range(pairs + 1):
        for side, process in sides.items():
            seconds = process.ask(JOBS[job])
            # The first turn compiles and warms up.
            if turn:
                turns[side].append([s / JOBS[job] for s in seconds])
    for process in sides.values():
        process.close()
    print(f"{job}, {precision}, {threads} thread{'s' * (threads != 1)}: {weights['lab']:,} weights")
    speeds = {side: [1.0 / cpu for cpu, _ in values] for side, values in turns.items()}
    found = paired.table(speeds, next(iter(sides)), "steps/s of processor time")
    return {side: {**found[side], "seconds": turns[side]} for side in sides}


def main() -> None:
    """Measure each job in each precision and print tables and one JSON object."""
    if sys.argv[1:2] == ["--serve"]:
        ours(*sys.argv[2:])
        return
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=9)
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--alone", action="store_true", help="without the peer")
    options = parser.parse_args()
    peer = None if options.alone else options.peer_python
    # Jobs may be measured one by one into one file.
    result = paired.saved(options.output) or {"batch": BATCH, "channels": CHANNELS}
    for job in options.jobs:
        for precision in options.precisions:
            name = f"{job}, {precision}, {options.threads} thread{'s' * (options.threads != 1)}"
            result[name] = measure(job, precision, options.threads, options.pairs, peer)
            if options.output:
                options.output.write_text(json.dumps(result, indent=1) + "\n")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
