"""The tour: an experiment of each kind, and words on each."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from lab.command.arguments import parser
from lab.command.tour import FILES, STOPS


@pytest.mark.thorough
def test_the_tour_trains_one_of_each_kind_and_says_what_it_made(command: Any, tmp_path: Path) -> None:
    status, out, err = command("tour", "--quick", "--run", tmp_path / "tour")
    assert status == 0, err
    for stop in STOPS:
        run = tmp_path / "tour" / stop.job.learner
        assert stop.kind in out and (run / "config.json").is_file()
        assert all(list(run.rglob(name)) for name in stop.job.shown.values())
    assert {path.name for path in (tmp_path / "tour" / "q_learning").iterdir()} == FILES.keys()
    said = [line.split("try ")[1].strip() for line in out.splitlines() if line.strip().startswith("try ")]
    assert len(said) == sum(len(stop.next) for stop in STOPS)
    for line in said:
        # Each is a command that there is.
        parser().parse_args(shlex.split(line)[1:])
    assert max(map(len, out.replace(str(tmp_path), "").splitlines())) <= 120
