"""The forms in which an agent may give its rule: pure functions for both lanes, or methods of the host lane."""

from __future__ import annotations

# The three methods of the host lane, each with the part of the rule that it must say the same as.
FORMS = {"act_batch": "policy", "observe": "learn", "update": "learn"}
LANES = ("compiled", "host")


def check_forms(cls: type) -> None:
    """Raise `TypeError` for a class whose lanes are none, or that overrides what only one of its lanes calls."""
    lanes: tuple[str, ...] = cls.lanes  # type: ignore[attr-defined]
    if not set(lanes) <= set(LANES) or not lanes:
        raise TypeError(f"{cls.__name__}.lanes received {lanes!r}; expected some of {LANES}.")
    if "compiled" not in lanes:
        return
    own = vars(cls)
    for host, pure in FORMS.items():
        if host in own and pure not in own:
            raise TypeError(
                f"{cls.__name__} overrides {host}, which only the host lane calls; expected {pure} beside it. "
                f"Fix: override {pure}, which both lanes run, or say lanes = ('host',)."
            )
