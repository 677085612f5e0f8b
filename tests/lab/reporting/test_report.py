"""Reports: what the page shows, that it needs nothing else, and that nothing in a run can become markup."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.errors import RunDirectoryError, UsageError
from lab.media.images import write_png
from lab.media.video import write_video
from lab.reporting import media, write_report
from lab.reporting.html.assets import LIVE_SCRIPT, SCRIPT
from lab.reporting.records import read_run
from lab.runs import checkpoints

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>$\\frac{a}$\ud800\u202e<!--'
# What opening a run relies on is refused where it holds control characters; markup is not.
LEGIBLE = HOSTILE.replace("\ud800\u202e", "")
HEAD = {"html", "head", "meta", "title", "link", "style", "script", "noscript"}
BLOCKS = {"body", "header", "main", "footer", "nav", "section", "aside", "h1", "h2", "h3", "h4", "p", "div", "ul", "li"}
BLOCKS |= {"details", "summary", "progress"}
WORDS = {"a", "span", "strong", "em", "code", "figure", "figcaption", "img", "video"}
TABLES = {"table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"}


class Page(HTMLParser):
    """Gathers the elements and the text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] and self.elements[-1][0] not in ("script", "style"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def episodes(mean: float, count: int = 20) -> dict[str, Any]:
    returns = [mean + (i % 5) - 2.0 for i in range(count)]
    keys = {"mean": mean, "std": 1.4, "iqm": mean, "iqm_low": mean - 0.5, "iqm_high": mean + 0.5, "episodes": count}
    return {**keys, "min": mean - 2, "max": mean + 2, "length_mean": 9.0, "returns": returns, "lengths": [9] * count}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def append_row(run: Path, row: dict[str, Any]) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def write_config(run: Path, **changes: Any) -> None:
    run.mkdir(parents=True, exist_ok=True)
    config = {
        "format": 1,
        "learner": "dqn",
        "settings": {"learning_rate": 0.003, "hidden_sizes": [128, 64], "double": True, "replay_capacity": 50_000},
        "source": "CartPole-v1",
        "seed": 7,
        "num_envs": 1,
        "lane": "auto",
        "log_every": 500,
        "evaluate_every": 1_000,
        "checkpoint_every": None,
        "video_every": None,
        "callbacks": ["nan_guard"],
        "lane_used": "host",
        "lane_reason": "the environment's dynamics are Python",
        "steps": 5_000,
        "task": {"source_kind": "id", "action_space": {"kind": "Discrete", "n": 2, "start": 0}},
        "versions": {"keras": "3.15.1", "python": "3.11.7"},
    }
    (run / "config.json").write_text(json.dumps({**config, **changes}))


def agent_run(run: Path, score: float = 400.0, **changes: Any) -> Path:
    """Write a run of an agent as `Experiment` would."""
    write_config(run, **changes)
    rows = [{"step": s, "episodes": s // 20, "return": s / 12.5, "loss": 1 / s, "time_elapsed": s / 250} for s in STEPS]
    write_rows(run / "metrics.jsonl", rows)
    judged = [{"step": s, "purpose": "training", **episodes(score * s / 5_000)} for s in STEPS[1::2]]
    baseline = {"step": 0, "purpose": "baseline", "learner": "random", **episodes(22.5)}
    report = {"step": 5_000, "purpose": "report", **episodes(score, 100)}
    write_rows(run / "evaluations.jsonl", [baseline, *judged, report])
    state = {"learner": {"weights": np.arange(6.0)}}
    checkpoints.write(run / "checkpoints" / "step-000000005000", state)
    checkpoints.write(run / "checkpoints" / "best-000000004000", state, {"step": 4_000, "score": {"mean": 320.0}})
    return run


def generator_run(run: Path, **changes: Any) -> Path:
    data = {"learner": "autoencoder", "source": "digits", "task": {"data": {"shape": [8, 8]}}, **changes}
    write_config(run, **data)
    write_rows(run / "metrics.jsonl", [{"step": s, "loss": 100 / s, "time_elapsed": s / 100} for s in STEPS])
    rows = [{"step": s, "purpose": "training", "mse": 30 / s, "mse_pca": 0.0238, "samples": 100} for s in STEPS]
    report = {"step": 5_000, "purpose": "report", "mse": 0.0067, "mse_pca": 0.0242, "samples": 300}
    write_rows(run / "evaluations.jsonl", [*rows, report])
    return run


STEPS = [500 * i for i in range(1, 11)]


def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (6, 48, 64, 3), dtype=np.uint8)


def add_media(run: Path) -> None:
    (run / "videos").mkdir()
    (run / "samples").mkdir()
    write_video(run / "videos" / "episode.mp4", frames(), 10)
    write_video(run / "videos" / "interpolation.gif", frames(), 10)
    write_png(run / "samples" / "reconstructions.png", frames()[0])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    parent = tmp_path_factory.mktemp("runs")
    made = [agent_run(parent / "first"), agent_run(parent / "second", 380.0, seed=8), generator_run(parent / "digits")]
    add_media(made[0])
    return made


@pytest.fixture(scope="module")
def report(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(runs, tmp_path_factory.mktemp("out") / "page.html")


@pytest.fixture(scope="module")
def page(report: Path) -> Page:
    return Page(report)


def fingerprints(run: Path) -> dict[str, str]:
    files = [path for path in run.rglob("*") if path.is_file() and path.name != "report.html"]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# ------------------------------------------------------------------ what it shows


def test_shows_headline_settings_versions_and_checkpoints(page: Page, runs: list[Path]) -> None:
    for words in ("dqn on CartPole-v1", "autoencoder on digits", "environment steps", "updates", "20 s", "250"):
        assert words in page.text
    for words in (
        "learning_rate 0.003",
        "hidden_sizes 128, 64",
        "replay_capacity 50,000",
        "double true",
        "keras 3.15.1",
    ):
        assert words in page.text
    digest = checkpoints.digest(runs[0] / "checkpoints" / "step-000000005000")
    assert f"step 5,000 {digest[:12]}" in page.text
    assert "best, step 4,000" in page.text


def test_shows_evaluations_with_interval_baseline_best_last_and_report(page: Page) -> None:
    assert "baseline: random 0 22.5 1.4 22.5 [22, 23] 20.5 24.5 9 20" in page.text
    assert "during training, best (kept) 4,000 320" in page.text
    assert "during training, last 5,000 400 1.4 400 [399.5, 400.5]" in page.text
    assert "report 5,000 400 1.4 400 [399.5, 400.5] 398 402 9 100" in page.text
    assert "training 5,000" not in page.text
    assert "Of 5 evaluations during training" in page.text
    assert "Evaluation Step mse mse_pca samples" in page.text
    assert "report 5,000 0.0067 0.0242 300" in page.text
    assert "MSE 0.0067 at step 5,000; mse_pca 0.0242" in page.text


def test_shows_one_chart_a_metric_with_a_label(page: Page) -> None:
    labels = labels_of(page)
    for words in (
        "Evaluated return of an episode over environment steps",
        "return in training over environment steps",
        "loss over updates",
        "Evaluated MSE over updates",
    ):
        assert words in labels
    assert not [words for words in labels if words.startswith(("episodes", "Evaluated mse_pca", "Evaluated samples"))]


def labels_of(page: Page) -> list[str]:
    return [attributes["aria-label"] or "" for attributes in page.all("figure") if "data-chart" in attributes]


def test_embeds_videos_gifs_and_pictures_with_captions(page: Page, runs: list[Path]) -> None:
    (video,) = page.all("video")
    assert {"controls", "loop", "muted", "playsinline"} <= video.keys()
    content = base64.b64decode((video["src"] or "").removeprefix("data:video/mp4;base64,"))
    assert content == (runs[0] / "videos" / "episode.mp4").read_bytes()
    pictures = page.all("img")
    assert [(p["src"] or "")[:14] for p in pictures] == ["data:image/gif", "data:image/png"]
    assert [(p["width"], p["height"]) for p in pictures] == [("64", "48")] * 2
    assert "One greedy episode episode.mp4" in page.text
    assert "Inputs above, reconstructions below reconstructions.png" in page.text


def test_compares_runs_and_groups_seeds(page: Page) -> None:
    assert page.text.index("Comparison") < page.text.index("Learning curves")
    one = "first dqn CartPole-v1 mean return 400 400 [399.5, 400.5] of 100 episodes random 22.5 7 5,000 20 s"
    assert one in page.text
    assert "second dqn CartPole-v1 mean return 380" in page.text
    two = "mean of 2 seeds dqn CartPole-v1 mean return 390 390 of 2 runs, no interval of fewer than 3 from 380 to 400"
    assert two in page.text
    assert "digits autoencoder digits MSE 0.0067 – mse_pca 0.0242" in page.text
    assert "evaluation: mean return over environment steps, by learner" in labels_of(page)
    assert "On CartPole-v1" in page.text
    assert "On digits" not in page.text


def test_names_what_differs_between_runs_of_one_learner(tmp_path: Path) -> None:
    made = [agent_run(tmp_path / str(i), settings={"learning_rate": rate, "x": 1}) for i, rate in enumerate((0.1, 0.2))]
    made.append(agent_run(tmp_path / "again", settings={"learning_rate": 0.1, "x": 1}))
    text = Page(write_report(made, tmp_path / "page.html")).text
    assert "dqn, learning_rate 0.1 CartPole-v1" in text
    assert "dqn, learning_rate 0.2 CartPole-v1" in text
    assert "mean of 2 runs, a seed repeats" in text


def test_the_interval_of_several_runs_is_over_runs_and_of_like_runs_only(tmp_path: Path) -> None:
    made = [agent_run(tmp_path / f"r{i}", score, seed=i) for i, score in enumerate((480.0, 470.0, 300.0, 120.0, 9.0))]
    made += [agent_run(tmp_path / f"l{i}", 50.0 + i, seed=i, steps=9_000) for i in range(3)]
    made += [agent_run(tmp_path / f"d{i}", 70.0, seed=0, settings={"x": 1}) for i in range(3)]
    for step in (5, 10):
        for run in made[:5]:
            append_row(run, {"step": 5_000 + step, "loss": 1.0, "time_elapsed": 30.0, "time_runs_together": 5})
    text = Page(write_report(made, tmp_path / "page.html")).text
    assert "mean return 275.8 296.7 [46, 473.3] of 5 runs from 9 to 480" in text
    assert "mean return 51 51 [50, 52] of 3 runs" in text and "steps 9,000" in text, "other lengths are not pooled"
    assert "mean of 3 runs, a seed repeats dqn" in text and "of 3 runs, no interval: a seed repeats" in text
    assert "30 s (part of 5 runs' time)" in text
    assert "its part of the time beside 4 other runs" in text
    assert "of 100 episodes; 95 % interval over these [" in text


@pytest.mark.parametrize("rows", [False, True])
def test_run_without_rows_evaluations_or_videos_still_reports(tmp_path: Path, rows: bool) -> None:
    write_config(tmp_path / "run")
    if rows:
        write_rows(tmp_path / "run" / "metrics.jsonl", [])
        write_rows(tmp_path / "run" / "evaluations.jsonl", [])
    path = write_report([tmp_path / "run"])
    assert path == tmp_path / "run" / "report.html"
    page = Page(path)
    assert "No row was logged yet." in page.text
    assert "Not evaluated yet." in page.text
    assert page.all("aside") == []
    assert page.all("title") == [{}]
    assert "dqn on CartPole-v1 · lab report" in page.text


def test_only_reads_the_run_and_gives_the_same_page_again(tmp_path: Path, runs: list[Path]) -> None:
    before = fingerprints(runs[2])
    first = write_report(runs[2:], tmp_path / "a.html").read_bytes()
    assert write_report(runs[2:], tmp_path / "b.html").read_bytes() == first
    assert fingerprints(runs[2]) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_what_is_said_of_agents_is_not_said_of_predictors(tmp_path: Path) -> None:
    run = generator_run(tmp_path / "run", learner="regressor")
    rows = [{"step": s, "purpose": "training", "rmse": 30 / s, "examples": 40} for s in STEPS]
    write_rows(run / "evaluations.jsonl", [*rows, {"step": 5_000, "purpose": "report", "rmse": 0.5, "examples": 90}])
    page = Page(write_report([run], tmp_path / "page.html"))
    assert "RMSE 0.5 at step 5,000" in page.text and "Evaluation Step rmse examples" in page.text
    assert "episodes of an evaluation" not in page.text and "pale" not in page.text
    assert "environments" not in page.text and not [words for words in labels_of(page) if "examples" in words]
    rows = [{**row, "rmse_low": 0.1, "rmse_high": 0.2} for row in rows]
    write_rows(run / "evaluations.jsonl", rows)
    text = Page(write_report([run], tmp_path / "page.html")).text
    assert "intervals over the examples of an evaluation" in text


def test_long_histories_are_thinned(tmp_path: Path) -> None:
    run = agent_run(tmp_path / "run")
    rng = np.random.default_rng(0)
    write_rows(run / "metrics.jsonl", [{"step": i, "loss": rng.normal()} for i in range(1, 20_001)])
    assert write_report([run]).stat().st_size < 1_000_000
    assert "20,000" in Page(run / "report.html").text


# ------------------------------------------------------------------ that it needs nothing else


def check_self_contained(page: Page) -> None:
    assert {tag for tag, _ in page.elements} <= HEAD | BLOCKS | WORDS | TABLES
    addresses = [(key, value or "") for _, attrs in page.elements for key, value in attrs.items() if key in LINKS]
    assert addresses
    for key, address in addresses:
        assert address.startswith("#") or (address.startswith("data:") and (key != "href" or address == "data:,")), (
            address
        )
    for _, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
    for attributes in page.all("a"):
        assert (attributes["href"] or "").removeprefix("#") in {a.get("id") for _, a in page.elements}


LINKS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "cite", "ping", "xlink:href")


def test_page_needs_no_other_address_and_runs_no_script_but_its_own(page: Page) -> None:
    check_self_contained(page)
    data, script = re.findall(r"<script[^>]*>(.*?)</script>", page.source, re.DOTALL)
    assert [a.get("type") for a in page.all("script")] == ["application/json", None]
    assert script == SCRIPT and json.loads(data).keys() == {"charts", "series", "traces"}
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser"):
        assert word not in LIVE_SCRIPT
    styles = re.findall(r"<style>(.*?)</style>", page.source, re.DOTALL)
    assert len(styles) == 1
    assert not re.search(r"url\(|@import|https?:|expression", styles[0])
    (policy,) = [m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    for kind, text in (("style", styles[0]), ("script", script)):
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}';" in policy
    assert "unsafe" not in policy and "connect-src" not in policy and "self" not in policy


def data_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.findall(r"<script[^>]*>(.*?)</script>", page.source, re.DOTALL)[0])
    return found


def test_every_chart_has_its_data_and_every_line_its_curve(page: Page) -> None:
    data = data_of(page)
    assert {a["data-chart"] for a in page.all("figure") if "data-chart" in a} == data["charts"].keys()
    lines = [line for chart in data["charts"].values() for line in chart["lines"]]
    assert {line["series"] for line in lines if "series" in line} == data["series"].keys()
    for curve in data["series"].values():
        assert len(curve["x"]) == len(curve["y"]) > 0


def test_report_loads_no_tensorflow_and_none_of_the_other_packages(runs: list[Path], tmp_path: Path) -> None:
    code = (
        "import sys; from lab.reporting import write_report; write_report(sys.argv[1:2], sys.argv[2]); "
        "print([m for m in ('tensorflow', 'keras', 'gymnasium', 'agents', 'generative', 'envs') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(runs[2]), str(tmp_path / "page.html")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


# ------------------------------------------------------------------ strangers' runs


def hostile_run(run: Path) -> Path:
    agent_run(
        run,
        learner=LEGIBLE,
        source=LEGIBLE,
        unit=HOSTILE,
        lane_reason={HOSTILE: HOSTILE},
        settings={LEGIBLE: HOSTILE, "nested": {HOSTILE: [HOSTILE]}},
        versions={HOSTILE: HOSTILE},
    )
    write_rows(run / "metrics.jsonl", [{"step": s, HOSTILE: s, "$\\frac{$": s, "_": s, "loss": HOSTILE} for s in STEPS])
    rows = [{"step": s, "purpose": "training", "mean": s, "iqm": s, HOSTILE: s, f"{HOSTILE}_x": 3} for s in STEPS]
    rows.append({"step": 0, "purpose": "baseline", "learner": HOSTILE, "mean": 1, HOSTILE: 1})
    rows.append({"step": 9, "purpose": HOSTILE, "mean": 1, "returns": [HOSTILE, 1.0], "iqm_low": HOSTILE})
    rows[-1]["left_out"] = {"fd": HOSTILE, "kid": [HOSTILE]}
    write_rows(run / "evaluations.jsonl", rows)
    state = {"learner": {"weights": np.arange(2.0)}}
    checkpoints.write(run / "checkpoints" / "best-000000000500", state, {"score": {HOSTILE: HOSTILE}})
    (run / "checkpoints" / "step-000000000600").mkdir()
    manifest = {"files": {HOSTILE: {"sha256": HOSTILE, "bytes": HOSTILE}}}
    (run / "checkpoints" / "step-000000000600" / "manifest.json").write_text(json.dumps(manifest))
    add_media(run)
    name = '"><img onerror=alert(3) src=x>.png'
    shutil.copy(run / "samples" / "reconstructions.png", run / "samples" / name)
    shutil.copy(run / "samples" / "reconstructions.png", run / "samples" / "<script>alert(4)<.png")
    shutil.copy(run / "samples" / "reconstructions.png", os.fsencode(run / "samples") + b"/\xff<b>.png")
    return run


def test_no_text_of_a_run_becomes_markup(tmp_path: Path) -> None:
    first = hostile_run(tmp_path / "<img src=x onerror=alert(5)>")
    second = hostile_run(tmp_path / "other")
    page = Page(write_report([first, second], tmp_path / "page.html"))
    check_self_contained(page)
    assert page.source.count("<script") == 2
    assert "<img onerror" not in page.source
    # What the script draws from is data: no `<` of a run can end it.
    assert json.dumps(HOSTILE)[1:20] in json.dumps(data_of(page)["charts"])
    # It is shown, as text.
    assert '"><img src=x onerror=alert(1)><script>alert(2)</script>' in page.text
    assert "\u202e" not in page.source


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    run = agent_run(tmp_path / "run")
    odd = '{"step": %d, "loss": %s, "return": %s}\n'
    values = [("NaN", "1e308"), ("Infinity", "-1e308"), ("true", "1e-320"), ("1" + "0" * 400, "0"), ("null", "[1]")]
    (run / "metrics.jsonl").write_text("".join(odd % (i, *pair) for i, pair in enumerate(values)))
    rows = [{"step": s, "purpose": "training", "mean": 1e308 * s, "iqm": -1e308} for s in (0, 1)]
    rows.append({"step": 0, "purpose": "baseline", "mean": 1e308, "iqm": -1e308})
    rows.append({"step": 1, "purpose": "report", "mean": None, "iqm": True, "mse": 2})
    write_rows(run / "evaluations.jsonl", rows)
    page = Page(write_report([run]))
    assert "loss over environment steps" not in labels_of(page)
    assert "nan" not in page.text.lower()


def test_damaged_lines_and_checkpoints_are_noted_on_the_page(tmp_path: Path) -> None:
    run = agent_run(tmp_path / "run")
    with open(run / "metrics.jsonl", "ab") as file:
        file.write(b'{"step": 1\n[]\n{"step": -1}\n{"step": true}\n\xff\xfe\n{"step": 1e3}\n' + b"[" * 100_000 + b"\n")
    (run / "evaluations.jsonl").write_text("not json\n")
    (run / "checkpoints" / "step-000000005000" / "manifest.json").write_text("{")
    (run / "checkpoints" / "step-²").mkdir()
    page = Page(write_report([run]))
    assert "metrics.jsonl: line 11 and 6 more could not be read as a row with a step" in page.text
    assert "evaluations.jsonl: line 1 could not be read" in page.text
    assert "checkpoints/step-000000005000: the manifest is damaged" in page.text
    assert "Not evaluated yet." in page.text


def test_metrics_left_out_are_noted_once_a_reason(tmp_path: Path) -> None:
    run, reason = generator_run(tmp_path / "run"), "kid and coverage: received 50 rows; expected at least 100."
    rows = [json.loads(line) for line in (run / "evaluations.jsonl").read_text().splitlines()]
    rows[-1]["left_out"] = {"kid": reason, "coverage": reason}
    write_rows(run / "evaluations.jsonl", rows)
    assert Page(write_report([run])).text.count(reason) == 1
    write_rows(run / "evaluations.jsonl", [{**rows[-1], "left_out": [reason]}])
    assert reason not in Page(write_report([run], tmp_path / "other.html")).text


def test_missing_versions_are_noted_and_a_source_without_a_name_is_described(tmp_path: Path) -> None:
    write_config(tmp_path / "run", versions="3", source=None, task={"source_kind": "factory"})
    text = Page(write_report([tmp_path / "run"])).text
    assert "config.json: 'versions' is missing or no object." in text
    assert "dqn on custom factory" in text


def test_files_that_are_not_what_they_seem_are_left_out_and_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = agent_run(tmp_path / "run")
    add_media(run)
    secret = tmp_path / "secret.png"
    write_png(secret, frames()[1])
    (run / "samples" / "link.png").symlink_to(secret)
    (run / "samples" / "page.png").write_text("<script>alert(1)</script>")
    (run / "samples" / "folder.png").mkdir()
    (run / "samples" / "note.html").write_text("<script>alert(1)</script>")
    os.mkfifo(run / "videos" / "pipe.mp4")
    for step in range(40):
        shutil.copy(run / "samples" / "reconstructions.png", run / "samples" / f"grid-{step:09d}.png")
    monkeypatch.setattr(media, "LARGEST_FILE", 2 * (run / "samples" / "reconstructions.png").stat().st_size)
    (run / "videos" / "episode.mp4").write_bytes((run / "videos" / "episode.mp4").read_bytes() + bytes(100_000))
    page = Page(write_report([run]))
    assert base64.b64encode(secret.read_bytes()).decode() not in page.source
    assert "samples/link.png: left out; it is not a file of the run." in page.text
    assert "samples/folder.png: left out; it is not a file of the run." in page.text
    assert "videos/pipe.mp4: left out; it is not a file of the run." in page.text
    assert "samples/page.png: left out; its content is not png." in page.text
    assert re.search(r"videos/episode.mp4: left out; [\d.]+ kB is too large \(at most [\d.]+ kB a file\)", page.text)
    assert "samples/: 24 of 40 files like grid-000000039.png are shown." in page.text
    assert "Grid, step 0" in page.text
    assert "Grid, step 39" in page.text
    assert page.all("video") == []


def test_page_takes_no_more_than_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = agent_run(tmp_path / "run")
    add_media(run)
    budget = media.Budget(left=(run / "videos" / "episode.mp4").stat().st_size)
    notes: list[str] = []
    assert len(media.figures(run, budget, notes)) == 1
    assert [note.split(":")[0] for note in notes] == ["videos/interpolation.gif", "samples/reconstructions.png"]


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("runs_given", "output", "message"),
    [
        ([], None, "runs received 'none'; expected at least one run directory"),
        ("run", None, "runs received 'run'; expected a list of run directories. Fix: write_report"),
        (["run"], "page.pdf", "output received 'page.pdf'; expected a name that ends in .html"),
        (["run", "./run"], None, "expected each run once. Fix: leave it or run out"),
        (["missing"], None, "is not a run: it has no config.json"),
        (["run"], "file/page.html", "cannot be written"),
    ],
)
def test_bad_input_says_what_and_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs_given: Any, output: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=re.escape(message)):
        write_report(runs_given, output)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["config.json", "file", "run"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"learner": 3}', b"\xff", b"[" * 100_000])
def test_damaged_config_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(RunDirectoryError, match=r"config\.json cannot be read: .*Fix: restore the file"):
        read_run(tmp_path)


# ------------------------------------------------------------------ in a browser


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_browser_shows_all_pictures_and_videos_without_an_error(report: Path, tmp_path: Path) -> None:
    found, console = open_in_chromium(report, tmp_path)
    assert len(found["images"]) == 2
    assert min(found["images"]) > 0
    assert found["charts"] > 2
    assert found["videos"]
    assert min(found["videos"]) >= 1
    # The style sheet is the one that the policy allows.
    assert found["columns"] > 1
    assert console == []


def open_in_chromium(page: Path, directory: Path) -> tuple[dict[str, Any], list[str]]:
    """Load a page in a frame; return what a script outside it sees there, and what the console said."""
    outer = directory / "outer.html"
    outer.write_text(
        f"""<!doctype html><iframe id="page" width="1200" height="9000" src="{page.as_uri()}"></iframe><script>
        // Charts are drawn when the page has time, which on a busy machine is after it has loaded.
        let looks = 0;
        const look = () => {{
          const inner = document.getElementById("page").contentDocument;
          if (!inner.querySelector(".plot path.curve") && (looks += 1) < 100) return setTimeout(look, 50);
          const charts = inner.querySelector(".charts");
          document.title = "found" + JSON.stringify({{
            images: [...inner.images].map(image => image.naturalWidth),
            videos: [...inner.querySelectorAll("video")].map(video => video.readyState),
            charts: inner.querySelectorAll(".plot path.curve").length,
            columns: getComputedStyle(charts).gridTemplateColumns.split(" ").length,
          }});
        }};
        onload = look;</script>"""
    )
    command = f"""{CHROMIUM} --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
        --disable-background-networking --disable-component-update --disable-sync --allow-file-access-from-files
        --enable-logging=stderr --v=0 --user-data-dir={directory / "profile"} --virtual-time-budget=8000
        --dump-dom {outer.as_uri()}"""
    done = subprocess.run(command.split(), capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"<title>found(.*?)</title>", done.stdout)
    assert found is not None, done.stderr[-2000:]
    return json.loads(found[1]), [line for line in done.stderr.splitlines() if "CONSOLE" in line]
