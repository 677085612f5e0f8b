"""`lab top`: a table of runs, those that are being trained first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lab.cli import main
from lab.reporting.live.found import runs_below
from lab.reporting.live.top import newest, table_of
from lab.runs import lock
from lab.runs.opening import sessions
from tests.lab.reporting.test_report import (
    HOSTILE,
    LEGIBLE,
    agent_run,
    append_row,
    generator_run,
    write_config,
    write_rows,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    agent_run(tmp_path / "runs" / "a", steps=10_000)
    generator_run(tmp_path / "runs" / "b")
    append_row(
        tmp_path / "runs" / "b", {"step": 5_000, "loss": 0.25, "time_elapsed": 60, "time_steps_per_second": 83.4}
    )
    return tmp_path / "runs"


def test_shows_step_speed_newest_numbers_and_time_left(folder: Path) -> None:
    row = {"step": 6_000, "return": 200.5, "loss": 0.125, "time_elapsed": 24.0, "time_steps_per_second": 400.0}
    append_row(folder / "a", row)
    with lock.RunLock(folder / "a").hold():
        head, first, second = table_of([Path("runs")])
    assert head.split() == ["RUN", "LEARNER", "STATE", "STEP", "STEPS/S", "RETURN", "LOSS", "LEFT"]
    assert " ".join(first.split()) == "runs/a dqn on CartPole-v1 running 6,000 / 10,000 400 200.5 0.125 10 s"
    assert " ".join(second.split()) == "runs/b autoencoder on digits finished 5,000 / 5,000 83.4 – 0.25"
    assert {len(line) for line in table_of([Path("runs")], 50)} == {50}


@pytest.mark.parametrize(
    ("why", "state"),
    [
        (None, "killed"),
        ("mean return 480 reached 475", "stopped"),
        ("stopped by SIGINT, after a checkpoint", "stopped"),
        ("TrainingDiverged: the loss is nan", "failed"),
        ("KeyboardInterrupt", "failed"),
    ],
)
def test_says_what_became_of_a_run(folder: Path, why: str | None, state: str) -> None:
    log = sessions.Log()
    log.begin(None, 0)
    if why is not None:
        log.end(5_000, why)
    write_config(folder / "a", steps=10_000, **log.to_json())
    assert table_of([folder])[1].split()[4] == state


def test_the_command_prints_it_once_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(folder / "c", learner=LEGIBLE)
    write_rows(folder / "c" / "metrics.jsonl", [{"step": 1, "loss": HOSTILE, "return": "\x1b[2J"}])
    assert main(["top", "--once"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 4 and "\x1b" not in printed and "runs/c" in printed
    # No terminal, so once without being asked.
    assert main(["top", "runs"]) == 0 and capsys.readouterr().out == printed


def test_bad_input_says_what_and_how(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "nowhere"]) == 2
    assert "RUN received 'nowhere'; expected a directory of a run or of runs. Fix:" in capsys.readouterr().err
    assert main(["watch", "nowhere"]) == 2
    assert "watch: RUN received 'nowhere'" in capsys.readouterr().err
    assert main(["watch", "--port", "70000"]) == 2
    assert "port received 70000; expected a whole number from 0 to 65535" in capsys.readouterr().err
    (folder / "empty").mkdir()
    assert table_of([folder / "empty"]) == [f"no run in {folder / 'empty'}"]


def test_the_newest_row_is_read_from_the_files_end(folder: Path) -> None:
    path = folder / "a" / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": i, "loss": 1.0}) + "\n" for i in range(5_000)) + '{"step": 5000, "lo')
    assert newest(path, folder / "a")["step"] == 4_999
    assert newest(folder / "a" / "missing", folder / "a") == {}


def test_runs_are_found_once_and_only_the_latest_of_many(folder: Path) -> None:
    assert runs_below([folder, folder / "a", folder / "gone"]) == [folder / "a", folder / "b"]
    (folder / "linked").symlink_to(folder / "b")
    os.utime(folder / "a" / "metrics.jsonl", (1, 1))
    os.utime(folder / "a" / "config.json", (1, 1))
    assert runs_below([folder], most=1) == [folder / "b"]


def test_runs_of_a_sweep_and_of_runs_side_by_side_are_found(tmp_path: Path) -> None:
    # A trial without its plan, as a kill may leave it, and folders that are none of theirs.
    expected = [tmp_path / name for name in ("seeds/seed-0", "sweep/trial-0000/seed-0", "sweep/trial-0001/seed-0")]
    for run in (*expected, tmp_path / "else" / "deeper"):
        run.mkdir(parents=True)
        (run / "config.json").touch()
    for plan in ("seeds/runs.json", "sweep/sweep.json", "sweep/trial-0000/runs.json"):
        (tmp_path / plan).touch()
    assert runs_below([tmp_path]) == expected
    assert runs_below([tmp_path / "sweep"]) == expected[1:]
