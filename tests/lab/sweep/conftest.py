"""One sweep for all tests of this folder that only look at it."""

import pytest

pytest.importorskip("optuna")

from tests.lab.sweep.tabular import sweep


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A sweep that ran to its end without a break."""
    found = sweep(tmp_path_factory.mktemp("sweeps") / "whole")
    found.run(progress=False)
    return found
