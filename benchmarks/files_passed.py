"""Which of the project's files one update passes, and how often it goes from one file to another.

    python benchmarks/files_passed.py [CASE ...] [--list] [--output FILE]

A generator's update runs as Python here (`compile = None`), so that every function it passes is seen: from
`Task.advance` to the last variable written, after a first update has made all that is made once. DQN trains through
`Experiment.train`: what its task passes within `advance` is counted, environments, checks and all, with what lies
within `learn` wherever it is traced from; that, the update itself, is counted on its own too, and so is a call once
all is compiled. Functions count; classes and modules that are only imported do not.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import machine  # noqa: E402

PACKAGES = ("lab", "agents", "envs", "generative", "predictors")
# The function of an agent that is one update, whatever calls it.
RULE = ("learn",)
CASES = ("diffusion", "diffusion_points", "gan", "dqn_host", "dqn_compiled")


class Passage:
    """What was passed.

    Args:
        scope: Names of functions within which calls count, besides those of the rule; none for all.

    Attributes:
        files: Functions by file, in the order of the first call of each file.
        changes: How often a call was in another file than the call before.
        rule: Files of calls made within one of `RULE`.
    """

    def __init__(self, scope: Sequence[str] = ()) -> None:
        self.scope = scope
        self.files: dict[str, set[str]] = {}
        self.rule: set[str] = set()
        self.changes = 0
        self._last = ""
        # Of each thread, because programs may be traced beside training: frames of the scope and of the rule.
        self._of_thread = threading.local()

    def see(self, frame: FrameType, event: str, _: Any) -> None:
        """Take note of a call or return; for `sys.setprofile`."""
        own = vars(self._of_thread)
        scope, rule = own.setdefault("scope", []), own.setdefault("rule", [])
        if event == "return":
            for stack in (scope, rule):
                if stack and stack[-1] is frame:
                    stack.pop()
        if event != "call":
            return
        code, file = frame.f_code, name_of(frame.f_code.co_filename)
        # Bodies of modules and of classes are no functions (CO_OPTIMIZED).
        if file is None or not code.co_flags & 1:
            return
        if code.co_name in self.scope:
            scope.append(frame)
        if code.co_name in RULE and file.startswith("agents") and file.endswith("agent.py"):
            rule.append(frame)
        if rule:
            self.rule.add(file)
        elif self.scope and not scope:
            return
        self.files.setdefault(file, set()).add(code.co_name)
        self.changes += file != self._last
        self._last = file

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """See all calls within."""
        threading.setprofile(self.see)
        sys.setprofile(self.see)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def result(self) -> dict[str, Any]:
        """Return the counts, and the files with their functions, as JSON values."""
        found = {"files": len(self.files), "changes": self.changes}
        rule = {"rule": sorted(self.rule)} if self.rule else {}
        return {**found, **rule, "functions": {file: sorted(names) for file, names in self.files.items()}}


@functools.cache
def name_of(filename: str) -> str | None:
    """Return a file's path below the project where it belongs to one of its packages, else None."""
    path = Path(filename)
    inside = path.is_absolute() and path.is_relative_to(ROOT)
    name = path.relative_to(ROOT).as_posix() if inside else ""
    return name if name.split("/")[0] in PACKAGES else None


def generator(name: str) -> dict[str, Any]:
    """Return what one update of a generator passes."""
    from generative import GAN, Diffusion
    from lab import Experiment
    from lab.task import Control

    learner: Any = GAN() if name == "gan" else Diffusion()
    task: Any = Experiment(learner, "moons" if name.endswith("points") else "digits", seed=1).task
    learner.compile = None
    task.advance(1, Control())
    passage = Passage()
    with passage.watching():
        task.advance(1, Control())
    return passage.result()


def agent(lane: str) -> dict[str, Any]:
    """Return what DQN passes: its task from the first update on, its rule, and a call once all is compiled."""
    import tensorflow as tf

    from agents import DQN
    from lab import Experiment

    # AutoGraph would run copies of functions that lie in no file of the project.
    tf.function = functools.partial(tf.function, autograph=False)
    settings: dict[str, Any] = {"learning_starts": 64, "batch_size": 32, "replay_capacity": 1_000}
    fixed = {"hidden_sizes": (16,), "learning_rate_steps": 100, "epsilon_steps": 100}
    tracing, running = Passage(("advance",)), Passage(("advance",))
    with tracing.watching() if lane == "compiled" else contextlib.nullcontext():
        experiment = Experiment(DQN(**settings, **fixed), "CartPole-v1", seed=1, lane=lane, progress=False)
    if lane == "host":
        # Environments are made and looked at, and acting is prepared, before anything is learnt.
        experiment.train(60)
    with tracing.watching():
        experiment.train(100)
    with running.watching():
        experiment.train(100)
    later = running.result()
    return {**tracing.result(), "files_compiled": later["files"], "changes_compiled": later["changes"]}


def measure(case: str) -> dict[str, Any]:
    """Return the counts of one of `CASES`."""
    return agent(case.removeprefix("dqn_")) if case.startswith("dqn") else generator(case)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--list", action="store_true", help="name the files and functions")
    parser.add_argument("--output", type=Path, help="write all of it as JSON")
    given = parser.parse_args(arguments)
    machine.say()
    found = {case: measure(case) for case in given.cases}
    print(f"{'update of':<18}{'files':>6}{'changes':>9}{'once compiled':>15}{'update alone':>14}")
    for case, result in found.items():
        compiled, rule = result.get("files_compiled", ""), len(result.get("rule", [])) or ""
        print(f"{case:<18}{result['files']:>6}{result['changes']:>9}{compiled:>15}{rule:>14}")
        for file, names in result["functions"].items() if given.list else ():
            print(f"    {file}: {', '.join(names)}")
    if given.output is not None:
        given.output.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
