"""What a benchmark was measured on: said before its figures and kept with them, because one machine's are not all's."""

from __future__ import annotations

import os
from typing import Any, TextIO

# By which TensorFlow, oneDNN, XLA and torch choose their code.
FEATURES = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16")
VARIABLES = ("TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
# With one of these TensorFlow turns oneDNN on by itself (its own list, as of 2.21).
ONEDNN_BY_ITSELF = {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16"}


def describe() -> dict[str, Any]:
    """Return the processor, what it has, how many this process may use, and how busy the machine is, as JSON values."""
    model, flags = _processor()
    return {
        "processor": model,
        "features": [name for name in FEATURES if name in flags],
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "onednn": _onednn(flags),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "load": round(os.getloadavg()[0], 1),
    }


def line(found: dict[str, Any]) -> str:
    """Return the description in one line."""
    chosen = "".join(f", {name}={value}" for name, value in found["environment"].items())
    return (
        f"measured on {found['processor']} ({' '.join(found['features']) or 'features unknown'}), "
        f"{found['processors']} processor(s), oneDNN {found['onednn']}, load {found['load']}{chosen}"
    )


def say(to: TextIO | None = None) -> dict[str, Any]:
    """Print the line, and return the description.

    Args:
        to: Where to, such as `sys.stderr` for a script whose output is JSON; None for the output.
    """
    found = describe()
    print(line(found), file=to, flush=True)
    return found


def _processor() -> tuple[str, set[str]]:
    # Read here and not by the package: the other side may be a checkout that cannot tell.
    model, flags = "an unknown processor", set()
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for text in file:
                name, _, value = text.partition(":")
                if name.strip() == "model name":
                    model = value.strip()
                elif name.strip() in ("flags", "Features"):
                    flags = set(value.split())
                elif not text.strip():
                    break
    except OSError:
        pass
    return model, flags


def _onednn(flags: set[str]) -> str:
    given = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    if given is not None:
        return f"{'off' if given == '0' else 'on'} (as the variable says)"
    if flags & ONEDNN_BY_ITSELF:
        return "on (TensorFlow's choice)"
    return "on in lab (its choice), off in plain TensorFlow" if "avx2" in flags else "off"
