"""How a disk that fails is reported: one line that says what failed, what is kept and what to do."""

from __future__ import annotations

import errno
import os

from lab.errors import RunDirectoryError

_FIXES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it writable"),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), "find where it was moved to (it was renamed or deleted meanwhile)"),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENXIO), "look after the disk or the network it is on"),
}


def unwritable(path: str | os.PathLike[str], error: OSError) -> RunDirectoryError:
    """Build the error for a file or folder that cannot be written.

    Args:
        path: What was to be written.
        error: What the system said.
    """
    words = error.strerror or " ".join(str(error).split()) or type(error).__name__
    fix = _FIXES.get(error.errno or 0, "write elsewhere")
    return RunDirectoryError(
        f"{os.fspath(path)} cannot be written: {words}. What was whole before is kept. "
        f"Fix: {fix}, then try again; a run goes on from its last checkpoint with `lab resume`."
    )
