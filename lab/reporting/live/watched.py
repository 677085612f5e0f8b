"""Watched: what a page about runs shows, and which of it has changed since a page was sent."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import UsageError
from lab.reporting.html.assets import LIVE_SCRIPT
from lab.reporting.live.cache import FileCache
from lab.reporting.live.found import runs_below
from lab.reporting.live.tail import Tail
from lab.reporting.live.tree import parts_of
from lab.reporting.media import Budget
from lab.reporting.page import Content, content_of, document
from lab.reporting.records import RunRecord, note_damage, record_of
from lab.runs import lock
from lab.runs.directory import RunDirectory

KINDS = ("series", "charts", "traces")


class Media(NamedTuple):
    """A file of a run that the page shows."""

    path: Path
    run: Path
    mime: str


class Watched:
    """Reads runs again and again, and knows in which version each part of their page changed last.

    Args:
        given: Runs, or directories of runs; those that appear there later are taken in.

    Attributes:
        media: The files that the page shows, by the names that it calls them; nothing else is ever served.
        version: Rises with every change.
    """

    def __init__(self, given: Sequence[Path]) -> None:
        self.given = list(given)
        self.media: dict[str, Media] = {}
        self.version = 0
        # Pages of an earlier server, or of other runs, are not brought up to date but loaded anew.
        self._server, self._generation = secrets.token_hex(8), 0
        self._tails: dict[Path, Tail] = {}
        self._records: dict[Path, tuple[object, RunRecord]] = {}
        self._cache = FileCache()
        self._content: Content | None = None
        self._outline: object = None
        # By kind and name: the version of the last change, and what it is as JSON.
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        self._lock = threading.Lock()

    @property
    def tag(self) -> str:
        """What a page of the present state is known by."""
        return f"{self._server}-{self._generation}-{self.version}"

    def refresh(self) -> bool:
        """Read what is new in the runs' files; return whether the page changed."""
        with self._lock:
            before, records, changed = set(self._records), [], self._content is None
            for run in runs_below(self.given):
                try:
                    record, is_new = self._read(run)
                except UsageError:
                    # Being begun or deleted just now; or damaged, which `lab report` says.
                    continue
                records.append(record)
                changed = changed or is_new
            kept = {record.path for record in records}
            changed = changed or kept != before
            self._records = {run: pair for run, pair in self._records.items() if run in kept}
            self._tails = {run: tail for run, tail in self._tails.items() if run in kept}
            if changed:
                self._take(records)
            return changed

    def page(self) -> str:
        """Return the whole page as it is now."""
        self.refresh()
        with self._lock:
            if self._content is None:
                raise UsageError("watch: nothing was read yet")
            return document(self._content, LIVE_SCRIPT, live=True, more={"live": True, "version": self.tag})

    def changes(self, tag: str) -> tuple[str, dict[str, Any] | None]:
        """Return what the page is known by now, and what has changed since a page; None where it must be loaded anew.

        Args:
            tag: What that page was known by.
        """
        server, _, rest = tag.partition("-")
        generation, _, version = rest.partition("-")
        with self._lock:
            if server != self._server or generation != str(self._generation) or not version.isdecimal():
                return self.tag, None
            found: dict[str, Any] = {}
            for (kind, name), (changed, value) in self._known.items():
                if changed > int(version):
                    found.setdefault(kind, {})[name] = json.loads(value)
            return self.tag, found

    def _read(self, run: Path) -> tuple[RunRecord, bool]:
        directory = RunDirectory(run)
        path = directory.path
        running = lock.is_held(path)
        tail = self._tails.setdefault(path, Tail(directory.metrics, path))
        grown = tail.read()
        state = (running, *map(_stamp, (directory.config_path, directory.evaluations, directory.checkpoints)))
        state = (*state, *map(_stamp, (directory.videos, directory.samples)))
        known = self._records.get(path)
        if known is not None and known[0] == state and not grown:
            return known[1], False
        notes: list[str] = []
        note_damage("metrics.jsonl", tail.bad, notes)
        record = record_of(directory, directory.read_config(), tail.columns, notes, running)
        self._records[path] = (state, record)
        return record, True

    def _take(self, records: list[RunRecord]) -> None:
        self.media = {}
        budget = Budget(address=self._address, read=self._cache.read, trace=self._cache.trace)
        content = content_of(records, budget)
        parts = {name: tree for section in content.sections for name, tree in parts_of(section).items()}
        outline = (content.title, content.links, [record.path for record in records], list(parts))
        if outline != self._outline:
            self._generation, self._outline, self._known = self._generation + 1, outline, {}
        self.version += 1
        found: dict[tuple[str, str], Any] = {("parts", name): tree for name, tree in parts.items()}
        found |= {(kind, name): value for kind in KINDS for name, value in content.data[kind].items()}
        for key, value in found.items():
            text = json.dumps(value, separators=(",", ":"))
            if key not in self._known or self._known[key][1] != text:
                self._known[key] = (self.version, text)
        self._content = content

    def _address(self, path: Path, run: Path, content: bytes, mime: str) -> str:
        name = hashlib.sha256(content).hexdigest()
        self.media[name] = Media(path, run, mime)
        return f"media/{name}"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.lstat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
