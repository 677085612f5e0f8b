"""Distillation: a network learns from the probabilities that a trained one, its teacher, gives to all classes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from lab import registry
from lab.config import owner_name
from lab.errors import UsageError, bad_value
from lab.runs.directory import RunDirectory


def softened_divergence(teacher: tf.Tensor, student: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return T^2 KL(softmax(teacher / T), softmax(student / T)) of each row, float32 (B,).

    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2; the square keeps gradients as large
    as those of the labels whatever the temperature. The cross-entropy there differs by the teacher's entropy alone.

    Args:
        teacher, student: Logits float32 (B, classes).
        temperature: T > 0; the higher, the more the least likely classes count.
    """
    wanted = tf.nn.log_softmax(teacher / temperature)
    found = tf.nn.log_softmax(student / temperature)
    return temperature**2 * tf.reduce_sum(tf.exp(wanted) * (wanted - found), axis=1)


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
    if teacher.given is not None:
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
    # A teacher needs none of its own, whom its settings may name.
    without = {"teacher": "", "teacher_settings": ""}
    return found.from_settings({**settings, **without})


def check_settings(config: Any) -> None:
    """Raise `UsageError` where settings name a teacher and do not say of what its network is built."""
    if config.teacher and not config.teacher_settings:
        owner = owner_name(type(config))
        fix = f"{owner}(teacher=...), which reads them from the run."
        raise bad_value(owner, "teacher_settings", "", "those of the teacher", fix)


def _text(name: str, settings: Mapping[str, Any]) -> str:
    return json.dumps({"learner": name, "settings": {**settings, "teacher": "", "teacher_settings": ""}})


def _unbuildable(owner: str) -> UsageError:
    expected = "one whose network has a name, for a resumed run builds it again"
    return bad_value(owner, "teacher", "one with a network of its user's", expected, "architecture=....")
