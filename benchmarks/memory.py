"""Memory of long runs: it must stay flat, of generators that learn images and of an agent that learns from a recording.

Generators train on 64 x 64 images, a Decision Transformer with its defaults on a file of ten million recorded steps,
which is written for this and mapped into memory; all are logged and checkpointed as any run is. Each trains in a
process of its own, which notes the memory it holds every 100 updates: of the images' all of it (resident set); of the
recording's what is not the file's (anonymous), as the kernel drops pages of a mapped file whenever memory is wanted.
What is reported is how much more it holds at the end than after the first 500 updates, when everything has been
compiled and each buffer has been used.

    python benchmarks/memory.py [--updates 2000] [--runs images,recording] [--output FILE]

Results are added to the output file, run by run.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import paired

SCRIPT = """
import json, tempfile, time
import numpy as np
from agents import DecisionTransformer, Episodes
from generative import DCGAN, Diffusion
from lab import Callback, Experiment

def held():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(lines["{measure}"].split()[0]) / 2**10

class Note(Callback):
    not_state = ("found",)
    found = []
    def on_interval(self, experiment):
        self.found.append([experiment.step, round(held(), 1)])

began = time.perf_counter()
source = {source}
opened = time.perf_counter() - began
with tempfile.TemporaryDirectory() as folder:
    experiment = Experiment({learner}, source, run_dir=folder + "/run", progress=False, callbacks=[Note(100)])
    experiment.train({updates})
print(json.dumps({{"mib": Note.found, "opened_seconds": opened}}))
"""
# Random rows of an environment such as CartPole: what they say is of no matter for memory. In a process of its own, so
# that the one that trains begins without them.
WRITE = """
import json
import numpy as np
from gymnasium.spaces import Box, Discrete
from agents import Episodes

rng, steps, episodes = np.random.default_rng(0), {steps}, {episodes}
Episodes.from_arrays(
    observations=rng.normal(size=(steps, 4)).astype(np.float32),
    final_observations=rng.normal(size=(episodes, 4)).astype(np.float32),
    actions=rng.integers(2, size=steps),
    rewards=rng.random(steps, np.float32),
    lengths=np.full(episodes, steps // episodes),
    terminated=np.ones(episodes, bool),
    truncated=np.zeros(episodes, bool),
    observation_space=Box(-10, 10, (4,)),
    action_space=Discrete(2),
).save({path!r})
print(json.dumps(None))
"""
IMAGES = "np.random.default_rng(0).integers(0, 256, (1_000, 64, 64, 3), dtype=np.uint8)"
GENERATORS = {
    "Diffusion, U-Net": "Diffusion(channels=(8, 16), batch_size=8)",
    "DCGAN": "DCGAN(channels=(8, 16, 32), batch_size=8)",
}
STEPS, EPISODES = 10_000_000, 100_000
SETTLED = 500


def measure(name: str, script: str, options: Any) -> dict[str, Any]:
    """Train in a fresh process, print a line of the table and return what was noted."""
    found = paired.run(name, sys.executable, script, options.threads)
    settled = next(held for step, held in found["mib"] if step >= SETTLED)
    found["growth"] = found["mib"][-1][1] / settled - 1
    print(f"{name:30}{settled:18,.1f}{found['mib'][-1][1]:14,.1f}{found['growth']:10.2%}", flush=True)
    return found


def main() -> None:
    """Train each learner and print what it held, and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--updates", type=int, default=2_000)
    parser.add_argument("--runs", default="images,recording")
    options = parser.parse_args()
    # What each run made of its updates is in its own notes: a later call may ask for another number.
    result = {"images": [64, 64, 3], **paired.saved(options.output)}
    print(f"{'':30}{'MiB after ' + str(SETTLED):>18}{'at the end':>14}{'growth':>10}")
    if "images" in options.runs.split(","):
        for name, learner in GENERATORS.items():
            fields = {"source": IMAGES, "learner": learner, "updates": options.updates, "measure": "VmRSS"}
            result[name] = measure(name, SCRIPT.format(**fields), options)
    if "recording" in options.runs.split(","):
        name = "DecisionTransformer"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recorded.npz"
            paired.run(name, sys.executable, WRITE.format(steps=STEPS, episodes=EPISODES, path=str(path)), 1)
            size = path.stat().st_size
            fields = {"source": f"Episodes.load({str(path)!r})", "learner": name + "()", "measure": "RssAnon"}
            found = measure(name, SCRIPT.format(**fields, updates=options.updates), options)
        print(f"{STEPS:,} steps, {size / 2**20:,.0f} MiB, open in {found['opened_seconds']:.3f} s")
        result[name] = {"steps": STEPS, "file_mib": size / 2**20, **found}
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
