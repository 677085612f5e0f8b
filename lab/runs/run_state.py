"""What the checkpoints of a run must hold, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import CheckpointError
from lab.files.reading.manifest import FIX
from lab.files.reading.schema import SchemaError, anything, check, entries, items, text, whole
from lab.runs import checkpoints

_OBJECT = entries({}, more=anything(), most=1 << 20)
_LEARNER = entries({"learner": _OBJECT}, more=anything())
_RUN = entries(
    {"experiment": entries({"step": whole(), "target_step": whole()}, maybe={"due": items(text())}),
     "learner": _OBJECT, "task": _OBJECT, "callbacks": entries({}, more=_OBJECT)}
)  # fmt: skip


def read_run(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a checkpoint that a run goes on from.

    Returns:
        The state: `experiment`, `learner`, `task` and `callbacks`; and the manifest's notes.

    Raises:
        CheckpointError: When it is damaged, or not one of a run at the step in its name.
    """
    state, notes = checkpoints.read(path)
    _check(path, state, _RUN)
    if state["experiment"]["step"] != checkpoints.step_of(path):
        raise CheckpointError(f"{path}: it holds the state of step {state['experiment']['step']:,}. {FIX}")
    return state, notes


def read_learner(path: Path) -> Mapping[str, Any]:
    """Return the learner's part of a checkpoint, of the best one too, which holds no more.

    Raises:
        CheckpointError: When it is damaged, or holds no learner.
    """
    state, _ = checkpoints.read(path)
    _check(path, state, _LEARNER)
    return state["learner"]


def _check(path: Path, state: Any, kind: Any) -> None:
    try:
        check(state, kind)
    except SchemaError as error:
        raise CheckpointError(f"{path / checkpoints.TREE}: {error}. {FIX}") from error
