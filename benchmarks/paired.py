"""What the benchmarks share: sides that take turns in fresh processes, thread counts that are set, tables and JSON."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import machine

LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Parser(argparse.ArgumentParser):
    """Says what machine it is before a benchmark begins."""

    def parse_args(self, *arguments: Any, **keywords: Any) -> Any:
        """Return the options, and print the line of `machine`."""
        options = super().parse_args(*arguments, **keywords)
        machine.say()
        return options


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every paired benchmark has; it says what machine it is."""
    parser = Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="turns of each side, each with a seed of its own")
    parser.add_argument("--threads", type=int, default=1, help="processors that each side may use")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--output", type=Path, help="also write the JSON object here")
    return parser


def limits(threads: int) -> dict[str, str]:
    """Return what to set in the environment before TensorFlow is loaded: so many threads, and no messages."""
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **dict.fromkeys(LIMITS, str(threads))}


def packages_first() -> None:
    """Let `generative` mean the package, and not the benchmark of that name beside this file."""
    sys.path.remove(str(Path(__file__).resolve().parent))


def run(side: str, python: str, code: str, threads: int) -> dict[str, Any]:
    """Run a script in a fresh process and return the JSON object that it prints last.

    Args:
        side: For the message if it fails.
        python: The interpreter.
        code: The script.
        threads: How many processors it is bound to; 1 also sets the threads of OpenMP, OpenBLAS and TensorFlow, which
            with more each project chooses for itself; 0 for no limit.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "SDL_VIDEODRIVER": "dummy"}
    if threads == 1:
        environment.update(dict.fromkeys(LIMITS, str(threads)))
    bound = sorted(os.sched_getaffinity(0))[: threads or None]
    # JAX has no setting for its threads: it counts the processors that it may use.
    code = f"import os; os.sched_setaffinity(0, {bound})\n{code}"
    done = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def spread(values: Sequence[float]) -> list[float]:
    """Return minimum, median and maximum."""
    return [min(values), statistics.median(values), max(values)]


def print_share(part: str, shares: Sequence[float]) -> None:
    """Print what of a step a part is."""
    low, middle, high = spread(shares)
    print(f"{part} is {middle:.3f} of a step ({low:.3f} to {high:.3f})", flush=True)


def table(measured: Mapping[str, Sequence[float]], peer: str, unit: str) -> dict[str, Any]:
    """Print each side's spread and its ratio to the peer, taken pair by pair; return both as JSON values."""
    print(f"{'':24}{unit + ': min':>18}{'median':>12}{'max':>12}   times {peer}: min, median, max")
    result = {}
    for side, values in measured.items():
        ratios = [ours / theirs for ours, theirs in zip(values, measured[peer], strict=True)]
        low, middle, high = spread(values)
        print(
            f"{side:24}{low:18,.1f}{middle:12,.1f}{high:12,.1f}   " + ", ".join(f"{r:.2f}" for r in spread(ratios)),
            flush=True,
        )
        result[side] = {"values": list(values), "ratios": ratios}
    return result


def saved(output: Path | None) -> dict[str, Any]:
    """Return what an earlier call has written to a file, to be added to; nothing without one."""
    if output is None or not output.exists():
        return {}
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def write(result: Mapping[str, Any], output: Path | None) -> None:
    """Print the result as one JSON object with what it was measured on, and write it to a file if one is named."""
    result = {**result, "machine": machine.describe()}
    print(json.dumps(result))
    if output:
        output.write_text(json.dumps(result, indent=1) + "\n")


def keep(result: Mapping[str, Any], text: str, output: Path) -> None:
    """Write what there is so far, as JSON and as Markdown beside it, each whole or not at all."""
    output.parent.mkdir(parents=True, exist_ok=True)
    for path, content in ((output, json.dumps(result, indent=1) + "\n"), (output.with_suffix(".md"), text)):
        aside = path.with_name("." + path.name)
        aside.write_text(content)
        aside.replace(path)


class Side:
    """A process that makes turns when asked: one line of JSON in, one out.

    Args:
        name: For the message if it fails.
        command: What starts it; it must answer each line, and may say something first.
        environment: Its environment.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: Any) -> Any:
        """Send a request and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self) -> Any:
        """Return what it says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} failed with exit code {self.process.wait()}; its errors are above")
        return json.loads(line)

    def close(self) -> None:
        """Let it end."""
        self.process.communicate()
