"""The command as the tests of this folder call it."""

import pytest

from lab import cli


@pytest.fixture
def command(capfd):
    """Run the command in this process; return its status, and what it wrote to the two streams."""

    def run(*arguments):
        try:
            status = cli.main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run
