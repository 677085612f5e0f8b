"""A fuzz of every reader: whatever the bytes, a reader returns or raises its documented error."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import random
import signal
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from lab.errors import CheckpointError, RunDirectoryError, UsageError
from tests.faults.controls import resign
from tests.faults.damage import Hung, _limit, made
from tests.faults.tally import Tally, chosen

# Words that mean something to some reader, beside what hypothesis thinks of.
WORDS = ("step", "format", "files", "sha256", "bytes", "notes", "learner", "settings", "__array__", "__tuple__",
         "dtype", "shape", "data_offsets", "__metadata__", "kind", "Box", "Discrete", "inf", "F32")  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([0, -1, 1, 2**31, 2**53, 2**63, 2**64 - 1, 1e308])
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(WORDS), st.text(max_size=8))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner,
                                                                max_size=4),
    max_leaves=12,
)  # fmt: skip
# Edits of whole bytes: (where, how, with what).
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["flip", "insert", "delete", "cut", "set"]), st.binary(max_size=6)),
    min_size=1, max_size=4,
)  # fmt: skip


def edited(data: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    """Return bytes after some edits."""
    for share, how, more in edits:
        at = int(share * len(data))
        if how == "flip" and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (more[0] if more else 1)]) + data[at + 1 :]
        elif how == "insert":
            data = data[:at] + more + data[at:]
        elif how == "delete":
            data = data[:at] + data[at + 1 + len(more) :]
        elif how == "cut":
            data = data[:at]
        elif how == "set":
            data = data[:at] + more + data[at + len(more) :]
    return data


def with_leaf(text: str, share: float, value: Any) -> str:
    """Return a JSON text one of whose values, at any depth, is another one."""
    tree = json.loads(text)
    slots: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            slots.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    if not isinstance(tree, (dict, list)):
        return json.dumps(value)
    walk(tree)
    if slots:
        node, key = slots[min(int(share * len(slots)), len(slots) - 1)]
        node[key] = value
    return json.dumps(tree)


class Reader:
    """A reader, a file that it can read, and the errors that it documents.

    Args:
        name: For the table.
        path: Written anew for each input.
        read: Reads it.
        errors: What it may raise.
        before: Called when the file has been written.
    """

    def __init__(
        self, name: str, path: Path, read: Callable[[], Any], errors: tuple[type[Exception], ...],
        before: Callable[[], Any] = lambda: None,
    ) -> None:  # fmt: skip
        self.name, self.path, self.read, self.errors, self.before = name, path, read, errors, before
        self.good = path.read_bytes()

    @property
    def is_text(self) -> bool:
        """Whether its file is one JSON value."""
        return self.path.suffix == ".json"


def readers(home: Path) -> list[Reader]:
    """Return every reader of files that a stranger may have written, each with a run or file of its own."""
    from lab.cli import main
    from lab.files.json_lines import JsonLines
    from lab.learner import Learner
    from lab.reporting.records import read_run
    from lab.results.history import History
    from lab.runs import checkpoints, settings_file
    from lab.runs.directory import RunDirectory

    run = made("q_learning", home)
    last = checkpoints.listed(run / "checkpoints", "step")[-1]
    with contextlib.redirect_stdout(io.StringIO()):
        main(["record", str(run), "-o", str(home / "episodes.npz"), "--episodes", "2"])
    from agents import Episodes

    archive = home / "episodes.npz"
    again = functools.partial(resign, last)
    return [
        Reader("config", run / "config.json", RunDirectory(run).read_config, (RunDirectoryError,)),
        Reader("config, opened", run / "config.json", lambda: Learner.load(run), (UsageError,)),
        Reader("manifest", last / "manifest.json", lambda: checkpoints.read(last), (CheckpointError,)),
        Reader("state.json, signed", last / "state.json", lambda: checkpoints.read(last), (CheckpointError,), again),
        Reader("state.json, loaded", last / "state.json", lambda: Learner.load(run, "last"), (UsageError,), again),
        Reader("safetensors, signed", last / "state.safetensors", lambda: checkpoints.read(last), (CheckpointError,),
               again),
        Reader("metrics", run / "metrics.jsonl", JsonLines(run / "metrics.jsonl").read, (UsageError,)),
        Reader("history", run / "metrics.jsonl", lambda: History.read(run / "metrics.jsonl"), (UsageError,)),
        Reader("evaluations", run / "evaluations.jsonl", JsonLines(run / "evaluations.jsonl").read, (UsageError,)),
        Reader("records of config", run / "config.json", lambda: read_run(run), (UsageError,)),
        Reader("records of metrics", run / "metrics.jsonl", lambda: read_run(run), (UsageError,)),
        Reader("records of evaluations", run / "evaluations.jsonl", lambda: read_run(run), (UsageError,)),
        Reader("records of manifest", last / "manifest.json", lambda: read_run(run), (UsageError,)),
        Reader("episodes", archive, lambda: Episodes.load(archive).verify(), (UsageError,)),
        Reader("best manifest", last.parent / _best(last) / "manifest.json",
               lambda: RunDirectory(run).find_checkpoint("best"), (CheckpointError,)),
        Reader("settings file", run / "settings.toml", lambda: settings_file.read(run / "settings.toml"),
               (UsageError,)),
        *_of_a_sweep(home / "sweep"),
        _of_a_trace(home),
    ]  # fmt: skip


def _of_a_sweep(folder: Path) -> list[Reader]:
    from lab.sweep import plan
    from lab.sweep.journal import Journal
    from lab.sweep.spaces import Choice, Range

    folder.mkdir()
    spaces = {"learning_rate": Range(0.1, 1.0, log=True), "discount": Choice((0.9, 0.99))}
    plan.write(folder, plan.Plan(
        "q_learning", "lab/GridWorld-v0", {name: space.to_json() for name, space in spaces.items()}, {}, 100, 4, [0, 1],
        0, "tpe", "none", 3, 2, "last", "mean", None, {"num_envs": 1, "lane": "auto", "evaluate_every": 50}, [], "4",
    ))  # fmt: skip
    trials = Journal(folder, spaces)
    trials.name_metric("mean_return", True)
    trials.begin({n: {"learning_rate": 0.5, "discount": 0.9} for n in (0, 1)})
    trials.end(
        [dataclasses.replace(trials.trials[0], state="complete", value=0.5, values={0: 0.25, 1: 0.75}, step=100)]
    )
    return [
        Reader("sweep", folder / plan.NAME, lambda: plan.read(folder), (RunDirectoryError,)),
        Reader("trials", trials.lines.path, lambda: Journal(folder, spaces).read(), (UsageError,)),
    ]


def _of_a_trace(home: Path) -> Reader:
    from lab.files.reading.schema import SchemaError
    from lab.media.trace import Tracer, path_of, read_trace

    video = home / "episode.mp4"
    video.write_bytes(b"a film")
    tracer = Tracer([0.0, 1.0])
    tracer.show(np.zeros((8, 8, 3), np.uint8))
    for step in range(3):
        tracer.step([0.5, 0.25], step % 2, 1.0, [float(step), 2.0])
    tracer.end(terminated=True)
    tracer.write(video, 30.0)
    digest = hashlib.sha256(b"a film").hexdigest()
    return Reader("trace of a film", path_of(video), lambda: read_trace(video, home, digest), (SchemaError,))


def _best(last: Path) -> str:
    from lab.runs import checkpoints

    return checkpoints.listed(last.parent, "best")[-1].name


NAMES = ("config", "config, opened", "manifest", "state.json, signed", "state.json, loaded", "safetensors, signed",
         "metrics", "history", "evaluations", "records of config", "records of metrics", "records of evaluations",
         "records of manifest", "episodes", "best manifest", "settings file", "sweep", "trials",
         "trace of a film")  # fmt: skip
# These make a learner for each input, which takes a hundred times as long.
SLOW = ("config, opened", "state.json, loaded")


def check(names: list[str], inputs: int, number: int, home: Path) -> Tally:
    """Give each of some readers so many inputs."""
    tally = Tally()
    home.mkdir(parents=True, exist_ok=True)
    for reader in readers(home):
        if reader.name in names:
            tally.merge(fuzzed(reader, max(5, inputs // 50) if reader.name in SLOW else inputs, number))
            reader.path.write_bytes(reader.good)
            reader.before()
    signal.alarm(0)
    return tally


def fuzzed(reader: Reader, inputs: int, number: int) -> Tally:
    """Give one reader so many inputs."""
    tally, seen, name = Tally(), {}, reader.name
    warnings.simplefilter("ignore")
    strategies = [EDITS.map(lambda edits: edited(reader.good, edits)), st.binary(max_size=200)]
    if reader.is_text:
        text = reader.good.decode()
        leaf = st.builds(functools.partial(with_leaf, text), st.floats(0, 1), TREES)
        strategies = [leaf.map(str.encode), leaf.map(str.encode), TREES.map(lambda t: json.dumps(t).encode()),
                      *strategies]  # fmt: skip
    elif reader.path.suffix == ".jsonl":
        lines = reader.good.decode().splitlines()
        line = st.builds(functools.partial(with_leaf, lines[0]), st.floats(0, 1), TREES) | TREES.map(json.dumps)
        strategies += [st.tuples(line, st.integers(0, 2)).map(lambda p: "\n".join(
            [*lines[: p[1]], p[0], *lines[p[1] :]]).encode()) for _ in range(2)]  # fmt: skip

    @seed(number)
    @settings(max_examples=inputs, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.one_of(*strategies))
    def one(data: bytes) -> None:
        reader.path.write_bytes(data)
        try:
            reader.before()
            with _limit():
                reader.read()
        except reader.errors:
            tally.add(f"fuzz, {name}", "refused")
        except Hung:
            tally.add(f"fuzz, {name}", "hung", repr(data[:200]))
        except Exception as error:
            at = [f for f in traceback.extract_tb(error.__traceback__) if "/tests/" not in f.filename][-1:]
            place = f"{Path(at[0].filename).name}:{at[0].lineno}" if at else "?"
            key = (type(error).__name__, place)
            # The same hole many times over is one line.
            if key in seen:
                tally.counts[f"fuzz, {name}"]["tracebacks"] += 1
                return
            seen[key] = data
            what = f"{type(error).__name__} at {place}: {str(error)[:120]}, for ...{_shown(reader.good, data)}"
            tally.add(f"fuzz, {name}", "tracebacks", what,
                      f"python -m tests.faults fuzz --exactly '{name}' --inputs {inputs * len(NAMES)}")  # fmt: skip
        else:
            tally.add(f"fuzz, {name}", "survived")

    one()
    return tally


def _shown(good: bytes, data: bytes) -> str:
    start = next((i for i, (a, b) in enumerate(zip(good, data, strict=False)) if a != b), 0)
    return repr(data[max(0, start - 30) : start + 60])


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each reader."""
    names = chosen(options, NAMES)
    each = max(20, options.inputs // (len(NAMES) - len(SLOW)))
    number = options.seed if options.seed is not None else random.Random(0).randrange(2**31)
    groups = [group for group in (names[i :: options.jobs] for i in range(options.jobs)) if group]
    return [(group[0], functools.partial(check, group, each, number)) for group in groups]
