"""What the processor has, and what is therefore worth asking of TensorFlow before it is loaded."""

from __future__ import annotations

import functools
import os
import sys
from typing import NamedTuple

CPUINFO = "/proc/cpuinfo"
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# With any of these TensorFlow itself decides for oneDNN, or nobody has measured what it gains.
WIDE = ("avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8")
# x86 and ARM.
BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")


class Processor(NamedTuple):
    """A kind of processor.

    Attributes:
        kind: The architecture, such as `x86_64`.
        model: Its maker's name for it, or empty.
        features: Its instruction sets as Linux names them; empty where nobody tells.
    """

    kind: str
    model: str
    features: frozenset[str]


def parsed(kind: str, cpuinfo: str) -> Processor:
    """Return what the first processor's part of /proc/cpuinfo says."""
    first = cpuinfo.lstrip().partition("\n\n")[0]
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}
    features = fields.get("flags") or fields.get("Features") or ""
    return Processor(kind, fields.get("model name", ""), frozenset(features.split()))


@functools.cache
def this_processor() -> Processor:
    """Return the processor of this machine."""
    import platform

    lines = []
    try:
        with open(CPUINFO, encoding="utf-8", errors="replace") as file:
            # A machine may have hundreds, and the kernel writes the text of each as it is read.
            for line in file:
                if not line.strip():
                    break
                lines.append(line)
    except OSError:
        lines = []
    return parsed(platform.machine() or "unknown", "".join(lines))


def onednn_pays(processor: Processor) -> bool:
    """Return whether oneDNN is to be turned on where TensorFlow would leave it off.

    TensorFlow turns it on by itself for processors with AVX-512 and its kin. On one with AVX2 alone a U-Net's training
    step took 0.70 of the time with it.
    """
    return processor.kind == "x86_64" and "avx2" in processor.features and not processor.features & set(WIDE)


# Whether the variable is as this project has set it, or left it, and not as the user has.
_decided = False
_warned: set[str] = set()


def choose_kernels() -> None:
    """Turn oneDNN on where that pays, unless TensorFlow is loaded or the user or a resumed run has chosen."""
    global _decided
    if "tensorflow" in sys.modules or _decided or ONEDNN in os.environ:
        return
    if onednn_pays(this_processor()):
        os.environ[ONEDNN] = "1"
    _decided = True


def take_up_kernels(then: str | None) -> None:
    """Choose the kernels that a run was computed with, unless TensorFlow is loaded or the user has chosen.

    Args:
        then: The variable's value in that run; None where it was unset.
    """
    global _decided
    if "tensorflow" in sys.modules or (ONEDNN in os.environ and not _decided):
        return
    if then is None:
        os.environ.pop(ONEDNN, None)
    elif then in ("0", "1"):
        os.environ[ONEDNN] = then
    _decided = True


def warn_of_emulated(owner: str, precision: str) -> None:
    """Say once that this processor computes bfloat16 by emulation, which is far slower than float32.

    Args:
        owner: The learner's name.
        precision: What its settings ask for.
    """
    from lab.messages.notes import warn

    here = this_processor()
    if precision != "bfloat16" or not here.features or here.features & set(BFLOAT16) or "emulated" in _warned:
        return
    if "tensorflow" in sys.modules and sys.modules["tensorflow"].config.list_physical_devices("GPU"):
        return
    _warned.add("emulated")
    warn(
        f"{owner}: precision received 'bfloat16'; expected 'float32' on a processor without bfloat16 instructions "
        f"({here.model or here.kind} has none of {', '.join(BFLOAT16)}): it is emulated, about ten times slower. "
        "Fix: precision='float32'.",
        stacklevel=3,
    )
