"""Fine-tuning: frozen layers do not move by a bit, the optimizer has the rest, and a resumed run is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative import VAE, VQVAE, Autoencoder, ConditionalVAE
from generative.datasets import from_arrays
from lab import Experiment
from tests.generative.tiny import images, same

TINY: dict[str, Any] = {"hidden_sizes": (6,), "latent_size": 3, "batch_size": 8}
PARTS = ["encoder.0", "encoder.1", "decoder.0", "decoder.1"]


def other_images() -> Any:
    return from_arrays(255 - images(40), name="negatives")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of an autoencoder on small images."""
    path = tmp_path_factory.mktemp("first") / "run"
    Experiment(Autoencoder(**TINY), images(), seed=1, run_dir=path).train(30)
    return path


def weights(learner: Any) -> dict[str, list[np.ndarray]]:
    return {part: [v.numpy().copy() for v in variables] for part, variables in learner.parts().items()}


def moved(before: dict[str, list[np.ndarray]], after: dict[str, list[np.ndarray]]) -> list[str]:
    return [part for part in before if not all(map(np.array_equal, before[part], after[part]))]


@pytest.mark.thorough
def test_parts_are_named_by_their_place(run: Path) -> None:
    learner = Autoencoder.load(run)
    assert list(learner.parts()) == PARTS
    assert [v.shape for v in learner.parts()["encoder.1"]] == [(6, 3), (3,)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("freeze", "unfreeze", "learning"),
    [
        (("encoder",), None, ["decoder.0", "decoder.1"]),
        (("encoder.0", "decoder.1"), None, ["encoder.1", "decoder.0"]),
        ((), {"last": 1}, ["decoder.1"]),
        ((), {"last": 3}, ["encoder.1", "decoder.0", "decoder.1"]),
    ],
)
def test_frozen_layers_do_not_move(run: Path, freeze: Any, unfreeze: Any, learning: list[str]) -> None:
    learner = Autoencoder.load(run)
    learner.freeze(*freeze)
    if unfreeze:
        learner.unfreeze(**unfreeze)
    # A weight and a bias of each part.
    assert len(learner.optimizer.variables) == 2 * len(learning)
    before = weights(learner)
    Experiment(learner, other_images(), seed=3).train(20)
    assert moved(before, weights(learner)) == learning
    assert learner.spec.name == "negatives"


@pytest.mark.thorough
def test_freezing_keeps_the_step_size_that_was_set(run: Path) -> None:
    learner = Autoencoder.load(run)
    learner.learning_rate = 1e-5
    learner.freeze("encoder")
    learner.unfreeze()
    assert learner.learning_rate == pytest.approx(1e-5) and learner.config.frozen == ()


@pytest.mark.thorough
def test_a_fine_tuned_run_resumes_exactly(run: Path, tmp_path: Path) -> None:
    def fine(path: Path) -> Experiment:
        learner = Autoencoder.load(run)
        learner.freeze("encoder", "decoder.0")
        learner.learning_rate = 1e-4
        return Experiment(learner, other_images(), seed=3, run_dir=path)

    whole, part = fine(tmp_path / "whole"), fine(tmp_path / "part")
    before = weights(whole.learner)
    whole.train(60)
    part.train(35)
    resumed = Experiment.resume(tmp_path / "part", source=other_images())
    resumed.train(25)
    assert same(resumed.learner.get_state(), whole.learner.get_state())
    assert resumed.learner.config.frozen == ("encoder.0", "encoder.1", "decoder.0")
    assert resumed.learner.learning_rate == pytest.approx(1e-4)
    np.testing.assert_array_equal(resumed.learner.sample(5), whole.learner.sample(5))
    assert moved(before, weights(resumed.learner)) == ["decoder.1"]
    assert Autoencoder.load(tmp_path / "part").config.frozen == resumed.learner.config.frozen


def test_a_fine_tuned_run_killed_at_once_begins_with_what_it_was_given(run: Path, tmp_path: Path) -> None:
    learner = Autoencoder.load(run)
    learner.freeze("encoder")
    made = Experiment(learner, other_images(), seed=3, run_dir=tmp_path / "fine")
    made.claim()
    resumed = Experiment.resume(tmp_path / "fine", source=other_images())
    assert resumed.step == 0 and same(resumed.get_state(), made.get_state())


@pytest.mark.thorough
def test_layers_can_be_frozen_from_the_start() -> None:
    learner: Any = Experiment(VAE(frozen=("decoder", "scale"), **TINY), images(), seed=1).learner
    before = weights(learner)
    assert list(before) == [*PARTS, "scale"]
    Experiment(learner, images(), seed=1).train(10)
    assert moved(before, weights(learner)) == ["encoder.0", "encoder.1"]


@pytest.mark.thorough
def test_a_codebook_can_be_frozen_with_its_networks() -> None:
    settings = {"latent_size": 3, "codes": 8, "channels": 4, "prior_units": 4, "batch_size": 8}
    made = Experiment(VQVAE(**settings), images(), seed=1)
    made.train(5)
    learner: Any = VQVAE(frozen=("encoder", "decoder", "codebook"), **settings)
    fine = Experiment(learner, images(), seed=1)
    learner.set_inference_state(made.learner.inference_state())
    before, codes = weights(learner), learner.codebook.get_state()
    fine.train(5)
    assert {part.split(".")[0] for part in moved(before, weights(learner))} == {"code_prior"}
    assert same(learner.codebook.get_state(), codes)


def test_what_cannot_be_frozen_is_said(run: Path) -> None:
    learner = Autoencoder.load(run)
    with pytest.raises(ValueError, match=r"no part called 'encodr'; did you mean 'encoder'"):
        learner.freeze("encodr")
    with pytest.raises(ValueError, match=r"last received 9; expected a whole number in \[1, 4\]"):
        learner.unfreeze(last=9)
    with pytest.raises(ValueError, match=r"is not built yet.*Autoencoder\.load\(run\)"):
        Autoencoder().freeze()
    with pytest.raises(ValueError, match="no part called 'head'"):
        Experiment(Autoencoder(frozen=("head",), **TINY), images())
    learner.freeze()
    with pytest.raises(ValueError, match="frozen received 'every part'; expected at least one"):
        Experiment(learner, other_images())


def test_what_has_been_compiled_is_not_frozen_behind_its_back() -> None:
    # The second has the updates that were traced for the first.
    for seed in (1, 2):
        made: Any = Experiment(Autoencoder(**TINY), images(), seed=seed)
        made.train(5)
        with pytest.raises(ValueError, match=r"freeze: an experiment has compiled updates.*Autoencoder\.load\(run\)"):
            made.learner.freeze("encoder")


def test_other_data_must_have_the_same_kind_of_rows(run: Path) -> None:
    with pytest.raises(ValueError, match=r"was built for .*shape \[.*5, 5, 1.*Fix: make a new Autoencoder\(\)"):
        Experiment(Autoencoder.load(run), images(40, (5, 5, 1)))
    with pytest.raises(ValueError, match=r"dtype uint8.*dtype float64.*Fix: make a new Autoencoder\(\)"):
        Experiment(Autoencoder.load(run), images() / 255.0)
    with pytest.raises(ValueError, match=r"\(high 255\.0\); received .*\(high 16\.0\)\. Fix: .*low=0, high=255\)"):
        Experiment(Autoencoder.load(run), from_arrays(images() // 16, low=0, high=16))
    labelled = Experiment(ConditionalVAE(**TINY), (images(), np.arange(40) % 4)).learner
    with pytest.raises(ValueError, match="was built for"):
        Experiment(labelled, (images(), np.arange(40) % 5))


def test_the_optimizer_of_a_checkpoint_of_0_2_0_is_taken_up() -> None:
    learner = Experiment(Autoencoder(hidden_sizes=(4,), latent_size=2), images(), seed=1).learner
    old = keras.optimizers.AdamW(1e-3, weight_decay=0.3)
    old.build(learner.variables)
    # The step count, the step size, then the first and the second moment of each variable in turn.
    theirs = {str(i): np.full(v.shape, i + 1, v.dtype) for i, v in enumerate(old.variables)}
    learner.set_state({**learner.get_state(), "optimizer": theirs})
    assert (float(learner.optimizer.updates), learner.learning_rate) == (1.0, 2.0)
    sizes = [int(np.prod(v.shape)) for v in learner.variables]
    np.testing.assert_array_equal(learner.optimizer.first, np.repeat(np.arange(len(sizes)) * 2 + 3, sizes))
    np.testing.assert_array_equal(learner.optimizer.second, np.repeat(np.arange(len(sizes)) * 2 + 4, sizes))
