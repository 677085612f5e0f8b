"""A diffusion model with noise levels of your own in 15 lines: the sigmoid schedule.

Run it with `python examples/generators/custom_diffusion.py [UPDATES] [RUN_DIR]`.
"""

import sys

import numpy as np

from generative import Diffusion
from generative.diffusion.schedules import LARGEST_BETA, Discrete
from lab import Experiment


class SigmoidDiffusion(Diffusion):
    """Spends more of its levels on rows that are half noise (Jabri et al. 2022, "RIN", appendix B)."""

    start, end, temperature = -3.0, 3.0, 1.0

    def make_schedule(self):
        time = np.linspace(self.start, self.end, self.config.schedule_steps + 1)
        curve = 1.0 / (1.0 + np.exp(-time / self.temperature))
        alpha_bar = (curve[-1] - curve) / (curve[-1] - curve[0])
        return Discrete(np.minimum(1.0 - alpha_bar[1:] / alpha_bar[:-1], LARGEST_BETA))


def main(updates=None, run_dir="runs/sigmoid_diffusion", **settings):
    experiment = Experiment(SigmoidDiffusion(**settings), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.gif", kind="denoising"))
    return experiment


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
