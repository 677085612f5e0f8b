"""What makes sure, before training begins, that every callback can act."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import HOOKS, Callback
from lab.callbacks.evaluating import Evaluate
from lab.errors import UsageError, bad_value, nearest

if TYPE_CHECKING:
    from lab.callbacks.run import Run


def listed(callbacks: Any) -> list[Any]:
    """Return the callbacks that a user gave as a list of its own.

    Raises:
        UsageError: When they are no list, tuple or the like.
    """
    if isinstance(callbacks, (str, bytes)) or not isinstance(callbacks, Iterable):
        raise bad_value("Experiment", "callbacks", callbacks, "a list of callbacks", "callbacks=[...].")
    return list(callbacks)


def check_callbacks(
    callbacks: Iterable[Callback], run: Run, target_step: int, expected: Collection[int | None] = ()
) -> None:
    """Raise `UsageError` where a callback could never act in the training that is about to begin.

    Args:
        callbacks: The run's.
        run: Nothing of whose training has been written.
        target_step: At which the training ends.
        expected: Intervals that a resumed run was given when it had more steps before it, which may be longer.
    """
    for callback in callbacks:
        check_hooks(type(callback), Callback)
        _check_due(callback, run.step, target_step, expected)
        callback.check_training(run)


def check_hooks(kind: type, base: type) -> None:
    """Raise `UsageError` where a class has a method that looks like a hook and is none.

    Args:
        kind: A class of callbacks, or of experiments.
        base: What it is made of. Another base may have hooks of its own that begin with `on_`.
    """
    for cls in (c for c in kind.__mro__ if issubclass(c, base) and c is not base):
        for name, value in vars(cls).items():
            if name.startswith("on_") and callable(value) and name not in HOOKS:
                raise UsageError(
                    f"{kind.__name__}.{name} is no hook, so nothing would ever call it; {nearest(name, HOOKS)} Fix: "
                    "rename it, or where you call it yourself, let its name begin otherwise."
                )


def _check_due(callback: Callback, step: int, target_step: int, expected: Collection[int | None]) -> None:
    if callback.every is None or step or target_step >= callback.every or callback.every in expected:
        return
    overridden = {hook for hook in HOOKS if getattr(type(callback), hook) is not getattr(Callback, hook)}
    if (overridden == {"on_interval"} and not callback.acts_at_end) or isinstance(callback, Evaluate):
        name = type(callback).__name__
        raise UsageError(
            f"{name}: every received {callback.every:,}; training ends at step {target_step:,}, so it would never act. "
            f"Fix: every={max(1, target_step // 4)} or so, more steps at once, or leave it out."
        )


def may_evaluate(run: Run) -> bool:
    """Return whether evaluations may be made during training: by `Evaluate`, or by somebody's own code."""
    return any(isinstance(c, Evaluate) for c in run.callbacks) or has_own_code(run)


def has_own_code(run: Run) -> bool:
    """Return whether the experiment or a callback is of a class that a user wrote, of which nothing is known."""
    kinds: list[Any] = [type(c) for c in run.callbacks]
    ours = all(kind.__module__.startswith("lab.callbacks.") for kind in kinds)
    return not ours or type(run).__module__ != "lab.experiment.experiment"
