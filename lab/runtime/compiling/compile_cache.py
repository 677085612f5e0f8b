"""Keeps what XLA has compiled in the user's cache folder, so that the next process with the same program starts sooner.

XLA's own cache trusts its folder: it runs the machine code that it finds, does not ask on which processor that was
made, and ends a training where a file is cut short. So each process gives it a folder of its own, into which come only
files of this user, this processor and these settings whose SHA-256 is the one they were stored with; what it adds
there is stored when the process ends. Nothing of it lies in a run, and nothing of a run decides where it lies.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

from lab.errors import RunDirectoryError, bad_value, one_line
from lab.runtime.compiling.compiled_store import Session, opened

VARIABLE = "LAB_COMPILE_CACHE"
FLAGS = "TF_XLA_FLAGS"
LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
FLAG = "tf_xla_persistent_cache_directory"

_session: Session | None = None
_flags_before: str | None = None


def folder() -> Path | None:
    """Return where compiled programs are kept, or None where they are not.

    The environment variable `LAB_COMPILE_CACHE` names a folder, or is `off`; by default it is the user's cache folder
    (`XDG_CACHE_HOME`, else `~/.cache`). They are not kept where there are GPUs, which nobody has measured.

    Raises:
        UsageError: When the variable is a relative path, which may lead into a stranger's run.
    """
    given = os.environ.get(VARIABLE, "")
    if given in ("off", "0") or os.name != "posix" or not hasattr(os, "geteuid"):
        return None
    if given and not os.path.isabs(given):
        raise bad_value("environment", VARIABLE, given, "`off` or the absolute path of a folder")
    if os.path.exists("/dev/nvidia0") or os.path.exists("/dev/kfd"):
        return None
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return Path(base) / "keras-lab" / "compiled" if os.path.isabs(base) else None


def offer() -> None:
    """Tell XLA of a folder for this process, unless TensorFlow, which asks as it is loaded, is there already.

    Raises:
        UsageError: When the variable of the cache is no folder's.
    """
    global _session, _flags_before
    root, before = folder(), os.environ.get(FLAGS)
    if root is None or _session is not None or "tensorflow" in sys.modules or FLAG in (before or ""):
        return
    # XLA takes two of LLVM's words for features that the processor lacks, and logs pages of errors about them at each
    # program that it finds. Whoever has chosen to see TensorFlow's errors would see them.
    if os.environ.get(LOG_LEVEL) != "3":
        return
    try:
        _session = opened(root)
    except OSError:
        # A disk that refuses costs the time that compiling takes.
        return
    if _session is not None:
        atexit.register(_session.close)
        _flags_before = before
        os.environ[FLAGS] = f"{before or ''} --{FLAG}={_session.folder}".strip()


def refused(error: BaseException) -> RunDirectoryError | None:
    """Return what to raise in place of an error of TensorFlow's, where XLA could not write into its folder; else None.

    XLA ends the program that it has just compiled when the disk is full.
    """
    if _session is None or str(_session.folder) not in str(error):
        return None
    if not type(error).__module__.startswith("tensorflow"):
        return None
    words = one_line(error)
    return RunDirectoryError(
        f"what XLA compiled cannot be kept in {_session.folder}: {words}. Fix: free the disk, or {VARIABLE}=off."
    )


def fill(cut: tuple[int, ...]) -> None:
    """Put into that folder what is stored for processes like this one; TensorFlow's runtime has begun.

    Args:
        cut: Numbers of threads and processors, by which programs are cut into parts.
    """
    if _session is None or _session.filled:
        return
    # Processes that this one starts have folders of their own.
    if _flags_before is None:
        os.environ.pop(FLAGS, None)
    else:
        os.environ[FLAGS] = _flags_before
    _session.fill(cut)
