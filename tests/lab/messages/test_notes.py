import warnings

import gymnasium
import numpy as np
import pytest

from agents import Random
from lab import Experiment
from lab.errors import CheckpointError
from lab.messages import notes
from lab.messages.terminal import printable_warnings
from lab.runs import checkpoints
from tests.agents.helpers import Counter, Unrepeatable


def test_a_note_is_one_line_and_said_once(capsys):
    for _ in range(3):
        notes.note("something\n  to know, said by test_notes")
    assert capsys.readouterr().err == "note: something to know, said by test_notes\n"


def test_a_warning_is_one_unless_warnings_are_errors_and_then_a_line(capsys):
    with pytest.warns(UserWarning, match="to mind"):
        notes.warn("something to mind")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notes.warn("something to mind, said by test_notes")
    assert capsys.readouterr().err == "note: something to mind, said by test_notes\n"


def test_an_environment_that_turns_warnings_into_errors_does_so_for_its_import_only():
    def entry_point(**keywords):
        warnings.simplefilter("error")
        return Counter(**keywords)

    gymnasium.register("Strict-v0", entry_point=entry_point)
    before = list(warnings.filters)
    try:
        experiment = Experiment(Random(), "Strict-v0", progress=False)
        experiment.train(6)
        experiment.evaluate(episodes=3)
        assert warnings.filters == before
    finally:
        del gymnasium.registry["Strict-v0"]


def test_what_is_warned_of_does_not_end_a_run_where_warnings_are_errors(tmp_path, capsys):
    """A package imported by the user's own script: its filters stay."""
    experiment = Experiment(Random(), lambda: Unrepeatable(9), run_dir=tmp_path / "run", progress=False)
    experiment.train(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resumed = Experiment.resume(tmp_path / "run", source=lambda: Unrepeatable(9), progress=False, exact=False)
        resumed.train(4)
        damaged = sorted((tmp_path / "run" / "checkpoints").glob("step-*"))
        (damaged[-1] / "state.json").write_text("{}")
        assert checkpoints.newest(checkpoints.listed(damaged[0].parent, "step")) == damaged[0]
        (damaged[0] / "state.json").write_text("{}")
        with pytest.raises(CheckpointError):
            checkpoints.newest(checkpoints.listed(damaged[0].parent, "step"))
    said = capsys.readouterr().err
    assert "begins its next episode" in said and "skipped a damaged checkpoint" in said


def test_numbers_out_of_range_raise_no_warning_of_numpys():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        experiment = Experiment(Random(), Counter, progress=False)
        experiment.train(30)
        assert np.isfinite(experiment.evaluate(episodes=12).mean)


def test_the_command_says_each_warning_once():
    with printable_warnings():
        lines = [warnings.formatwarning(text, UserWarning, "a.py", 1) for text in ("two\nlines", "two lines", "other")]
    assert lines == ["lab: warning: two lines\n", "", "lab: warning: other\n"]
