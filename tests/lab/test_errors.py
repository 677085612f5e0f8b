import warnings

import pytest

from lab.errors import CheckpointError, MissingPackageError, RunDirectoryError, UsageError, bad_value, printable

HOSTILE = "a\x1b[2J\x1b]0;t\x07\x9b31m\u202ex\u2066\ud800\r\x00\x7f\u2028b"


def test_what_a_terminal_would_obey_is_escaped():
    shown = printable(HOSTILE)
    assert shown.isprintable() and shown.startswith(r"a\x1b[2J\x1b]0;t\x07\x9b31m\u202ex") and shown.endswith("b")
    assert printable("Größe 日本\u3000\u00a01 %") == "Größe 日本\u3000\u00a01 %"
    assert printable("a\nb\tc") == r"a\nb\tc"
    assert printable(3.5) == "3.5"


@pytest.mark.parametrize("kind", [UsageError, CheckpointError, RunDirectoryError, MissingPackageError])
def test_an_error_that_quotes_a_file_is_printable_wherever_it_is_shown(kind):
    error = kind(f"the file says {HOSTILE}")
    assert str(error).isprintable() and r"\x1b[2J" in str(error)
    assert str(bad_value("x", "y", HOSTILE, "z")).isprintable()
    assert str(kind("a list:\n  one")) == "a list:\n  one"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn(f"skipped: {error}", stacklevel=1)
    assert str(seen[0].message).isprintable()
