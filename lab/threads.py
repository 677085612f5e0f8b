"""How many threads TensorFlow gives one operation, which decides the speed of small networks and the last bits."""

from __future__ import annotations

import contextlib
import os

from lab.quiet import quiet_stderr

VARIABLE = "TF_NUM_INTRAOP_THREADS"


def start_tensorflow(threads: int | None) -> None:
    """Start TensorFlow's runtime with the threads an operation that suit a learner.

    A number that the user has set (`TF_NUM_INTRAOP_THREADS` or `tf.config.threading`) is left alone, and so is a
    runtime that has begun: whoever used TensorFlow first in a process has decided.

    Args:
        threads: Threads; None for TensorFlow's own choice, one for each core.
    """
    import tensorflow as tf

    threading = tf.config.threading
    if threads is not None and not os.environ.get(VARIABLE) and not threading.get_intra_op_parallelism_threads():
        # It raises once the runtime has begun.
        with contextlib.suppress(RuntimeError):
            threading.set_intra_op_parallelism_threads(threads)
    with quiet_stderr():
        tf.config.list_logical_devices()


def threads_in_use() -> int:
    """Return the threads an operation has here; 0 for TensorFlow's own choice."""
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or int(os.environ.get(VARIABLE) or 0)
