"""The server of `lab watch`: what it answers, whom it refuses, and that pages are brought up to date."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.errors import UsageError
from lab.reporting.html.assets import LIVE_SCRIPT
from lab.reporting.html.document import policy
from lab.reporting.live import server as serving
from lab.reporting.live.server import LiveServer
from lab.reporting.live.tree import parts_of
from lab.runs import lock
from tests.lab.reporting.test_report import add_media, agent_run, append_row, fingerprints, generator_run, hostile_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = agent_run(tmp_path / "runs" / "first")
    add_media(run)
    generator_run(tmp_path / "runs" / "digits")
    return tmp_path / "runs"


@pytest.fixture
def server(folder: Path) -> Iterator[LiveServer]:
    made = LiveServer([folder], 0)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Return a server whose runs stay as they are."""
    made = LiveServer([agent_run(tmp_path_factory.mktemp("runs") / "run")], 0)
    made.start()
    yield made
    made.stop()


def get(server: LiveServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def events(server: LiveServer, tag: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", f"/events?since={tag}")
    return connection, connection.getresponse()


def next_event(answer: http.client.HTTPResponse) -> dict[str, str]:
    """Return the fields of the next event that has data."""
    found: dict[str, str] = {}
    while True:
        line = answer.readline().decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif "data" in found:
            return found


def data_of(page: bytes) -> dict[str, Any]:
    match = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page.decode(), re.DOTALL)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_serves_one_page_under_the_policy_of_its_own_script(asked: LiveServer) -> None:
    status, headers, page = get(asked, "/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
    assert LIVE_SCRIPT in page.decode() and data_of(page)["live"] is True
    content = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.decode())
    assert content == [policy(LIVE_SCRIPT, live=True).replace("'", "&#x27;")]
    assert "Server" in headers and "Python" not in headers["Server"]


def test_media_are_served_by_name_whole_and_in_parts(server: LiveServer, folder: Path) -> None:
    page = get(server, "/")[2].decode()
    names = dict.fromkeys(re.findall(r'src="(media/[0-9a-f]{64})"', page))
    assert len(names) == 3
    whole = {get(server, f"/{name}")[2] for name in names}
    film = (folder / "first" / "videos" / "episode.mp4").read_bytes()
    assert film in whole
    name = next(name for name in names if get(server, f"/{name}")[2] == film)
    status, headers, part = get(server, f"/{name}", Range="bytes=10-19")
    assert (status, part) == (206, film[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(film)}" and headers["Content-Type"] == "video/mp4"
    assert get(server, f"/{name}", Range="bytes=5-")[2] == film[5:]
    assert get(server, f"/{name}", Range=f"bytes={len(film)}-")[0] == 416
    # Another file of that name is not what the page asked for.
    (folder / "first" / "videos" / "episode.mp4").write_bytes(b"\0\0\0\0ftyp, secret")
    assert get(server, f"/{name}")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/config.json",
        "/media/",
        "/media/../../first/config.json",
        "/media/%2e%2e%2fconfig.json",
        "/media/..%5cconfig.json",
        "/first/videos/episode.mp4",
        "//etc/passwd",
        "/..",
        "/media/" + "0" * 64,
        "/\x00".replace("\x00", "%00"),
    ],
)
def test_nothing_else_is_served(asked: LiveServer, path: str) -> None:
    get(asked, "/")
    status, _, content = get(asked, path)
    assert (status, content) == (404, b"nothing of that name\n")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "evil.example:PORT"},
        {"Host": "127.0.0.1:PORT.evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/media/x"])
def test_other_hosts_and_other_sites_are_refused(asked: LiveServer, headers: dict[str, str], path: str) -> None:
    given = {name: value.replace("PORT", str(asked.server_port)) for name, value in headers.items()}
    status, _, content = get(asked, path, **given)
    assert status == 403 and b"alone" in content


def test_its_own_page_is_answered_by_either_name_and_nothing_is_taken(asked: LiveServer) -> None:
    port = asked.server_port
    assert get(asked, "/", Host=f"localhost:{port}", Origin=f"http://localhost:{port}")[0] == 200
    assert get(asked, "/", Sec_Fetch_Site="same-origin")[0] == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(asked, "/", method)[0] == 501
    assert asked.server_address[0] == "127.0.0.1"


def test_a_new_row_reaches_an_open_page_and_nothing_is_written(server: LiveServer, folder: Path) -> None:
    before = fingerprints(folder)
    data = data_of(get(server, "/")[2])
    connection, answer = events(server, data["version"])
    assert answer.getheader("Content-Type") == "text/event-stream"
    append_row(folder / "first", {"step": 5_500, "loss": 0.125, "return": 410.0, "time_elapsed": 22.0})
    change = json.loads(next_event(answer)["data"])
    connection.close()
    assert change.keys() == {"parts", "series"}
    assert [0.125] in [curve["y"][-1:] for curve in change["series"].values()]
    assert "run-1-head" not in change["parts"] and "5,500" in json.dumps(change["parts"]["run-2-head"])
    after = fingerprints(folder)
    assert before.pop("first/metrics.jsonl") != after.pop("first/metrics.jsonl") and before == after


def test_a_page_of_other_runs_or_of_an_earlier_server_is_loaded_anew(server: LiveServer, folder: Path) -> None:
    data = data_of(get(server, "/")[2])
    for tag in ("", "x-1-1", data["version"].replace("-", "x-", 1), data["version"] + "x"):
        connection, answer = events(server, tag)
        assert next_event(answer)["event"] == "renew"
        connection.close()
    connection, answer = events(server, data["version"])
    agent_run(folder / "third", seed=9)
    assert next_event(answer)["event"] == "renew"
    connection.close()


def test_a_resumed_run_whose_rows_were_cut_is_read_anew(folder: Path) -> None:
    made = LiveServer([folder], 0)
    made.server_close()
    tag = data_of(made.watched.page().encode())["version"]
    metrics = folder / "first" / "metrics.jsonl"
    kept = metrics.read_bytes().splitlines(keepends=True)[:3]
    (folder / "new").write_bytes(b"".join(kept) + b'{"step": 1600, "loss"')
    os.replace(folder / "new", metrics)
    assert made.watched.refresh() and not made.watched.refresh()
    _, change = made.watched.changes(tag)
    assert change is not None and max(curve["x"][-1] for curve in change["series"].values()) == 1500
    # The end of a row that was being written.
    with metrics.open("ab") as file:
        file.write(b": 7.5}\n")
    assert made.watched.refresh()
    _, change = made.watched.changes(tag)
    assert change is not None and 7.5 in [curve["y"][-1] for curve in change["series"].values()]


def test_a_run_being_written_is_running_and_after_it_is_not(folder: Path) -> None:
    made = LiveServer([folder], 0)
    made.server_close()
    assert "running" not in json.dumps(parts_of(made.watched.page()))
    with lock.RunLock(folder / "first").hold():
        tag = made.watched.tag
        assert made.watched.refresh()
        _, change = made.watched.changes(tag)
        assert change is not None and "running" in json.dumps(change["parts"]["run-2-head"])
    assert made.watched.refresh()


def test_damaged_runs_are_passed_over(folder: Path) -> None:
    (folder / "digits" / "config.json").write_text("{")
    made = LiveServer([folder], 0)
    made.server_close()
    page = made.watched.page()
    assert "dqn on CartPole-v1" in page and "autoencoder" not in page


def test_parts_are_trees_of_the_same_elements_and_texts() -> None:
    inner = '1 &lt; 2<svg viewBox="0 0 1 1"></svg><img src="data:,"><em>t</em>'
    shape, picture = ["svg", {"viewBox": "0 0 1 1"}], ["img", {"src": "data:,"}]
    tree = ["div", {"data-part": "a", "class": "x"}, "1 < 2", shape, picture, ["em", {}, "t"]]
    assert parts_of(f'<section><div data-part="a" class="x">{inner}</div></section>') == {"a": tree}


def test_what_a_stranger_wrote_is_text_in_every_tree(tmp_path: Path) -> None:
    hostile_run(tmp_path / "runs" / "one")
    hostile_run(tmp_path / "runs" / "two")
    made = LiveServer([tmp_path / "runs"], 0)
    made.server_close()
    page = made.watched.page()
    assert page.count("<script") == 2 and "<img onerror" not in page

    def elements(tree: Any) -> Iterator[tuple[str, dict[str, str]]]:
        if isinstance(tree, list):
            yield tree[0], tree[1]
            for child in tree[2:]:
                yield from elements(child)

    for tree in parts_of(page).values():
        for name, attributes in elements(tree):
            assert name not in ("script", "iframe", "style", "object", "link")
            assert not [key for key in attributes if key.startswith("on") or key == "style"]


def test_a_taken_port_is_said_and_without_a_wish_the_next_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} cannot be listened on .*Fix: --port 0"):
            LiveServer([folder], port)
        monkeypatch.setattr(serving, "PORT", port)
        made = LiveServer([folder])
        made.server_close()
        assert port < made.server_port < port + serving.TRIED


def test_the_command_prints_its_address_and_ends_at_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "lab", "watch", str(folder), "--port", "0"]
    # A job in the background may have been told to ignore Ctrl-C, which it would hand on.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heard) as process:  # type: ignore[call-overload]
        line = process.stdout.readline()
        match = re.search(r"at http://127\.0\.0\.1:(\d+)/ \(Ctrl-C ends it\)", line)
        assert match is not None, line
        connection = http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=20)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (130, "", "lab: interrupted\n")
