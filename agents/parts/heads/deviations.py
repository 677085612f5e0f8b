"""What the standard deviation of a policy's actions says of it."""

from __future__ import annotations

# Below the first hardly anything is tried out any more; beyond the second nearly all actions are the range's ends.
# Log deviations are cut off at -5 and 2: at 0.0067 and 7.4.
LEAST, MOST = 0.02, 4.0


def complaint(deviation: float | None, more: str, less: str) -> str:
    """Return what is wrong with a policy of such a deviation, and how to mend it; "" where nothing is.

    Args:
        deviation: The mean over actions, in units of half their range; None where it is not known.
        more: Settings that make it larger.
        less: Settings that make it smaller.
    """
    if deviation is None or LEAST <= deviation <= MOST:
        return ""
    collapsed = deviation < LEAST
    what = "collapsed: hardly anything is tried out any more" if collapsed else "exploded: it acts nearly at random"
    found = f"{deviation:.3g} of half their range; expected {LEAST:g} to {MOST:g}"
    fix = f"{more if collapsed else less}, a smaller learning_rate, or an older checkpoint."
    return f"the standard deviation of its actions is {found}. It has {what}. Fix: {fix}"
