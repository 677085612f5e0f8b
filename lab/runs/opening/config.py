"""What a run's config.json may hold: all of it is checked before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.errors import RunDirectoryError
from lab.files.links import is_regular, read_bytes
from lab.files.reading.schema import (
    MOST_BYTES,
    SchemaError,
    anything,
    check,
    entries,
    items,
    optional,
    parse,
    text,
    whole,
)

FORMAT = 1
# Far beyond what anybody trains with, and little enough that nothing made of them fills a machine.
MOST_ENVIRONMENTS = 1 << 16
MOST_THREADS = 1 << 10
LARGEST_SEED = 2**256
# Settings such as a gradient_clip may be infinite.
CONSTANTS = ("Infinity", "-Infinity")

LANES = ("auto", "host", "compiled")
_interval = optional(whole(1))
# What opening a run relies on; the rest is for people and reports.
CONFIG = entries(
    {
        "learner": text(200),
        "settings": entries({}, more=anything()),
        "source": optional(text()),
        "task": entries({}, more=anything()),
        "callbacks": items(text(200), 1_000),
        "lane": text(choices=LANES),
        "lane_used": text(choices=LANES),
        "seed": whole(0, LARGEST_SEED),
        "num_envs": whole(1, MOST_ENVIRONMENTS),
        "log_every": whole(1),
        "steps": whole(0),
        **dict.fromkeys(("evaluate_every", "checkpoint_every", "video_every"), _interval),
    },
    maybe={
        "format": whole(1),
        "threads": optional(whole(0, MOST_THREADS)),
        "conditions": items(entries({"step": whole()}, more=anything()), 10_000),
    },
    more=anything(),
)


def read_config(path: Path) -> dict[str, Any]:
    """Read a run's config.json.

    Raises:
        RunDirectoryError: When there is none, or it is damaged, of another version or beyond the limits here.
    """
    if not is_regular(path, path.parent):
        raise RunDirectoryError(
            f"{path.parent} is not a run: it has no config.json. Fix: give the directory that `lab train` printed."
        )
    try:
        config: dict[str, Any] = check(parse(read_bytes(path, path.parent, MOST_BYTES), constants=CONSTANTS), CONFIG)
    except (OSError, SchemaError) as error:
        raise RunDirectoryError(f"{path} cannot be read: {error}. Fix: restore the file.") from error
    if config.get("format", FORMAT) != FORMAT:
        raise RunDirectoryError(
            f"{path} has the format {config['format']}; this version reads {FORMAT}. "
            "Fix: use the version of lab that wrote the run."
        )
    return config
