"""Ray as a sweep's user asks for it: how many workers, with which resources, of which cluster."""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from lab.errors import MissingPackageError, UsageError, bad_value, check_whole

BACKENDS = ("local", "ray")
# What Ray calls them.
RAYS = {"cpus": "CPU", "gpus": "GPU"}


@dataclasses.dataclass(frozen=True)
class Ray:
    """Workers of Ray on which the runs of a sweep train.

    Attributes:
        resources: Of each worker: `cpus`, `gpus` (parts of one are allowed), or a resource of the cluster's own name.
            They decide how many workers fit, and hold no worker to them.
        workers: At most so many; None for as many as fit, and never more than a batch has runs.
        address: Of a cluster that is running (`auto` for this machine's); None to start one here and end it again.
        imports: Modules that workers import first, which register what a source's name stands for.

    Raises:
        UsageError: On a number that is none.
    """

    resources: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"cpus": 1.0})
    workers: int | None = None
    address: str | None = None
    imports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_whole("workers", self.workers, optional=True, owner="Ray")
        if not isinstance(self.resources, Mapping) or not self.resources:
            raise bad_value("Ray", "resources", self.resources, "numbers by name", 'resources={"cpus": 1}.')
        for name, number in self.resources.items():
            good = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
            if not good or number < 0 or (number > 1 and number != int(number)):
                raise bad_value("Ray", f"resources {name}", number, "a part of one, or a whole number")
        if not any(self.resources.values()):
            raise bad_value("Ray", "resources", dict(self.resources), "one above 0", 'resources={"cpus": 1}.')

    @property
    def needed(self) -> dict[str, float]:
        """What a worker takes, by Ray's names."""
        return {RAYS.get(name, name): float(number) for name, number in self.resources.items() if number}

    def options(self) -> dict[str, Any]:
        """Return what a worker asks Ray for."""
        own = {name: number for name, number in self.needed.items() if name not in RAYS.values()}
        return {
            "num_cpus": self.needed.get("CPU", 0),
            "num_gpus": self.needed.get("GPU", 0),
            "resources": own or None,
        }

    def fitting(self, machines: Iterable[Mapping[str, float]]) -> int:
        """Return how many workers fit on machines with these resources.

        Raises:
            UsageError: When none does.
        """
        found = list(machines)
        # A little more than there is, because parts such as a tenth do not add up to one.
        each = [min(int(one.get(name, 0) / n + 1e-9) for name, n in self.needed.items()) for one in found]
        if not sum(each):
            have = "; ".join(", ".join(f"{n}={one.get(n, 0):g}" for n in self.needed) for one in found)
            raise UsageError(
                f"Ray: resources received {_shown(self.needed)} of one worker, and no machine has as much ({have}). "
                "Fix: ask for less."
            )
        return min(sum(each), self.workers or sum(each))


def backend_of(given: str | Ray) -> Ray | None:
    """Return the backend that a user named; None for the process of the sweep itself.

    Raises:
        UsageError: When there is none of that name.
        MissingPackageError: When Ray is not installed.
    """
    if isinstance(given, str) and given in BACKENDS:
        given = Ray() if given == "ray" else ""
    if isinstance(given, Ray):
        ray()
        return given
    if given != "":
        raise bad_value("Sweep", "backend", given, "'local', 'ray' or lab.sweep.Ray(...)")
    return None


def ray() -> Any:
    """Import Ray, which is optional.

    Raises:
        MissingPackageError: When it is not installed.
    """
    # It would report what is used over the network.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # It would say on the terminal what a later version does about GPUs.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingPackageError(
            "the backend 'ray' needs Ray, which is not installed. Fix: pip install 'keras-lab[ray]' or ray."
        ) from error


def resources_of(text: str) -> dict[str, float]:
    """Return the resources that a command named: `cpus=2,gpus=0.5`.

    Raises:
        UsageError: When it names none.
    """
    found = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise bad_value("sweep", "--resources", text, "NAME=NUMBER,...", "--resources cpus=1,gpus=0.5") from None
    return found


def _shown(resources: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={number:g}" for name, number in resources.items())
