"""The scripts that users copy, run as users run them: in a process of their own, from any directory."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment, UsageError
from lab.reporting import write_report
from lab.testing.learners import check_rows
from tests.contracts import EXAMPLES, Case, assert_same_state, cases, example_path, load_example, logged


@dataclasses.dataclass(frozen=True)
class Script:
    """One example.

    Args:
        name: The file's, without its suffix.
        steps: For its command line.
        trained: Steps in the end.
        outputs: What it writes below the run directory and prints.
        counted: The class that must be short.
        learner: The name of the learner it trains.
        lines: Lines that the class may have.
    """

    name: str
    steps: int
    trained: int
    outputs: tuple[str, ...]
    counted: str
    learner: str
    lines: int = 30


SCRIPTS = (
    Script(
        "custom_agent", 500, 500, ("videos/episode.mp4", "samples/policy.png"), "OwnExpectedSarsa", "own_expected_sarsa"
    ),
    Script("custom_environment", 270, 540, ("videos/episode.mp4",), "WalkToTheLight", "dqn"),
    Script("custom_generator", 60, 60, ("samples/samples.png",), "FlowMatching", "flow_matching"),
    Script("custom_tensor_environment", 300, 600, ("videos/episode.mp4",), "SoftLanding", "dqn", 40),
)
# Rules of agents, run in both lanes by tests/examples/test_agents.py.
AGENTS = ("dqn_in_one_file", "dqn_variants", "ppo_in_one_file", "actor_critic_variants")
BY_NAME = {script.name: script for script in SCRIPTS}

# Flavours of built-in generators: run here by their `main`, which is all that their last line calls.
FLAVOURS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "custom_gan": ("SmoothGAN", "samples/samples.png", {"network": "dense", "hidden_sizes": (8,), "batch_size": 8}),
    "custom_autoencoder": ("WassersteinAutoencoder", "samples/samples.png", {"hidden_sizes": (8,), "batch_size": 8}),
    "custom_parametrisation": (
        "SoftMinSNR", "samples/samples.png", {"network": "mlp", "hidden_sizes": (8,), "batch_size": 8, "steps": 3}
    ),
    "custom_diffusion": (
        "SigmoidDiffusion", "videos/samples.gif", {"network": "mlp", "hidden_sizes": (8,), "batch_size": 8, "steps": 3}
    ),
}  # fmt: skip


def run(script: Script, folder: Path) -> tuple[Path, str]:
    """Run an example in an empty home and working directory; return its run directory and what it printed."""
    for name in ("home", "here", "temporary"):
        (folder / name).mkdir()
    own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary"), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    done = subprocess.run(
        [sys.executable, str(example_path(script.name)), str(script.steps), str(folder / "run")],
        cwd=folder / "here",
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "run", done.stdout


def test_every_script_is_run_here() -> None:
    # Those of predictors are run by tests/examples/test_predictors.py.
    found = {path.stem for path in EXAMPLES.rglob("*.py") if path.parent.name != "predictors"}
    assert found == {*BY_NAME, *FLAVOURS, *AGENTS, "check_your_own"}, "add a Script, or an entry to FLAVOURS or AGENTS"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_class_is_short(script: Script) -> None:
    source = example_path(script.name).read_text()
    found = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == script.counted]
    lines = source.splitlines()[found[0].lineno - 1 : found[0].end_lineno]
    assert len([line for line in lines if line.strip()]) <= script.lines


@pytest.mark.thorough
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_runs_writes_only_its_run_and_is_reported_and_resumed(script: Script, tmp_path: Path) -> None:
    # One test, because each run of a script is a process that loads TensorFlow.
    run_dir, printed = run(script, tmp_path)
    check_outputs(script, run_dir, printed)
    # Written from the run's files alone: the command line does not know the user's class.
    page = write_report([run_dir]).read_text()
    assert script.learner in page
    assert page.count("data:video/mp4") + page.count("data:image/png") >= len(script.outputs)
    check_resume(script, run_dir)


@pytest.mark.thorough
@pytest.mark.parametrize("name", FLAVOURS)
def test_flavours_are_short_run_and_resume_to_the_bit(name: str, tmp_path: Path) -> None:
    kind, output, settings = FLAVOURS[name]
    module = load_example(name)
    assert len([line for line in inspect.getsource(getattr(module, kind)).splitlines() if line.strip()]) <= 30
    run = module.main(20, tmp_path / "run", **settings)
    assert (tmp_path / "run" / output).stat().st_size > 500
    check_rows(logged(tmp_path / "run"))
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    resumed = Experiment.resume(tmp_path / "copy", progress=False)
    resumed.train(10)
    run.train(10)
    assert_same_state(resumed.learner.get_state(), run.learner.get_state())


def code_lines(name: str, *classes: str) -> int:
    """Count the lines of classes of an example, without docstrings, comments and blank lines."""
    source = example_path(name).read_text()
    count = 0
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef) or node.name not in classes:
            continue
        docs = {n.lineno: n.end_lineno for n in ast.walk(node) if isinstance(n, ast.Expr)}
        hidden = {line for start, end in docs.items() for line in range(start, (end or start) + 1)}
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        lines = {n: source.splitlines()[n - 1].strip() for n in range(first, (node.end_lineno or first) + 1)}
        count += sum(bool(text) and text[0] != "#" and n not in hidden for n, text in lines.items())
    return count


def test_a_gan_with_a_setting_takes_10_lines_and_a_parametrisation_12() -> None:
    assert 5 < code_lines("custom_gan", "SmoothGANSettings", "SmoothGAN") <= 10
    assert 5 < code_lines("custom_parametrisation", "SoftMinSNR") <= 12


def test_the_soft_weight_is_half_of_what_it_caps_at_where_the_ratio_is_that() -> None:
    chosen = load_example("custom_parametrisation").SoftMinSNR().make_parametrisation()
    # SNR 4 counts 2; nearly clean rows count 4.
    assert chosen.weight(1.0, 0.5, 0.5) == pytest.approx(2.0) and chosen.weight(1.0, 1e-4, 0.5) == pytest.approx(4.0)


def test_your_own_is_checked_and_what_breaks_the_contract_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    load_example("check_your_own").main(60)
    printed = capsys.readouterr().out
    assert printed.count("  resumes_exactly\n") == 2
    assert "evaluates_without_changing: received" in printed.splitlines()[-1]


def test_smoothing_is_paid_for_where_scores_are_extreme() -> None:
    # By hand: -0.9 log s(2) - 0.1 log s(-2) = 0.326928, and -log(1 - s(-1)) = 0.313262; the generator -log s(-1).
    gan = load_example("custom_gan").SmoothGAN(network="dense")
    discriminator, generator = gan.adversarial_loss(tf.constant([2.0]), tf.constant([-1.0]))
    assert float(discriminator) == pytest.approx(0.326928 + 0.313262, abs=1e-5)
    assert float(generator) == pytest.approx(1.313262, abs=1e-5)


def test_latents_are_paid_for_by_how_unlike_the_prior_they_are() -> None:
    similarity = load_example("custom_autoencoder").similarity
    # Distances 0 and 2 of two numbers, scale 4: (1 + 4 / 6) / 2.
    assert float(similarity(tf.zeros((1, 2)), tf.constant([[0.0, 0.0], [1.0, 1.0]]))) == pytest.approx(5 / 6)


def test_the_sigmoid_schedule_is_half_noise_in_the_middle() -> None:
    flavour = load_example("custom_diffusion").SigmoidDiffusion(schedule_steps=100)
    alpha_bar = flavour.make_schedule().alpha_bar
    assert alpha_bar[49] == pytest.approx(0.5) and alpha_bar[-1] < 1e-4
    np.testing.assert_allclose(alpha_bar[:49] + alpha_bar[98:49:-1], 1.0, atol=1e-6)


def check_outputs(script: Script, run_dir: Path, printed: str) -> None:
    for output in script.outputs:
        assert (run_dir / output).stat().st_size > 500
        assert printed.count(str(run_dir / output)) == 1
    assert "Evaluation(step=" in printed
    rows = logged(run_dir)
    check_rows(rows)
    assert rows[-1]["step"] == script.trained
    allowed = {"config.json", "settings.toml", "metrics.jsonl", "evaluations.jsonl", "checkpoints", "videos", "samples"}
    assert {path.name for path in run_dir.iterdir()} <= allowed
    outside = [p for p in run_dir.parent.rglob("*") if p.is_file() and not p.is_relative_to(run_dir)]
    # Keras writes its defaults into the user's home when it is imported, and Fontconfig a list of fonts.
    assert [p for p in outside if not {".keras", "fontconfig"} & set(p.parts)] == []


def check_resume(script: Script, run_dir: Path) -> None:
    """Check that what the script's process began goes on here, as if it had never been interrupted."""
    module = load_example(script.name)
    if script.counted in ("WalkToTheLight", "SoftLanding"):
        with pytest.raises(UsageError, match=r"trained on an object \((instance|tensor environment)\).*source="):
            Experiment.resume(run_dir)
        resumed = Experiment.resume(run_dir, source=getattr(module, script.counted)(), progress=False)
        assert resumed.step == script.trained and resumed.learner.get_state()["steps"] == script.trained
        return
    resumed = Experiment.resume(run_dir, progress=False)
    resumed.train(40)
    whole = Experiment(getattr(module, script.counted)(), resumed.source, seed=1, progress=False)
    whole.train(script.trained + 40)
    assert_same_state(resumed.learner.get_state(), whole.learner.get_state())


def test_the_agent_learns_its_way_to_the_goal() -> None:
    experiment = Experiment(load_example("custom_agent").OwnExpectedSarsa(), "lab/GridWorld-v0", seed=7, progress=False)
    before = experiment.evaluate(20)["mean"]
    experiment.train(4_000)
    assert experiment.evaluate(20)["mean"] > 0.8 > 0.0 > before


def test_the_examples_are_under_contract() -> None:
    found: list[Case] = [case for case in cases() if case.label.startswith("example_")]
    assert {case.kind().__name__ for case in found} == {"OwnExpectedSarsa", "FlowMatching"}
