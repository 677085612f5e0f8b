"""Keeps the start-up chatter of TensorFlow off the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


def set_quiet_defaults() -> None:
    """Tell TensorFlow, pygame and SDL, by variables that are not set yet, to neither chat nor take the signals.

    They read them when they are loaded.
    """
    if "tensorflow" not in sys.modules:
        # Here, because `import lab` does without it.
        from lab.runtime.compiling.compile_cache import folder

        # Where compiled programs are kept, finding one is logged as an error: see there.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if folder() is None else "3")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


@contextlib.contextmanager
def quiet_stderr(only_with: str | None = None) -> Iterator[None]:
    """Hold back what native code writes to standard error; let it out if the block raises.

    Args:
        only_with: A module's name: let it out, too, where the block has not loaded that module.
    """
    # Here, because `import lab` does without it.
    import tempfile

    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        # Standard error is closed: there is nothing to keep quiet.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        let_out = True
        try:
            yield
            let_out = only_with is not None and only_with not in sys.modules
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if let_out:
                held.seek(0)
                _write_all(held.read())


def _write_all(text: bytes) -> None:
    while text:
        text = text[os.write(2, text) :]


def load_tensorflow() -> None:
    """Import TensorFlow without its lines about libraries it did not find.

    They come before its logging can be set up, so no log level silences them.
    """
    # Here, because `import lab` does without it.
    from lab.runtime.compiling.compile_cache import offer
    from lab.runtime.processor import choose_kernels

    choose_kernels()
    offer()
    with quiet_stderr():
        import tensorflow  # noqa: F401
