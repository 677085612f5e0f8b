"""What group normalisation costs of a U-Net's training step, in float32 and in bfloat16.

Two U-Nets of 32 and 64 channels (28 x 28 images, batches of 64), one of them with its normalisation taken out (what
modulates and the activation stay), take turns of a few steps within one process; shares are of processor time.

    python benchmarks/group_norm.py [--pairs 7] [--threads 1] [--output FILE]
"""

from __future__ import annotations

import os
import time
from typing import Any

import paired

STEPS = 3


def experiment(normalise: bool, precision: str) -> Any:
    """Return a U-Net's training on noise, compiled and warm."""
    import numpy as np
    import tensorflow as tf

    from generative import Diffusion
    from lab import Experiment
    from lab.networks.layers.group_norm import ACTIVATIONS, GroupNorm

    build, call = GroupNorm.build, GroupNorm.call

    def build_unused(self: Any, rows_shape: Any, modulation_shape: Any = None) -> None:
        build(self, rows_shape, modulation_shape)
        self.gamma.trainable = self.beta.trainable = False

    def only_activate(self: Any, rows: Any, modulation: Any = None, training: bool = False) -> Any:
        if modulation is not None:
            scale, shift = tf.split(tf.cast(modulation, rows.dtype)[:, None, None], 2, axis=-1)
            rows = rows * (1 + scale) + shift
        return ACTIVATIONS[self.activation][0](rows)

    if not normalise:
        GroupNorm.build, GroupNorm.call = build_unused, only_activate  # type: ignore[method-assign]
    images = np.random.default_rng(0).integers(0, 256, (1_200, 28, 28, 1), dtype=np.uint8)
    settings: dict[str, Any] = {"channels": (32, 64), "patch": 1, "dropout": 0.0, "batch_size": 64}
    made = Experiment(Diffusion(precision=precision, **settings), images, progress=False, log_every=1_000_000)
    made.train(STEPS)
    GroupNorm.build, GroupNorm.call = build, call  # type: ignore[method-assign]
    return made


def main() -> None:
    """Measure both precisions and print the shares and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.set_defaults(pairs=7)
    options = parser.parse_args()
    # Before TensorFlow is loaded.
    os.environ.update(paired.limits(options.threads))
    paired.packages_first()
    result: dict[str, Any] = {}
    for precision in ("float32", "bfloat16"):
        sides = {normalise: experiment(normalise, precision) for normalise in (True, False)}
        shares = []
        for _ in range(options.pairs):
            seconds = {}
            for normalise, side in sides.items():
                began = time.process_time()
                side.train(STEPS)
                seconds[normalise] = time.process_time() - began
            shares.append(1.0 - seconds[False] / seconds[True])
        paired.print_share(f"{precision}: normalisation", shares)
        result[precision] = shares
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
