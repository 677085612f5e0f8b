"""FileCache: the media of runs, which change seldom, kept between two looks at them."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

from lab.files.links import open_to_read
from lab.media.trace import Trace, path_of, read_trace

MOST_BYTES = 1 << 27


class FileCache:
    """Reads files as `Budget` does by itself, and each state of a file once."""

    def __init__(self) -> None:
        self._contents: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._traces: OrderedDict[tuple[Any, ...], Trace | None] = OrderedDict()
        self._size = 0

    def read(self, path: Path, run: Path, most: int) -> bytes:
        """Return the content of a run's file; see `lab.files.links.read_bytes`."""
        with open_to_read(path, run) as file:
            about = os.fstat(file.fileno())
            key = (path, about.st_ino, about.st_size, about.st_mtime_ns)
            if key not in self._contents:
                content = file.read(most + 1)
                if len(content) > most:
                    raise OSError(f"it holds more than {most:,} bytes")
                self._contents[key] = content
                self._size += len(content)
            self._contents.move_to_end(key)
            while self._size > MOST_BYTES and len(self._contents) > 1:
                self._size -= len(self._contents.popitem(last=False)[1])
            return self._contents[key]

    def trace(self, video: Path, run: Path, digest: str) -> Trace | None:
        """Return the trace beside a video; see `lab.media.trace.read_trace`."""
        try:
            about = path_of(video).lstat()
        except OSError:
            return read_trace(video, run, digest)
        key = (video, digest, about.st_ino, about.st_size, about.st_mtime_ns)
        if key not in self._traces:
            self._traces[key] = read_trace(video, run, digest)
            while len(self._traces) > 200:
                self._traces.popitem(last=False)
        return self._traces[key]
