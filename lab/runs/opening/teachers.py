"""Teachers: trained learners that others learn from, whose networks a resumed run builds again without their runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from lab import registry
from lab.errors import UsageError, bad_value
from lab.runs.directory import RunDirectory

# The settings of a student that say who taught it: its teacher has none of its own.
NONE = {"teacher": "", "teacher_settings": ""}


def with_teacher(owner: str, kind: type[Any], teacher: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a student's settings with what builds its teacher's network again.

    Args:
        owner: The student's class, for errors.
        kind: What the teacher must be.
        teacher: A trained learner of that kind, or the directory of its run; None for no teacher.
        settings: The student's own.

    Raises:
        UsageError: When it is none, is not trained, or has a network that nobody could build again.
    """
    if teacher is None:
        return dict(settings)
    if isinstance(teacher, (str, os.PathLike)):
        path = os.fspath(teacher)
        # A copy is given all settings, and then no run is opened.
        if not path or "teacher_settings" in settings:
            return {**settings, "teacher": path}
        config = RunDirectory(path).read_config()
        if config["task"].get("network") == "given":
            raise _unbuildable(owner)
        return {**settings, "teacher": path, "teacher_settings": _text(config["learner"], config["settings"])}
    if not isinstance(teacher, kind) or not teacher.built:
        received = f"{type(teacher).__name__} that is not built" if isinstance(teacher, kind) else teacher
        raise bad_value(owner, "teacher", received, f"a trained {kind.__name__}, or the directory of its run")
    if getattr(teacher, "given", None) is not None:
        raise _unbuildable(owner)
    return {**settings, "teacher_settings": _text(teacher.name, teacher.config.to_dict())}


def built_again(owner: str, kind: type[Any], text: str) -> Any:
    """Return a learner with a teacher's settings, following no name or path among them; it is not set up yet.

    Args:
        owner: The student's class, for errors.
        kind: What the teacher must be.
        text: As `with_teacher` wrote it.

    Raises:
        UsageError: When it describes no such learner.
    """
    try:
        known = json.loads(text)
        name, settings = known["learner"], known["settings"]
        found = registry.learner(name)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise bad_value(owner, "teacher_settings", text[:60], "what a teacher is built of", "teacher=RUN.") from error
    if not issubclass(found, kind) or not isinstance(settings, dict):
        raise bad_value(owner, "teacher_settings", name, f"the settings of a {kind.__name__}", "teacher=RUN.")
    return found.from_settings({**settings, **{name: none for name, none in NONE.items() if name in settings}})


def check_settings(owner: str, config: Any) -> None:
    """Raise `UsageError` where settings name a teacher and do not say of what its network is built."""
    if config.teacher and not config.teacher_settings:
        fix = f"{owner}(teacher=...), which reads them from the run."
        raise bad_value(owner, "teacher_settings", "", "those of the teacher", fix)


def check_taught(owner: str, config: Any, taught: bool) -> None:
    """Raise `UsageError` where a student that is to be trained never met its teacher."""
    if config.teacher_settings and not taught:
        received = config.teacher or "the settings of one alone"
        expected = "a trained learner, or the directory of its run; a run's file alone is not followed there"
        raise bad_value(owner, "teacher", received, expected, "begin again with teacher=....")


def _text(name: str, settings: Mapping[str, Any]) -> str:
    return json.dumps({"learner": name, "settings": dict(settings)})


def _unbuildable(owner: str) -> UsageError:
    expected = "one whose network has a name, for a resumed run builds it again"
    return bad_value(owner, "teacher", "one with a network of its user's", expected, "architecture=....")
