"""A sweep of forty trials under SIGKILL, beside one that nobody disturbs: `python -m tests.faults.sweeps [--ray]`.

Without --ray the process of the sweep is killed five times, at places spread over its trials, and resumed by another.
With it two workers of Ray train the trials, and one of them is killed in their midst. Either way every trial has to be
complete, once, and all numbers, evaluations and weights have to be those of the other sweep, to the bit.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lab.sweep import Ray, Sweep
from tests.lab.sweep.tabular import sweep

ROOT = Path(__file__).parents[2]
TRIALS, KILLS = 40, 5
# Settings that go together and no pruner, so that every trial can be complete.
PLAN: dict[str, Any] = {
    "trials": TRIALS, "search": {"step_size": None, "repeats": "1:4"}, "pruner": "none", "sampler": "tpe", "seeds": 1,
}  # fmt: skip


def main() -> int:
    """Run both sweeps, compare them, and return 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ray", action="store_true", help="kill a worker of Ray, and not the process of the sweep")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        begin_or_resume(options.child)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        begin_or_resume(whole)
        kills = with_a_worker_killed(killed) if options.ray else with_kills(killed)
        return compare(whole, killed, kills)


def begin_or_resume(directory: Path, backend: Ray | None = None) -> None:
    """Train what is left of a sweep."""
    given: dict[str, Any] = {} if backend is None else {"backend": backend}
    found = Sweep.resume(directory, **given) if directory.exists() else sweep(directory, **PLAN, **given)
    found.run(progress=False)


def ended(directory: Path) -> int:
    """Return how many trials of a sweep have ended."""
    path = directory / "trials.jsonl"
    return path.read_text().count('"event": "ended"') if path.exists() else 0


def with_kills(directory: Path) -> int:
    """Run a sweep to its end through as many kills as `KILLS`; return how many there were."""
    command = [sys.executable, "-m", "tests.faults.sweeps", "--child", str(directory)]
    for number in range(KILLS):
        with subprocess.Popen(command, cwd=ROOT) as process:
            while process.poll() is None and ended(directory) < (number + 1) * TRIALS // (KILLS + 1):
                time.sleep(0.003)
            # At another place within a batch each time.
            time.sleep(0.03 * number)
            process.send_signal(signal.SIGKILL)
        if process.returncode != -signal.SIGKILL:
            raise SystemExit(f"the sweep ended with status {process.returncode} before it was killed")
    begin_or_resume(directory)
    return KILLS


def with_a_worker_killed(directory: Path) -> int:
    """Run a sweep on two workers, of which one is killed; return how many were."""
    from lab.sweep.workers.pool import Pool
    from tests.lab.sweep.test_ray import workers

    go_on, killed = Pool.go_on, []

    def killing(self: Any, number: int, message: Any) -> None:
        if not killed and ended(directory) >= TRIALS // 2:
            killed.append(workers(os.getpid())[0])
            os.kill(killed[0], signal.SIGKILL)
        go_on(self, number, message)

    Pool.go_on = killing  # type: ignore[method-assign]
    begin_or_resume(directory, Ray(resources={"cpus": 0.5}, workers=2))
    return len(killed)


def compare(whole: Path, killed: Path, kills: int) -> int:
    """Print what came of both sweeps, and return 1 where they differ."""
    from tests.lab.sweep.test_sweep import assert_same

    assert_same(killed, whole)
    found, other = Sweep.open(killed), Sweep.open(whole)
    complete = [trial.number for trial in found.trials if trial.state == "complete"]
    assert found.best is not None and other.best is not None
    print(f"{kills} killed; {len(complete)} trials complete, of {len(set(complete))} numbers")
    print(
        f"best: trial {found.best.number}, {found.best.value!r}; undisturbed: {other.best.number}, {other.best.value!r}"
    )
    same = (found.best.number, found.best.value) == (other.best.number, other.best.value)
    return int(not (same and complete == list(range(TRIALS)) and kills))


if __name__ == "__main__":
    raise SystemExit(main())
