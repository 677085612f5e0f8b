"""Settings of a GAN that nothing would read are refused before training."""

from __future__ import annotations

from typing import Any

import pytest

from generative import GAN, ConditionalGAN, HingeGAN
from lab import Experiment, UsageError
from tests.generative.tiny import images

SMALL: dict[str, Any] = {"hidden_sizes": (8,), "batch_size": 8}


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (GAN(network="dense", channels=(4,), **SMALL), "channels"),
        (HingeGAN(network="dcgan", channels=(4,), hidden_sizes=(8,)), "hidden_sizes"),
        (GAN(network="dense", label_size=2, **SMALL), "label_size"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_setting_that_nothing_reads_is_refused(made: GAN, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} received .*; expected the default, for nothing reads it"):
        Experiment(made, images(), progress=False).train(1)


def test_those_that_are_read_are_not() -> None:
    made = ConditionalGAN(network="dense", label_size=2, r1=0.3, r2=0.2, gradient_penalty=0.1, **SMALL)
    experiment = Experiment(made, (images(), [0, 1] * 20), progress=False)
    assert not {"label_size", "r1", "r2", "gradient_penalty", "hidden_sizes"} & made.unread_settings().keys()
    experiment.close()
