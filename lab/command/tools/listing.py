"""`lab list`: what can be named, environments by the package that brings them."""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from lab import registry
from lab.command.arguments import LISTS
from lab.messages.terminal import say
from lab.runs.opening.sources import REGISTERED_BY

PREFIX = "gymnasium.envs."
# Of Gymnasium's own groups: what they are called, the package that they take, and what installs it.
GROUPS = {
    "classic_control": ("gymnasium: classic control", "", ""),
    "toy_text": ("gymnasium: toy text", "", ""),
    "box2d": ("gymnasium: box2d", "Box2D", 'pip install "keras-lab[box2d]"'),
    "mujoco": ("gymnasium: mujoco", "mujoco", 'pip install "keras-lab[mujoco]"'),
    "phys2d": ("gymnasium: phys2d, in JAX", "jax", 'pip install "gymnasium[jax]"'),
    "tabular": ("gymnasium: tabular, in JAX", "jax", 'pip install "gymnasium[jax]"'),
}
GONE = "gymnasium: moved to other packages"


class Group(NamedTuple):
    """Environments of one package.

    Attributes:
        title: What the package is called.
        note: What it lacks before its environments can be made; empty where that is nothing.
        names: Their ids.
    """

    title: str
    note: str
    names: list[str]


def list_names(options: argparse.Namespace) -> None:
    """List what can be named."""
    found: dict[str, Any] = {
        what: registry.names(LISTS[what]) for what in LISTS if options.what in (None, what) and LISTS[what]
    }
    groups = environments() if options.what in (None, "environments") else []
    if groups:
        found["environments"] = sorted(name for group in groups for name in group.names)
    found = {what: found[what] for what in LISTS if what in found}
    if options.json:
        if options.what == "environments":
            found["groups"] = [group._asdict() for group in groups]
        say(json.dumps(found))
        return
    indent = "" if options.what else "  "
    for what, names in found.items():
        if options.what is None:
            say(f"{what}:")
        if what != "environments":
            for name in names:
                say(indent + name)
            continue
        for group in groups:
            say(f"{indent}# {group.title}" + f" ({group.note})" * bool(group.note))
            for name in group.names:
                say(indent + name)


def environments() -> list[Group]:
    """Return all registered environments by package, those of Gymnasium and of this project first."""
    import gymnasium

    registry.load_environments()
    found: dict[str, Group] = {"lab": Group("lab", "", [])}
    for part, (title, package, install) in GROUPS.items():
        lacks = package and importlib.util.find_spec(package) is None
        found[part] = Group(title, f"not installed: {install}" if lacks else "", [])
    found["gone"] = Group(GONE, "they only say where", [])
    others: dict[str, Group] = {}
    for name, spec in sorted(gymnasium.registry.items()):
        module = _module(spec.entry_point)
        part = module.removeprefix(PREFIX).split(".")[0] if module.startswith(PREFIX) else module.split(".")[0]
        if spec.namespace == "lab":
            found["lab"].names.append(name)
        elif module == PREFIX.rstrip("."):
            # Functions of its own that raise, with a word on the package that has them now.
            found["gone"].names.append(name)
        elif module.startswith(PREFIX) and part in GROUPS:
            found[part].names.append(name)
        else:
            others.setdefault(part, Group(part or "this program", "", [])).names.append(name)
    for namespace, package in REGISTERED_BY.items():
        if package not in others:
            there = importlib.util.find_spec(package) is not None
            listed, install = f"installed; --import {package} lists them", f"pip install {package.replace('_', '-')}"
            note = listed if there else f"not installed: {install}"
            others[package] = Group(f"{package}: {namespace}/...", note, [])
    return [group for group in (*found.values(), *others.values()) if group.names or group.note]


def _module(entry: str | Callable[..., Any] | None) -> str:
    if entry is None:
        return ""
    if isinstance(entry, str):
        return entry.partition(":")[0]
    called = getattr(entry, "func", entry)
    return str(getattr(called, "__module__", ""))
