"""The server of `lab watch`: one page about runs, its events and its media, for this machine alone."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from lab.errors import UsageError, bad_value
from lab.reporting.live.handler import Handler
from lab.reporting.live.watched import Watched

HOST, PORT = "127.0.0.1", 8420
# How many ports after the default one are tried.
TRIED = 20
# Seconds between two looks at the runs: as many times what a look takes, between these bounds.
LEAST_PAUSE, MOST_PAUSE, PART = 0.5, 1.5, 40
MOST_STREAMS = 32
# After so many seconds without news a stream says that it is there.
SIGN_OF_LIFE = 10.0


class LiveServer(ThreadingHTTPServer):
    """Serves a page about runs that go on; it reads their files, when somebody looks, and writes nothing.

    Args:
        given: Runs, or directories of runs.
        port: To listen on; 0 for any free one, None for the first free one from 8420 on.

    Raises:
        UsageError: When the port is taken, or is none.
    """

    daemon_threads = True
    # A second server would take half of the first one's connections.
    allow_reuse_port = False

    def __init__(self, given: Sequence[Path], port: int | None = None) -> None:
        self.watched = Watched(given)
        self.news = threading.Condition()
        self.ended = threading.Event()
        self.streams = 0
        self._bind_first_free(port)
        self._workers = [
            threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True),
            threading.Thread(target=self._look, daemon=True),
        ]

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.server_port}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which this server is to be called; a stranger's name that leads here is none."""
        return tuple(f"{name}:{self.server_port}" for name in (HOST, "localhost"))

    def start(self) -> None:
        """Serve beside what the caller does."""
        for thread in self._workers:
            thread.start()

    def stop(self) -> None:
        """End every stream, and serve no longer."""
        self.ended.set()
        with self.news:
            self.news.notify_all()
        if self._workers[0].is_alive():
            self.shutdown()
        self.server_close()

    def stream(self, tag: str, write: Callable[[bytes], None]) -> None:
        """Send a page what changes, until it or the server goes.

        Args:
            tag: What the page was known by when it was sent.
            write: Called with each piece of the stream, bytes.
        """
        with self._counted():
            while not self.ended.is_set():
                now, change = self.watched.changes(tag)
                if change is None:
                    write(b"event: renew\ndata: {}\n\n")
                    return
                data = f"data: {json.dumps(change, separators=(',', ':'))}\n\n" if change else ": here\n\n"
                write(f"id: {now}\n{data}".encode())
                tag = now
                with self.news:
                    self.news.wait_for(partial(self._is_news, tag), SIGN_OF_LIFE)

    def _is_news(self, tag: str) -> bool:
        return self.ended.is_set() or self.watched.tag != tag

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke: a page was closed."""

    @property
    def is_full(self) -> bool:
        """Whether as many pages are open as one machine's user can look at."""
        return self.streams >= MOST_STREAMS

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self.news:
            self.streams += 1
            self.news.notify_all()
        try:
            yield
        finally:
            with self.news:
                self.streams -= 1

    def _look(self) -> None:
        while not self.ended.is_set():
            with self.news:
                # While nobody looks at the page nothing is read.
                self.news.wait_for(lambda: self.ended.is_set() or self.streams > 0)
            began = time.monotonic()
            if not self.ended.is_set() and self.watched.refresh():
                with self.news:
                    self.news.notify_all()
            self.ended.wait(min(max(LEAST_PAUSE, PART * (time.monotonic() - began)), MOST_PAUSE))

    def _bind_first_free(self, port: int | None) -> None:
        if port is not None and not 0 <= port <= 65_535:
            raise bad_value("watch", "port", port, "a whole number from 0 to 65535; 0 takes any free one")
        tried = range(PORT, PORT + TRIED) if port is None else [port]
        for number in tried:
            try:
                super().__init__((HOST, number), Handler)
                return
            except OSError as error:
                last = error
        first = tried[0] if port is not None else f"{PORT} to {PORT + TRIED - 1}"
        raise UsageError(
            f"watch: port {first} cannot be listened on ({last.strerror}); expected a free one. "
            "Fix: --port 0 takes any free port."
        ) from last

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])
