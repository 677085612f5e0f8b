"""What all tests share: a quiet, headless process."""

import gc
import os
import tempfile

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What loggers send to trackio, where that is installed, is not a user's.
os.environ.setdefault("TRACKIO_DIR", os.path.join(tempfile.gettempdir(), f"lab-trackio-{os.getpid()}"))
# What earlier runs of the suite have compiled must not decide what this one sees.
os.environ.setdefault("LAB_COMPILE_CACHE", "off")
# The suite runs several processes on few cores; more threads a process would only get in each other's way.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(name, "1")

# Traces are made of hundreds of thousands of objects that live on, and most time went to looking through the youngest
# again and again. Old ones are still looked through, now and then: nothing else frees graphs that refer to themselves.
gc.set_threshold(50_000, 10, 10)
