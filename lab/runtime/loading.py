"""Loads the project's modules on first use, TensorFlow among them."""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType

from lab.runtime.quiet import quiet_stderr, set_quiet_defaults


def load(name: str) -> ModuleType:
    """Import a module; where that brings TensorFlow, keep it quiet and do not look for cyclic garbage meanwhile.

    The import makes a great many objects that stay. To search them for garbage again and again takes a good part of its
    time, and to search them once more whenever a program is traced slows that down too: so they are exempt from then on
    (`gc.freeze`), as is whatever the process had made before. Objects are freed as ever when nothing refers to them.

    Args:
        name: The module's full name.
    """
    set_quiet_defaults()
    if "tensorflow" in sys.modules:
        return importlib.import_module(name)
    # Here, because `import lab` does without it.
    from lab.runtime.processor import choose_kernels

    choose_kernels()
    with quiet_stderr(only_with="tensorflow"):
        return _load_with_tensorflow(name)


def _load_with_tensorflow(name: str) -> ModuleType:
    # Here, because `import lab` does without it.
    from lab.runtime.compiling.compile_cache import offer

    offer()
    if not gc.isenabled():
        return importlib.import_module(name)
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        if "tensorflow" in sys.modules:
            gc.freeze()
        gc.enable()
