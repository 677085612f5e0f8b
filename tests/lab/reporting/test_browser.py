"""The report and the live page in a browser: no error, no request elsewhere, every control does what it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.media.trace import Tracer
from lab.media.video import write_video
from lab.reporting import write_report
from lab.reporting.live.server import LiveServer
from lab.runs import lock
from tests.lab.reporting.test_report import (
    CHROMIUM,
    HOSTILE,
    add_media,
    agent_run,
    append_row,
    frames,
    generator_run,
    hostile_run,
    write_rows,
)

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Harmless: it would only set a mark that the test looks for.
PAYLOADS = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=1</script>",
    '"><img src=x onerror="window.ran=1">',
    "<svg onload=window.ran=1>",
    "javascript:window.ran=1",
    "__proto__",
    "constructor",
)


class Shown:
    """A page, and what the browser said and asked for while it was open."""

    def __init__(self, browser: Any, address: str, width: int = 1280, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]")

    def check(self, address: str) -> None:
        """Check that nothing went wrong and nothing was asked for but the page and what is below its address."""
        assert self.said == []
        assert not [url for url in self.asked if not url.startswith((address, "data:"))]
        assert self.page.evaluate("[window.ran, Object.keys(Object.prototype).length]") == [None, 0]
        self.context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


def add_episode(run: Path) -> None:
    video = run / "videos" / "episode.mp4"
    write_video(video, frames(), 10)
    tracer = Tracer(np.array([0.0, 1.0]))
    tracer.show(frames()[0])
    for i in range(5):
        tracer.step(np.array([i, 2.0]), i % 2, 1.0, np.array([0.5 * i, -1.0]))
    tracer.end(False)
    tracer.write(video, 10)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    first = agent_run(folder / "first")
    add_media(first)
    add_episode(first)
    for step in (100, 200):
        shutil.copy(first / "samples" / "reconstructions.png", first / "samples" / f"grid-{step:09d}.png")
    other = agent_run(folder / "other", 300.0, settings={"learning_rate": 0.1, "hidden_sizes": [128, 64]})
    return [first, agent_run(folder / "second", 380.0, seed=8), other, generator_run(folder / "digits")]


@pytest.fixture(scope="module")
def report(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(runs, tmp_path_factory.mktemp("out") / "page.html").as_uri()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_and_shows_everything(browser: Any, report: str, width: int, scheme: str) -> None:
    shown = Shown(browser, report, width, scheme)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(ground[4:].split(",")[0]) < 60) == (scheme == "dark")
    for chart in page.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
        chart.locator("path.curve").first.wait_for(state="attached")
    wide = page.locator(".wide-table.overflows")
    # What is cut off says so.
    assert wide.count() == page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1).length"
    )
    if width == 400:
        assert wide.count() >= 1 and wide.first.locator(".hint").is_visible()
    images = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert images and min(images) > 0
    video = page.locator("figure.episode video").first
    assert video.get_attribute("poster").startswith("data:image/jpeg;base64,") and not video.evaluate("v => v.controls")
    shown.check(report)


def test_every_control_of_the_report_works(browser: Any, report: str) -> None:
    shown = Shown(browser, report)
    page = shown.page
    # The theme goes round.
    seen = []
    for _ in range(3):
        page.click("#theme")
        seen.append(page.evaluate("document.documentElement.dataset.theme || 'auto'"))
    assert seen == ["light", "dark", "auto"]
    # Smoothing leaves the logged line in sight, pale, and evaluations as they are.
    chart = page.locator("#run-1 [data-chart]", has_text="Loss")
    chart.scroll_into_view_if_needed()
    chart.locator("path.curve").first.wait_for(state="attached")
    before = chart.locator("path.curve").first.get_attribute("d")
    page.fill("#smoothing", "80")
    assert chart.locator("path.curve").count() == 2 and chart.locator("path.pale").get_attribute("d") == before
    evaluated = page.locator("#run-1 [data-chart]", has_text="Evaluation").first
    assert evaluated.locator("path.pale").count() == 0
    page.fill("#smoothing", "0")
    page.check("#logarithmic")
    # Out of sight nothing is drawn.
    chart.scroll_into_view_if_needed()
    sync_api.expect(chart.locator("path.curve").first).not_to_have_attribute("d", before)
    page.uncheck("#logarithmic")
    chart.scroll_into_view_if_needed()
    sync_api.expect(chart.locator("path.curve").first).to_have_attribute("d", before)
    # The pointer reads a chart; a name of the legend hides its line.
    chart.locator(".plot").hover()
    assert "environment steps" in chart.locator(".readout").inner_text()
    curves = page.locator("#comparison [data-chart]").first
    curves.scroll_into_view_if_needed()
    count = curves.locator("path.curve").count()
    curves.locator(".legend button").first.click()
    assert curves.locator("path.curve").count() < count
    curves.locator(".legend button").first.click()
    assert curves.locator("path.curve").count() == count
    # Tables sort, down at a second click, what has no value last.
    column = page.locator("table.runs th", has_text="Score")
    scores = []
    for _ in range(2):
        column.locator("button").click()
        scores.append(page.locator("table.runs tbody tr td:nth-child(5)").all_inner_texts())
    assert scores[0] == ["0.0067", "300", "380", "390", "400"] and scores[1] == scores[0][::-1]
    # Settings that are equal are shown when asked for, and runs are chosen.
    rows = page.locator("table.sides tbody tr:visible")
    count = rows.count()
    page.check("input.equal")
    assert rows.count() >= count
    columns = page.locator("table.sides thead th:visible")
    count = columns.count()
    page.locator(".chosen label").first.locator("input").uncheck()
    assert columns.count() == count - 1
    # Pictures over training, by a slider.
    group = page.locator(".browser", has=page.locator("figcaption", has_text="Grid"))
    assert "step 200" in group.locator("output").inner_text()
    group.locator("button").first.click()
    assert "1 of 2, step 100" in group.locator("output").inner_text()
    assert group.locator("figure:visible").count() == 1
    shown.check(report)


def test_the_player_shows_what_is_known_of_each_frame(browser: Any, report: str) -> None:
    shown = Shown(browser, report, 400)
    player = shown.page.locator("figure[data-trace]")
    player.scroll_into_view_if_needed()
    words = player.locator("output")
    words.get_by_text("frame 0 of 5").wait_for()
    for _ in range(2):
        player.get_by_label("One frame on").click()
    words.get_by_text("frame 2 of 5, reward 1").wait_for()
    values = player.locator(".panel", has_text="Value of each action")
    assert (
        values.locator(".value").all_inner_texts() == ["2", "2"] and values.locator(".taken").inner_text() == "action 0"
    )
    seen = player.locator(".panel", has_text="Observation")
    assert seen.locator(".value").all_inner_texts() == ["0.5", "-1"]
    player.get_by_label("Frame", exact=True).fill("5")
    words.get_by_text("frame 5 of 5, reward 1, truncated").wait_for()
    # A click on the curve of the return goes there.
    box = player.locator(".panel svg").bounding_box()
    player.locator(".panel svg").click(position={"x": box["width"] * 0.4, "y": 10})
    words.get_by_text("frame 2 of 5").wait_for()
    player.locator("select").select_option("0.25")
    player.locator(".play").click()
    player.locator(".play", has_text="Pause").wait_for()
    player.locator(".play").click()
    player.locator(".play", has_text="Play").wait_for()
    shown.check(report)


def test_many_runs_are_folded_up_and_a_link_opens_one(browser: Any, tmp_path: Path) -> None:
    made = [agent_run(tmp_path / f"run-{i}", seed=i) for i in range(6)]
    address = write_report(made, tmp_path / "page.html").as_uri()
    shown = Shown(browser, address)
    page = shown.page
    assert page.locator("details[open]").count() == 0
    page.locator("table.runs a", has_text="run-3").click()
    page.locator("#run-4[open] path.curve").first.wait_for(state="attached")
    shown.check(address)


def hostile(run: Path) -> Path:
    hostile_run(run)
    rows = [{"step": s, **{name: float(s) for name in PAYLOADS}} for s in (1, 2, 3)]
    write_rows(run / "metrics.jsonl", rows)
    judged = [{"step": s, "purpose": "training", "mean": s, **{name: float(s) for name in PAYLOADS}} for s in (1, 2, 3)]
    write_rows(run / "evaluations.jsonl", [*judged, {"step": 3, "purpose": PAYLOADS[2], "mean": 1}])
    config = json.loads((run / "config.json").read_text())
    config |= {"learner": PAYLOADS[1], "unit": PAYLOADS[2], "settings": {name: name for name in PAYLOADS}}
    (run / "config.json").write_text(json.dumps(config))
    return run


def test_a_strangers_run_executes_nothing(browser: Any, tmp_path: Path) -> None:
    made = [hostile(tmp_path / "runs" / name) for name in ("one", PAYLOADS[2].replace("/", ""))]
    address = write_report(made, tmp_path / "page.html").as_uri()
    server = LiveServer([tmp_path / "runs"], 0)
    server.start()
    try:
        for where in (address, server.address):
            shown = Shown(browser, where)
            for chart in shown.page.locator("[data-chart]").all():
                chart.scroll_into_view_if_needed()
                chart.locator(".plot").hover()
            for button in shown.page.locator(".legend button").all():
                button.click()
            if where == server.address:
                shown.page.locator("#connection.connected").wait_for()
                append_row(made[0], {"step": 7_000, **dict.fromkeys(PAYLOADS, 4.0), HOSTILE: 1.0})
                shown.page.locator(".tile strong", has_text="7,000").wait_for()
            assert PAYLOADS[1] in shown.page.locator("#run-1 h2").inner_text()
            shown.check(where)
    finally:
        server.stop()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_the_live_page_follows_a_run(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    run = agent_run(tmp_path / "runs" / "first", steps=8_000)
    (run / "videos").mkdir()
    add_episode(run)
    agent_run(tmp_path / "runs" / "second", seed=8)
    server = LiveServer([tmp_path / "runs"], 0)
    server.start()
    try:
        with lock.RunLock(run).hold():
            shown = Shown(browser, server.address, width, scheme)
            page = shown.page
            page.locator("#connection.connected").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            page.locator("#run-1 .tile.running").wait_for()
            page.locator("table.runs th", has_text="Seed").locator("button").click()
            page.check("input.equal")
            chart = page.locator("#run-1 [data-chart]", has_text="Loss")
            chart.scroll_into_view_if_needed()
            before = chart.locator("path.curve").get_attribute("d")
            append_row(run, {"step": 5_500, "loss": 0.5, "time_elapsed": 30.0, "time_steps_per_second": 250.0})
            page.locator("#run-1 .tile strong", has_text="5,500").wait_for()
            page.locator("#run-1 .tile.running", has_text="about 10 s left").wait_for()
            sync_api.expect(chart.locator("path.curve")).not_to_have_attribute("d", before)
            # What the reader has chosen stays.
            assert page.locator("table.runs th[aria-sort=ascending]").inner_text().startswith("Seed")
            assert page.locator("input.equal").is_checked()
        page.locator("#run-1 .tile.stopped").wait_for()
        # A player asks the server for parts, and so can go to any frame.
        player = page.locator("figure[data-trace]")
        player.scroll_into_view_if_needed()
        player.get_by_label("Frame", exact=True).fill("4")
        player.locator("output").get_by_text("frame 4 of 5").wait_for()
        # A run that is begun later appears.
        agent_run(tmp_path / "runs" / "third", seed=9)
        page.locator("#run-3").wait_for()
        shown.check(server.address)
    finally:
        server.stop()
