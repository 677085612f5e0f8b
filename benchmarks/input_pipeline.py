"""What of a training step is its batch: dealing indices, gathering rows, scaling them, and varying them.

A generator that does nothing but add up its batches takes turns with a dense `Autoencoder`, whose step is the shortest
of all, a `DCGAN` and a `Diffusion`, on `glyphs` as they are and varied in five ways; shares are of processor time.

    python benchmarks/input_pipeline.py [--pairs 5] [--threads 1] [--output FILE]
"""

from __future__ import annotations

import os
import time
from typing import Any

import paired

# Updates a turn: about a second.
STEPS = {"nothing but batches": 200, "Autoencoder": 200, "DCGAN": 20, "Diffusion": 5}
VARIED = "glyphs,rotation=10,shift=0.1,zoom=0.1,shear=5,noise=0.05"


def learners() -> dict[str, Any]:
    """Return a generator of each kind, with the same number of rows an update."""
    import numpy as np
    import tensorflow as tf

    from generative import DCGAN, Autoencoder, Batch, Diffusion, Generator

    class Reader(Generator):
        """Adds up its batches."""

        def build(self) -> None:
            self.compile = "xla"

        def update(self, batch: Batch) -> dict[str, tf.Tensor]:
            return {"loss": tf.reduce_mean(batch.data)}

        def sample(self, number: int, seed: int | None = None) -> np.ndarray:
            raise NotImplementedError

    return dict(
        zip(STEPS, (Reader(), *(kind(batch_size=128) for kind in (Autoencoder, DCGAN, Diffusion))), strict=True)
    )


def main() -> None:
    """Measure both kinds of rows and print the shares and one JSON object."""
    options = paired.arguments(__doc__).parse_args()
    # Before TensorFlow is loaded.
    os.environ.update(paired.limits(options.threads))
    paired.packages_first()
    from lab import Experiment

    result: dict[str, Any] = {}
    for source in ("glyphs", VARIED):
        sides = {name: Experiment(made, source, progress=False, log_every=10**9) for name, made in learners().items()}
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(options.pairs + 1):
            for name, side in sides.items():
                began = time.process_time()
                side.train(STEPS[name])
                # The first turn compiles and warms up.
                if turn:
                    seconds[name].append((time.process_time() - began) / STEPS[name])
        print(source)
        batches, *others = STEPS
        for name in others:
            shares = [alone / whole for alone, whole in zip(seconds[batches], seconds[name], strict=True)]
            paired.print_share(f"    {name}: its batch", shares)
        result[source] = seconds
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
