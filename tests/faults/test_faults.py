"""A small share of the faults, for `make test`; `make faults` runs all of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import fuzz, outcomes
from tests.faults.tally import FAILURES, Tally

ROOT = Path(__file__).parents[2]


@pytest.mark.thorough
def test_killed_runs_end_as_the_uninterrupted_ones():
    """Killed at random moments, twice and more, in their start, their writes, their evaluations and their films."""
    jobs = ("dqn", "q_learning", "tiny")
    # In a process that has not used TensorFlow yet: its children begin where it stands.
    command = [sys.executable, "-m", "tests.faults", "kills", "--seeds", "2", "--jobs", "1"]
    command += [word for job in jobs for word in ("--exactly", job)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{done.stdout[-4000:]}\n{done.stderr[-1000:]}", pytrace=False)
    tries = int(re.search(r"kills: (\d+) tries, 0 failures", done.stdout)[1])
    assert tries >= 2 * len(jobs)


@pytest.mark.thorough
def test_readers_raise_nothing_but_their_documented_errors(tmp_path):
    tally = fuzz.check(list(fuzz.NAMES), 30, 0, tmp_path)
    assert set(tally.counts) == {f"fuzz, {name}" for name in fuzz.NAMES}
    assert not tally.failed, "\n".join(tally.failures)


def test_the_table_counts_tries_and_fails_by_what_may_not_happen(tmp_path):
    tally = Tally()
    tally.add("kill", "survived", number=3)
    assert tally.failed == 0
    for outcome in FAILURES:
        tally.add("kill", outcome, "what happened", "again")
    tally.save(tmp_path / "tally.json")
    read = Tally.load(tmp_path / "tally.json")
    read.merge(tally)
    assert read.failed == 2 * len(FAILURES) == len(read.failures)
    assert read.table().splitlines()[-1].split()[:3] == ["all", str(2 * (3 + len(FAILURES))), "6"]
    with pytest.raises(ValueError, match="expected one of"):
        tally.add("kill", "fine")


def test_the_comparison_notices_a_row_a_digest_and_a_file_that_differ():
    """The negative control of the comparison itself; `python -m tests.faults controls` alters whole runs."""
    first = {".": {"metrics": [{"step": 1, "loss": 0.5}], "step-1": "abc", "media": ["a.png"]}}
    assert outcomes.differing(first, first) == ""
    changes = ({"metrics": [{"step": 1, "loss": 0.25}]}, {"metrics": []}, {"step-1": "abd"}, {"media": []})
    for change in changes:
        assert outcomes.differing(first, {".": {**first["."], **change}}), change
    assert outcomes.differing(first, {})


def test_files_that_are_not_whole_are_seen(tmp_path):
    (tmp_path / "config.json").write_text('{"a": 1')
    (tmp_path / "episode.mp4").write_bytes(b"")
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"ste\n{"step": 3}\n')
    (tmp_path / ".config.json.abc.partial").write_text("{")
    assert outcomes.broken(tmp_path) == ["config.json", "episode.mp4", "metrics.jsonl"]
    assert ".config.json.abc.partial" in outcomes.unfinished(tmp_path)
