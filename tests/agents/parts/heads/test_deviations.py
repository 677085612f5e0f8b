"""When a policy's standard deviation is called wrong."""

import pytest

from agents.parts.heads import deviations


@pytest.mark.parametrize("deviation", [None, deviations.LEAST, 0.3, deviations.MOST])
def test_what_explores_is_let_be(deviation):
    assert deviations.complaint(deviation, "more", "less") == ""


def test_what_does_not_is_named_with_what_would_mend_it():
    collapsed = deviations.complaint(0.0123, "MORE", "LESS")
    assert "is 0.0123 of half their range; expected 0.02 to 4." in collapsed
    assert "It has collapsed" in collapsed and "Fix: MORE, " in collapsed
    exploded = deviations.complaint(7.39, "MORE", "LESS")
    assert "It has exploded" in exploded and "Fix: LESS, " in exploded
