"""Sessions: when, where and by which command a run was trained, and why it ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.runs import lock
from lab.runs.opening import sessions


def test_a_session_is_begun_ended_and_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/lab", "train", "dqn", "a b", "--seed", "1"])
    log = sessions.Log()
    log.begin(None, 0)
    log.end(500, "reached its 500 steps\x1b")
    config = json.loads(json.dumps(log.to_json()))
    found = sessions.sessions_of(config)
    assert found == log.sessions and sessions.Log().to_json(config) == config
    (session,) = found
    assert session.command == "lab train dqn 'a b' --seed 1"
    assert session.ended is not None and session.ended[::2] == (500, "reached its 500 steps\\x1b")
    assert "logical CPUs" in session.machine
    log.begin(config, 500)
    assert [one.step for one in log.sessions] == [0, 500] and log.sessions[1].ended is None


@pytest.mark.parametrize(
    ("program", "command"), [("/x/lab/__main__.py", "lab list"), ("/x/mine.py", "mine.py"), ("", "python")]
)
def test_arguments_of_other_programs_are_not_kept(monkeypatch: pytest.MonkeyPatch, program: str, command: str) -> None:
    monkeypatch.setattr(sys, "argv", [program, "list"])
    assert sessions.command() == command


@pytest.mark.parametrize(
    "damaged", [3, [3], [{"step": -1}], [{"step": 0, "time": "\x1b", "command": "", "machine": ""}]]
)
def test_damaged_sessions_are_none(damaged: Any) -> None:
    assert sessions.sessions_of({sessions.KEY: damaged}) == []
    assert sessions.sessions_of(None) == []


def test_of_many_sessions_the_first_and_the_latest_stay() -> None:
    log, config = sessions.Log(), None
    for step in range(sessions.MOST + 5):
        log.begin(config, step)
        config = log.to_json()
    assert len(log.sessions) == sessions.MOST
    assert log.sessions[0].step == 0 and log.sessions[-1].step == sessions.MOST + 4
    assert sessions.sessions_of(config) == log.sessions


def test_whether_a_run_is_being_written_shows_and_looking_keeps_nobody_out(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path)
    mine = lock.RunLock(tmp_path)
    with mine.hold():
        before = (tmp_path / lock.NAME).read_bytes()
        code = "import sys; from pathlib import Path; from lab.runs import lock; print(lock.is_held(Path(sys.argv[1])))"
        seen = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
        assert seen.stdout == "True\n" and (tmp_path / lock.NAME).read_bytes() == before
    assert not lock.is_held(tmp_path)
    # What a dead process left behind.
    (tmp_path / lock.NAME).write_text("1")
    assert not lock.is_held(tmp_path)
    with mine.hold():
        pass
