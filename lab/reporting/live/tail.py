"""Tail: the rows of a run's file, read on from where they were read to before."""

from __future__ import annotations

import os
from pathlib import Path

from lab.errors import RunDirectoryError
from lab.files.links import open_to_read
from lab.files.reading.rows import LARGEST_FILE, LONGEST_ROW, line_of
from lab.reporting.curves.columns import Columns


class Tail:
    """Follows a growing file of rows; one that was cut or replaced, as a resumed run does, is read anew.

    Args:
        path: The file; it need not be there yet.
        run: The run's directory.

    Attributes:
        columns: The numbers of the rows so far.
        bad: The numbers of the lines that are no rows.
    """

    def __init__(self, path: Path, run: Path) -> None:
        self.path, self.run = path, run
        self._begin((0, 0))

    def _begin(self, identity: tuple[int, int]) -> None:
        self.columns, self.bad = Columns(), list[int]()
        self._identity, self._offset, self._lines = identity, 0, 0

    def read(self) -> bool:
        """Read what is new; return whether anything is. A last line whose end is not written yet waits.

        Raises:
            ForeignFileError: When the file is a link, or no file.
            RunDirectoryError: When it cannot be read, or is larger than any honest one.
        """
        try:
            with open_to_read(self.path, self.run) as file:
                about = os.fstat(file.fileno())
                if about.st_size > LARGEST_FILE:
                    raise RunDirectoryError(f"{self.path} holds more than {LARGEST_FILE:,} bytes. Fix: delete it.")
                identity, before = (about.st_dev, about.st_ino), (self._identity, self._offset)
                if identity != self._identity or about.st_size < self._offset:
                    self._begin(identity)
                file.seek(self._offset)
                while (raw := file.readline(LONGEST_ROW)).endswith(b"\n"):
                    self._take(raw)
                return before != (self._identity, self._offset)
        except FileNotFoundError:
            gone = self._offset > 0
            self._begin((0, 0))
            return gone
        except OSError as error:
            raise RunDirectoryError(f"{self.path} cannot be read: {error.strerror}. Fix: make it readable.") from error

    def _take(self, raw: bytes) -> None:
        self._offset += len(raw)
        self._lines += 1
        if not raw.strip():
            return
        line = line_of(self._lines, raw.strip())
        if line.row is None:
            self.bad.append(self._lines)
        else:
            self.columns.add(line.row)
