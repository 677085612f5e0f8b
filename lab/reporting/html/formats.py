"""Numbers, durations and names as a reader wants them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

NONE = "–"
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
LABELS = {
    "return": "return in training",
    "value": "estimated value",
    "mean": "mean return",
    "sliced_wasserstein": "sliced Wasserstein distance",
    "td_error": "TD error",
    "mse": "MSE",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "mase": "MASE",
    "r2": "R²",
    "auroc": "area under the ROC curve",
    "pair_auroc": "area under the ROC curve, pairs",
    "ece": "calibration error",
    "f1_macro": "F1, mean over classes",
    "top3": "top-3 accuracy",
    "coverage_80": "coverage of 80 % intervals",
    "psnr": "PSNR",
    "iqm": "IQM",
    "kl": "KL divergence",
    "fid": "FID",
    "fd": "Fréchet distance",
    "kid": "kernel distance",
    "mmd": "squared MMD",
    "length": "episode length",
    "length_mean": "episode length",
    "num_envs": "environments",
}


def number(value: object) -> float | None:
    """Return a finite number as a float, and None for all else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def shown(value: object) -> str:
    """Return a number with four significant digits, whole ones in full; a dash for what is no number."""
    found = number(value)
    if found is None:
        return NONE
    size = abs(found)
    if size < 1e-12:
        # What rounding leaves of a zero, such as the standard deviation of equal returns.
        return "0"
    if found.is_integer() and size < 1e12:
        return f"{int(found):,}"
    if size >= 1e9 or size < 1e-4:
        return f"{found:.3g}"
    return f"{found:,.0f}" if size >= 10_000 else f"{found:,.4g}" if size < 1_000 else f"{found:,.1f}"


def interval(low: object, high: object) -> str:
    """Return an interval in brackets, or a dash where an end is missing."""
    return NONE if number(low) is None or number(high) is None else f"[{shown(low)}, {shown(high)}]"


def duration(seconds: float | None) -> str:
    """Return a time in the two units that matter."""
    if seconds is None or seconds < 0:
        return NONE
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def when(time: str) -> str:
    """Return a UTC time of ISO 8601 to the minute; any other text as it is."""
    return f"{time[:10]} {time[11:16]} UTC" if ISO.fullmatch(time) else time


def file_size(number_of_bytes: float | None) -> str:
    """Return a size in kB or MB, of 1,000."""
    if number_of_bytes is None:
        return NONE
    if number_of_bytes < 1e6:
        return f"{number_of_bytes / 1e3:,.1f} kB"
    return f"{number_of_bytes / 1e6:,.1f} MB"


def label(name: str) -> str:
    """Return a metric's or setting's name as words."""
    return LABELS.get(name, name.replace("_", " "))


def setting(value: Any) -> str:
    """Return the value of a setting as a user would write it."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, list) and not any(isinstance(entry, (list, dict)) for entry in value):
        return ", ".join(setting(entry) for entry in value) or "none"
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 1_000 else str(value) or NONE
