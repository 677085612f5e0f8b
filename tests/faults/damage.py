"""Every file of a run truncated at and flipped in every region, for every command.

Allowed: exactly the right result; one line and exit 2; or a warning that names the damage and a fall-back to a whole
checkpoint. The logs and config.json carry no sums, so a digit that is another digit is what the file says: such a case
is counted apart.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import random
import shutil
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults import outcomes
from tests.faults.tally import Tally, chosen

LIMIT = 60
RUNS: dict[str, list[str]] = {
    "q_learning": ["train", "q_learning", "lab/GridWorld-v0", "--steps", "2000", "--evaluate-every", "900",
                   "--checkpoint-every", "600", "--set", "log_every=250", "--set", "lane=host"],
    "dqn": ["train", "dqn", "CartPole-v1", "--steps", "400", "--evaluate-every", "150", "--checkpoint-every", "100",
            "--set", "hidden_sizes=8", "--set", "learning_starts=64", "--set", "log_every=100", "--set", "lane=host"],
    "autoencoder": ["train", "autoencoder", "gaussians", "--steps", "60", "--evaluate-every", "25",
                    "--checkpoint-every", "20", "--set", "hidden_sizes=8", "--set", "log_every=20"],
}  # fmt: skip
COMMANDS = ("evaluate", "render", "resume", "report", "record", "load", "open")
WITHOUT_SUMS = ("config.json", "metrics.jsonl", "evaluations.jsonl")


class Hung(BaseException):
    """A command took longer than any may."""


def command(name: str, run: Path, aside: Path) -> tuple[int, Any, str]:
    """Run one command in this process; return its exit status, its result and what it told the user."""
    from lab import Experiment
    from lab.cli import main
    from lab.errors import UsageError
    from lab.learner import Learner

    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    out, err = io.StringIO(), io.StringIO()
    result: Any = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _limit():
        warnings.simplefilter("always")
        if name in ("load", "open"):
            try:
                if name == "load":
                    result = _digest(Learner.load(run).inference_state())
                else:
                    opened = Experiment.open(run)
                    result = _digest(opened.learner.inference_state())
                    opened.close()
                code = 0
            except UsageError as error:
                print(f"lab: error: {' '.join(str(error).split())}", file=err)
                code = 2
        else:
            arguments = {
                "evaluate": ["evaluate", str(run), "--episodes", "3", "--json"],
                "render": ["render", str(run), "-o", str(aside / "picture.png")],
                "resume": ["resume", str(run), "--steps", "40"],
                "report": ["report", str(run), "-o", str(aside / "page.html")],
                "record": ["record", str(run), "-o", str(aside / "episodes.npz"), "--episodes", "2"],
            }[name]
            try:
                code = main(arguments)
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            result = _result(name, run, aside, out.getvalue()) if code == 0 else None
    return code, result, err.getvalue()


def _result(name: str, run: Path, aside: Path, out: str) -> Any:
    if name == "evaluate":
        return out
    if name == "resume":
        # The history before is the file's own; what is compared is what the state leads to.
        return {run: {k: v for k, v in found.items() if k.startswith("step-")} for run, found in
                outcomes.outcome(run).items()}  # fmt: skip
    if name == "report":
        return (aside / "page.html").exists()
    files = sorted(aside.iterdir())
    return [hashlib.sha256(f.read_bytes()).hexdigest() for f in files]


def _digest(state: Any) -> str:
    import numpy as np

    total = hashlib.sha256()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key in sorted(value):
                total.update(key.encode())
                walk(value[key])
        elif isinstance(value, (list, tuple)):
            for one in value:
                walk(one)
        else:
            total.update(np.asarray(value).tobytes() if isinstance(value, np.ndarray) else repr(value).encode())

    walk(state)
    return total.hexdigest()


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def late(*_: Any) -> None:
        raise Hung

    signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)


def damages(data: bytes, rng: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """Yield ways to damage a file: cut off at, and a bit flipped in, every region; emptied, doubled, gone."""
    size = len(data)
    for place in sorted({0, 1, 7, 8, size // 4, size // 2, size - size // 8, size - 1} - {size}):
        if 0 <= place < size:
            yield f"cut at {place} of {size}", data[:place]
    regions = [(0, 1), (1, 8), (8, 64), (size // 8, size // 4), (size // 4, size // 2), (size // 2, size - 64),
               (size - 64, size)]  # fmt: skip
    for first, last in regions:
        if 0 <= first < last <= size:
            place, bit = rng.randrange(first, last), rng.randrange(8)
            yield f"bit {bit} of byte {place} of {size}", _flipped(data, place, bit)
    yield "zeros", bytes(size)
    yield "doubled", data + data
    yield "with a tail", data + b"\x00\xff tail"
    yield "gone", None


def _flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def files_of(run: Path) -> list[str]:
    """Return every file of a run, by its path in it."""
    return sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file())


def made(name: str, home: Path) -> Path:
    """Train one of `RUNS` in this process."""
    from lab.cli import main

    run = home / "run"
    if not run.exists():
        with contextlib.redirect_stdout(io.StringIO()):
            if main([*RUNS[name], "--run", str(run)]) != 0:
                raise RuntimeError(f"{name} does not train")
    return run


def check(name: str, which: str, rounds: int, seed: int, home: Path) -> Tally:
    """Damage each file of a run in each way, and give it to one command."""
    tally, rng = Tally(), random.Random(f"{name} {which} {seed}")
    run = made(name, home)
    copy, aside = home / "damaged", home / "aside"
    shutil.copytree(run, copy)
    code, expected, told = command(which, copy, aside)
    if code:
        tally.add(f"damage, {which}", "refused", told)
        return tally
    for _ in range(rounds):
        for file in files_of(run):
            for how, data in damages((run / file).read_bytes(), rng):
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(run, copy)
                if data is None:
                    (copy / file).unlink()
                else:
                    (copy / file).write_bytes(data)
                judge(tally, which, name, file, how, lambda: command(which, copy, aside), expected)
    return tally


def judge(
    tally: Tally,
    which: str,
    name: str,
    file: str,
    how: str,
    call: Callable[[], Any],
    expected: Any,
    part: str = "damage",
) -> None:
    """Run a command on a damaged run and count what became of it.

    Args:
        tally: Where it is counted.
        which, name: The command, and whose run it is given.
        file, how: What was done to which file.
        call: Runs the command, as `command` does.
        expected: Its result on the whole run.
        part: Whose try it is.
    """
    kind, where = f"{part}, {which}", f"{which} of {name}: {file}, {how}"
    again = f"python -m tests.faults {part} --exactly {name}"
    try:
        code, result, told = call()
    except Hung:
        tally.add(kind, "hung", where, again)
        return
    except BaseException as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {str(error)[:160]} ({Path(at.filename).name}:{at.lineno})"
        tally.add(kind, "tracebacks", f"{where}: {what}", again)
        return
    lines = [line for line in told.splitlines() if line.startswith("lab: error")]
    if code == 2 and len(lines) == 1:
        tally.add(kind, "refused")
    elif code != 0:
        tally.add(kind, "tracebacks", f"{where}: exit {code} with {len(lines)} lines of errors", again)
    elif result == expected or any(part in told for part in Path(file).parts[1:] or (file,)):
        tally.add(kind, "survived")
    elif file in WITHOUT_SUMS:
        # Still what its text says: no reader can know that it said something else.
        tally.add(f"altered text without a sum, {which}", "survived")
    else:
        tally.add(kind, "silent", f"{where}: another result without a word", again)


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each run and command; the number of inputs decides how often each file is damaged."""
    names = chosen(options, RUNS)
    # A round is some 250 inputs a command; most of the inputs are for the part `fuzz`, which takes less time for each.
    rounds = max(1, options.inputs // 50_000)
    pairs = [(n, w) for n in names for w in COMMANDS if not (n == "autoencoder" and w == "record")]
    return [(f"{n} {w}", functools.partial(check, n, w, rounds, options.seed or 0)) for n, w in pairs]
