"""A diffusion model with a parametrisation of your own in 10 lines: EDM's columns, errors weighed by a soft min-SNR.

Run it with `python examples/generators/custom_parametrisation.py [UPDATES] [RUN_DIR]`.
"""

import sys

from generative import Diffusion
from generative.diffusion import Parametrisation, log_ratio, unit_input
from lab import Experiment


class SoftMinSNR(Diffusion):
    """Weighs the denoiser's error by 4 SNR / (SNR + 4) (Crowson et al. 2024, "Hourglass Diffusion Transformers")."""

    def make_parametrisation(self):
        # Of alpha, sigma and the data's root mean square d: table 1 of Karras et al. (2022) is this at alpha = 1.
        return Parametrisation(
            c_skip=lambda alpha, sigma, d: d**2 * alpha / ((d * alpha) ** 2 + sigma**2),
            c_out=lambda alpha, sigma, d: d * sigma / ((d * alpha) ** 2 + sigma**2) ** 0.5,
            c_in=unit_input,
            c_noise=log_ratio,
            weight=lambda alpha, sigma, d: 4.0 * alpha**2 / (alpha**2 + 4.0 * sigma**2),
        )


def main(updates=None, run_dir="runs/soft_min_snr", **settings):
    experiment = Experiment(SoftMinSNR(**settings), "digits", seed=1, run_dir=run_dir)
    experiment.train(updates)
    print(experiment.evaluate())
    print(experiment.render("samples.png"))
    return experiment


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
