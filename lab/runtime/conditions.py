"""What decides the last bits of a run beside its settings and seed: threads, libraries, processor."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.runtime.processor import ONEDNN, take_up_kernels, this_processor
from lab.runtime.threads import processors, threads_in_use
from lab.version import __version__

PACKAGES = ("tensorflow", "keras", "gymnasium", "numpy")
# By which kernels are chosen.
FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "avx_vnni", "avx512_vnni", "amx_bf16", "amx_tile")
NAMES = {
    "threads": "threads an operation",
    "processors": "processors",
    "logical_cpus": "logical CPUs",
    "gpus": "GPUs",
    "onednn": ONEDNN,
    "processor": "processor features",
}


def versions() -> dict[str, str]:
    """Return the versions of Python, this project and the packages that decide a run's numbers."""
    from importlib.metadata import version

    return {"python": platform.python_version(), "lab": __version__, **{name: version(name) for name in PACKAGES}}


def conditions() -> dict[str, Any]:
    """Return what this process computes with, as JSON values; TensorFlow's runtime has begun."""
    import tensorflow as tf

    threads = threads_in_use()
    return {
        "threads": threads,
        # Where TensorFlow chooses for itself it takes one thread for each.
        "processors": processors() if threads == 0 else None,
        "logical_cpus": len(tf.config.list_logical_devices("CPU")),
        "gpus": len(tf.config.list_logical_devices("GPU")),
        "onednn": os.environ.get(ONEDNN),
        "processor": processor(),
        "versions": versions(),
    }


def processor() -> str:
    """Return the kind of processor and those of its features by which libraries choose their code."""
    here = this_processor()
    return " ".join([here.kind, *(name for name in FEATURES if name in here.features)])


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs, in words; what an older run did not record is passed over."""
    found = [
        f"{words} {_shown(then[name])} then, {_shown(now[name])} now"
        for name, words in NAMES.items()
        if name in then and then[name] != now[name]
    ]
    before = then.get("versions")
    for name, version in now["versions"].items():
        if isinstance(before, Mapping) and name in before and before[name] != version:
            found.append(f"{name} {_shown(before[name])} then, {version} now")
    return found


def recorded(config: Mapping[str, Any] | None, step: int) -> dict[str, Any]:
    """Return what a run's config.json holds of its conditions.

    Args:
        config: The run's config so far, or None at its beginning.
        step: From which on the present conditions hold.

    Returns:
        `threads` and `versions` as the run began with them, and `conditions`: a list of what each part of the run was
        computed with, from its `step` on; a part that changes nothing adds nothing.
    """
    now = conditions()
    if config is None:
        return {"versions": now["versions"], "threads": now["threads"], "conditions": [{"step": step, **now}]}
    parts = list(_parts(config))
    # A part of which no step was kept is written over.
    parts = [part for part in parts if part.get("step", 0) < step or part is parts[0]]
    if differences(parts[-1], now) or set(now) - set(parts[-1]):
        parts.append({"step": step, **now})
    first = {name: config[name] for name in ("versions", "threads") if name in config}
    return {"versions": now["versions"], "threads": now["threads"], **first, "conditions": parts}


def warn_of_other_conditions(config: Mapping[str, Any], run: Path) -> None:
    """Say once, in one line, that a run goes on under conditions with which its last bits may differ."""
    found = differences(_parts(config)[-1], conditions())
    if found:
        warnings.warn(
            f"{run} goes on with {'; '.join(found)}: last bits may differ from those of an uninterrupted run. "
            "Fix, where that matters: resume it in a fresh process with what it had.",
            stacklevel=4,
        )


def take_up(config: Mapping[str, Any]) -> None:
    """Choose, before TensorFlow is loaded, the kernels that a run's config.json says it was computed with."""
    newest = _parts(config)[-1]
    if "onednn" in newest:
        take_up_kernels(newest["onednn"])


def had_cut_processors(config: Mapping[str, Any]) -> bool:
    """Return whether a run's process had several logical CPUs, as far as its config.json knows."""
    return _parts(config)[-1].get("logical_cpus") != 1


def _parts(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = config.get("conditions")
    parts: list[Mapping[str, Any]] = []
    if isinstance(given, list):
        parts = [part for part in given if isinstance(part, Mapping)]
    # Runs of before conditions were recorded have the first two alone.
    return parts or [{"step": 0, **{n: config[n] for n in ("threads", "versions") if n in config}}]


def _shown(value: Any) -> str:
    if value is None or value == 0:
        return "unset" if value is None else "of TensorFlow's choice"
    # It may be of a stranger's file.
    return "".join(c if c.isprintable() else "?" for c in str(value)[:80])
