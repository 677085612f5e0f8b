"""What the server of `lab watch` answers: the page, its events, its media, and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from lab.errors import UsageError
from lab.files.links import read_bytes
from lab.reporting.live.watched import Watched
from lab.reporting.media import LARGEST_FILE

RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Serving(Protocol):
    """What a handler asks of its server."""

    watched: Watched

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which the server is to be called."""

    @property
    def is_full(self) -> bool:
        """Whether no further stream can be opened."""

    def stream(self, tag: str, write: Callable[[bytes], None]) -> None:
        """Send a page what changes, until it or the server goes."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Serving  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"
    # Of a connection that says nothing.
    timeout = 60

    def do_GET(self) -> None:
        """Answer a request for the page, its events or one of its media."""
        refused = self._refused()
        if refused:
            self._say(HTTPStatus.FORBIDDEN, refused)
            return
        parts = urlsplit(self.path)
        if parts.path == "/":
            self._page()
        elif parts.path == "/events":
            self._events(parse_qs(parts.query).get("since", [""])[0])
        elif parts.path.startswith("/media/"):
            self._media(parts.path.removeprefix("/media/"))
        else:
            self._say(HTTPStatus.NOT_FOUND, "nothing of that name")

    def version_string(self) -> str:
        """Return what the server calls itself."""
        return "lab"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Write no line a request."""

    def _refused(self) -> str:
        """Return why a request is not answered, if so.

        A page of another site can lead a browser here, by this machine's address or by a name of its own that it lets
        lead to it. Either shows in what the browser says of the request.
        """
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            return "this server answers to this machine's own address alone"
        origin = self.headers.get("Origin")
        if origin is not None and origin not in [f"http://{host}" for host in self.server.hosts]:
            return "this server answers its own page alone"
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "this server answers its own page alone"
        return ""

    def _page(self) -> None:
        try:
            content = self.server.watched.page().encode("utf-8")
        except (UsageError, OSError):
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, "the runs cannot be read")
            return
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", content)

    def _events(self, since: str) -> None:
        tag = self.headers.get("Last-Event-ID") or since
        if self.server.is_full:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages are open")
            return
        self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream", "Connection": "close"})
        self.close_connection = True
        try:
            self.server.stream(tag, self._piece)
        except OSError:
            # The page was closed.
            return

    def _piece(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _media(self, name: str) -> None:
        # Looked up among the files that the page shows; no part of it is ever a path.
        found = self.server.watched.media.get(name)
        try:
            content = None if found is None else read_bytes(found.path, found.run, LARGEST_FILE)
        except (UsageError, OSError):
            content = None
        if found is None or content is None or hashlib.sha256(content).hexdigest() != name:
            self._say(HTTPStatus.NOT_FOUND, "nothing of that name")
            return
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        if match is None:
            self._send(HTTPStatus.OK, found.mime, content, {"Accept-Ranges": "bytes"})
            return
        # A player asks for parts, and can go to any place only where it gets them.
        first, last = int(match[1]), min(int(match[2] or len(content)), len(content) - 1)
        if first > last:
            self._say(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "the file has no such part")
            return
        about = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{len(content)}"}
        self._send(HTTPStatus.PARTIAL_CONTENT, found.mime, content[first : last + 1], about)

    def _say(self, status: HTTPStatus, words: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{words}\n".encode())

    def _send(self, status: HTTPStatus, mime: str, content: bytes, more: dict[str, str] | None = None) -> None:
        self._head(status, {"Content-Type": mime, "Content-Length": str(len(content)), **(more or {})})
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
