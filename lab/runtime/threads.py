"""How many threads TensorFlow gives one operation, which decides the speed of small networks and the last bits."""

from __future__ import annotations

import contextlib
import os

from lab.errors import bad_value
from lab.runtime.compiling import compile_cache
from lab.runtime.quiet import quiet_stderr

# More than any machine has; each is a real thread of the process.
MOST_THREADS = 1024
VARIABLE = "TF_NUM_INTRAOP_THREADS"
# TensorFlow reads it when it makes its devices.
OWN_POOLS = "TF_OVERRIDE_GLOBAL_THREADPOOL"


def start_tensorflow(threads: int | None, cut: bool = True) -> None:
    """Start TensorFlow's runtime with the threads an operation that suit a learner.

    A number that the user has set (`TF_NUM_INTRAOP_THREADS` or `tf.config.threading`) is left alone, and so is a
    runtime that has begun: whoever used TensorFlow first in a process has decided.

    Args:
        threads: Threads; None for TensorFlow's own choice, one for each core.
        cut: Whether with one thread there is to be a logical CPU for each processor.
    """
    if threads is not None:
        _check_threads("threads", threads)
    # Whichever is the first to look for devices complains of a CUDA library without a device.
    with quiet_stderr():
        import tensorflow as tf

        threading = tf.config.threading
        chosen = os.environ.get(VARIABLE) or threading.get_intra_op_parallelism_threads()
        threads_in_use()
        if threads is not None and not chosen:
            # It raises once the runtime has begun.
            with contextlib.suppress(RuntimeError):
                threading.set_intra_op_parallelism_threads(threads)
        if cut and threads == 1 == threads_in_use():
            _cut_processors()
        cpus = len(tf.config.list_logical_devices("CPU"))
        tf.config.list_logical_devices()
        compile_cache.fill((threads_in_use(), processors(), cpus))


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def logical_cpus() -> list[str]:
    """Return the names of the logical CPUs, of which `start_tensorflow` may have made one for each processor."""
    import tensorflow as tf

    return [device.name for device in tf.config.list_logical_devices("CPU")]


def _cut_processors() -> None:
    # A compiled program runs in the threads of its device, and all share one pool: with one thread an operation, two
    # programs would take turns. A logical CPU for each processor, with a pool of its own, lets them run side by side.
    import tensorflow as tf

    whole = tf.config.list_physical_devices("CPU")[0]
    if processors() == 1 or tf.config.get_logical_device_configuration(whole) is not None:
        return
    with contextlib.suppress(RuntimeError):
        parts = [tf.config.LogicalDeviceConfiguration()] * processors()
        tf.config.set_logical_device_configuration(whole, parts)
        os.environ.setdefault(OWN_POOLS, "1")


def threads_in_use() -> int:
    """Return the threads an operation has here; 0 for TensorFlow's own choice.

    Raises:
        UsageError: When the environment variable is no sensible number.
    """
    import tensorflow as tf

    found = os.environ.get(VARIABLE) or "0"
    if not found.isascii() or not found.isdigit() or int(found) > MOST_THREADS:
        raise bad_value("environment", VARIABLE, found, f"a whole number from 0 to {MOST_THREADS}, or unset")
    return tf.config.threading.get_intra_op_parallelism_threads() or int(found)


def _check_threads(name: str, threads: object) -> None:
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
        raise bad_value("TensorFlow", name, threads, f"a whole number from 1 to {MOST_THREADS}")
