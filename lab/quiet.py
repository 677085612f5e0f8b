"""Keeps the start-up chatter of TensorFlow off the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to standard error; let it out if the block raises."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        # Standard error is closed: there is nothing to keep quiet.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def load_tensorflow() -> None:
    """Import TensorFlow without its lines about libraries it did not find.

    They come before its logging can be set up, so no log level silences them.
    """
    with quiet_stderr():
        import tensorflow  # noqa: F401
