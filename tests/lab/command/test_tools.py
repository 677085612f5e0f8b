"""Listing, diff, clean and completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.command.arguments import SHELLS
from lab.command.tools import clean, listing
from lab.runs import checkpoints
from lab.runs.directory import RunDirectory
from lab.runs.lock import RunLock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def lab(command: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    return command


# ---------------------------------------------------------------- list


def test_environments_stand_by_their_package(lab: Any) -> None:
    import gymnasium

    gymnasium.register("Theirs-v0", "their_package.envs:Theirs")
    try:
        status, out, _ = lab("list", "environments")
        groups = {group.title: group for group in listing.environments()}
    finally:
        gymnasium.registry.pop("Theirs-v0")
    lines = out.splitlines()
    assert status == 0 and "CartPole-v1" in lines and "# gymnasium: classic control" in lines
    assert "CartPole-v1" in groups["gymnasium: classic control"].names
    assert "Taxi-v4" in groups["gymnasium: toy text"].names and "Ant-v5" in groups["gymnasium: mujoco"].names
    assert "Ant-v2" in groups[listing.GONE].names and "lab/GridWorld-v0" in groups["lab"].names
    assert groups["their_package"].names == ["Theirs-v0"]
    found = json.loads(lab("list", "environments", "--json")[1])
    assert "CartPole-v1" in found["environments"] and {"title", "note", "names"} == found["groups"][0].keys()


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "GROUPS", {"box2d": ("box2d", "no_such_package", "pip install it")})
    assert {group.title: group.note for group in listing.environments()}["box2d"] == "not installed: pip install it"


# ---------------------------------------------------------------- diff and clean


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of two seeds with two checkpoints each and a best one, made once."""
    from agents import QLearning
    from lab import Experiment

    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        experiment = Experiment(
            QLearning(), "lab/GridWorld-v0", seed=seed, run_dir=folder / f"seed{seed}", evaluate_every=50,
            checkpoint_every=50, progress=False,
        )  # fmt: skip
        experiment.train(100)
        experiment.evaluate(episodes=3)
    return folder


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs"


@pytest.mark.thorough
def test_diff_says_what_differs_and_by_its_status(lab: Any, runs: Path) -> None:
    status, out, _ = lab("diff", runs / "seed0", runs / "seed1")
    assert status == 1
    found = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:]}
    assert found["seed"] == ["0", "1"] and "checkpoint.step" in found and "settings.learning_rate" not in found
    assert not any("time_" in name for name in found)
    status, out, _ = lab("diff", runs / "seed0", runs / "seed0")
    assert status == 0 and out.startswith("no difference in ")
    status, out, _ = lab("diff", runs / "seed0", runs / "seed1", "--all")
    assert status == 1 and {"settings.learning_rate", "versions.keras", "conditions.threads"} <= {
        line.split()[0] for line in out.splitlines()[1:]
    }
    found = json.loads(lab("diff", runs / "seed0", runs / "seed1", "--json")[1])
    assert found["differences"]["seed"] == [0, 1] and found["alike"] > 10
    assert lab("diff", runs / "seed0", runs / "nowhere")[0] == 2


@pytest.mark.thorough
def test_clean_deletes_what_a_run_can_do_without_and_only_when_told(lab: Any, runs: Path) -> None:
    run = runs / "seed0"
    outside = runs.parent / "outside"
    shutil.copytree(run / "checkpoints" / "step-000000000050", outside)
    (run / "checkpoints" / "step-000000000010").symlink_to(outside)
    (runs / "linked").symlink_to(outside.parent)
    leftover = run / "checkpoints" / ".step-000000000100.tmp-1"
    leftover.mkdir()
    (leftover / "state.json").write_bytes(b"x" * 1000)
    before = sorted(runs.rglob("*"))
    with pytest.warns(UserWarning, match="links are not followed"):
        status, out, _ = lab("clean", run)
    assert status == 0 and "nothing was. Fix: add --yes" in out and sorted(runs.rglob("*")) == before
    wanted = sum(p.stat().st_size for p in (run / "checkpoints" / "step-000000000050").iterdir()) + 1000
    assert f"({wanted:,} bytes) of 1 runs" in out
    with pytest.warns(UserWarning, match="links are not followed"):
        status, out, _ = lab("clean", "--yes", runs)
    assert status == 0 and "of 2 runs" in out
    left = {p.name.split("-")[0]: p for p in (run / "checkpoints").iterdir() if not p.is_symlink()}
    assert left["step"].name == "step-000000000100" and left.keys() == {"step", "best"}
    assert len(list(outside.iterdir())) == 3 and (run / "checkpoints" / "step-000000000010").is_symlink()
    assert RunDirectory(run).find_checkpoint("best") == left["best"]
    assert lab("clean", runs / "seed1")[1].startswith("nothing to delete")
    assert lab("resume", run, "--steps", 50)[0] == 0


def test_clean_keeps_the_whole_one_where_the_newest_is_damaged(lab: Any, runs: Path) -> None:
    run = RunDirectory(runs / "seed0")
    newest = run.checkpoints / "step-000000000100" / "state.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    assert clean.needless(run) == []
    assert lab("clean", "--yes", run.path)[0] == 0
    assert (run.checkpoints / "step-000000000050").is_dir() and newest.exists(), "resuming falls back on the older one"


def test_clean_leaves_a_run_alone_that_is_being_written(lab: Any, runs: Path) -> None:
    run = runs / "seed0"
    with RunLock(run).hold():
        status, out, err = lab("clean", "--yes", runs)
    assert status == 0 and "left alone: " in err and "is being written by" in err and "of 1 runs" in out
    assert len(checkpoints.listed(run / "checkpoints", "step")) == 2
    assert lab("clean", "nowhere")[0] == 2


def test_clean_follows_no_link_to_the_checkpoints(lab: Any, runs: Path) -> None:
    run = runs / "seed0"
    (run / "checkpoints").rename(runs.parent / "elsewhere")
    (run / "checkpoints").symlink_to(runs.parent / "elsewhere")
    status, _, err = lab("clean", "--yes", run)
    assert status == 0 and "left alone: " in err and "is a link" in err
    assert len(list((runs.parent / "elsewhere").iterdir())) == 3


# ---------------------------------------------------------------- completion and a quick start


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_names_the_command(lab: Any, shell: str) -> None:
    pytest.importorskip("argcomplete")
    status, out, _ = lab("completion", shell)
    assert status == 0 and "_ARGCOMPLETE" in out and "lab" in out


# A line, what completes it, and what does not.
LINES = [
    ("lab tra", "train", "demo"),
    ("lab train d", "dqn", "vae"),
    ("lab train dqn Cart", "CartPole-v1", "digits"),
    ("lab train vae di", "digits", "CartPole-v1"),
    ("lab play lab/Cat", "lab/Catch-v0", "digits"),
    ("lab clean --y", "--yes", "--import"),
]


def test_bash_completes_commands_learners_and_sources(lab: Any, tmp_path: Path) -> None:
    # Not in this process: argcomplete takes the file descriptors 8 and 9, whosever they are.
    pytest.importorskip("argcomplete")
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    (tmp_path / "script").write_text(lab("completion", "bash")[1])
    script = f"source {tmp_path}/script\nlab() {{ {sys.executable} -m lab \"$@\"; }}\nCOMP_WORDBREAKS=' ' COMP_TYPE=9\n"
    for line, _, _ in LINES:
        script += f"COMP_LINE='{line}' COMP_POINT={len(line)}\n_python_argcomplete lab\necho ${{COMPREPLY[@]}}\n"
    done = subprocess.run([bash, "-c", script], cwd=ROOT, capture_output=True, text=True, env=dict(os.environ))
    found = [answer.split() for answer in done.stdout.splitlines()]
    assert len(found) == len(LINES), done.stderr
    for (line, there, absent), answer in zip(LINES, found, strict=True):
        assert there in answer and absent not in answer, (line, answer)


def test_a_missing_package_is_named(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    status, _, err = lab("completion", "zsh")
    assert status == 2 and "pip install 'keras-lab[completion]'" in err


def test_help_and_lists_bring_no_tensorflow() -> None:
    code = """
import io, sys
from contextlib import redirect_stdout
from lab import cli
for arguments in (["--help"], ["train", "--help"], ["list"], ["list", "environments"], ["clean", "--help"]):
    with redirect_stdout(io.StringIO()) as out:
        try:
            cli.main(arguments)
        except SystemExit:
            pass
    assert out.getvalue()
    loaded = [m for m in ("tensorflow", "keras", "matplotlib") if m in sys.modules]
    assert not loaded, (arguments, loaded)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
