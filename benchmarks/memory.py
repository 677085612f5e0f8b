"""Memory of a run on 64 x 64 images over 2,000 updates, logged and checkpointed as any run is: it must stay flat.

Each learner trains in a process of its own, which notes the memory it holds (resident set) every 100 updates. What is
reported is how much more it holds at the end than after the first 500 updates, when everything has been compiled and
each buffer has been used.

    python benchmarks/memory.py [--updates 2000] [--output FILE]
"""

from __future__ import annotations

import sys
from typing import Any

import paired

SCRIPT = """
import json, os, tempfile
import numpy as np
from generative import DCGAN, Diffusion
from lab import Callback, Experiment

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

class Note(Callback):
    not_state = ("found",)
    found = []
    def on_interval(self, experiment):
        self.found.append([experiment.step, round(held(), 1)])

rows = np.random.default_rng(0).integers(0, 256, (1_000, 64, 64, 3), dtype=np.uint8)
with tempfile.TemporaryDirectory() as folder:
    experiment = Experiment({learner}, rows, run_dir=folder + "/run", progress=False, callbacks=[Note(100)])
    experiment.train({updates})
print(json.dumps(Note.found))
"""
LEARNERS = {
    "Diffusion, U-Net": "Diffusion(channels=(8, 16), batch_size=8)",
    "DCGAN": "DCGAN(channels=(8, 16, 32), batch_size=8)",
}
SETTLED = 500


def main() -> None:
    """Train each learner and print what it held, and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--updates", type=int, default=2_000)
    options = parser.parse_args()
    result: dict[str, Any] = {"updates": options.updates, "images": [64, 64, 3]}
    print(f"{'':20}{'MiB after ' + str(SETTLED):>18}{'at the end':>14}{'growth':>10}")
    for name, learner in LEARNERS.items():
        code = SCRIPT.format(learner=learner, updates=options.updates)
        found: Any = paired.run(name, sys.executable, code, options.threads)
        settled = next(held for step, held in found if step >= SETTLED)
        print(f"{name:20}{settled:18,.1f}{found[-1][1]:14,.1f}{found[-1][1] / settled - 1:10.2%}")
        result[name] = {"mib": found, "growth": found[-1][1] / settled - 1}
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
