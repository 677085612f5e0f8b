"""What a run has come to, from its files alone, and whether two runs have come to the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from lab.errors import CheckpointError
from lab.runs import checkpoints

CLOCK = "time_"
# What depends on the machine or the clock, not on what was learnt.
ELSEWHERE = ("versions", "threads", "run_dir", "sessions")


def runs(path: Path) -> list[Path]:
    """Return the run directories at or one level below a path."""
    if (path / "config.json").is_file() and (path / "metrics.jsonl").is_file():
        return [path]
    return sorted(p for p in path.iterdir() if (p / "config.json").is_file()) if path.is_dir() else []


def outcome(path: Path) -> dict[str, Any]:
    """Return what a finished run (or several below a path) has come to, comparable with ==."""
    return {run.relative_to(path).as_posix(): _of(run) for run in runs(path)}


def _of(run: Path) -> dict[str, Any]:
    config = json.loads((run / "config.json").read_text())
    last, best = (checkpoints.listed(run / "checkpoints", prefix)[-1:] for prefix in ("step", "best"))
    return {
        "config": {k: _here(v) if k == "settings" else v for k, v in config.items() if k not in ELSEWHERE},
        "metrics": _rows(run / "metrics.jsonl"),
        "evaluations": _rows(run / "evaluations.jsonl"),
        **{path.name: _digest(path) for path in (*last, *best)},
        "media": sorted(p.name for folder in ("videos", "samples") for p in (run / folder).glob("[!.]*")),
    }


def _here(settings: dict[str, Any]) -> dict[str, Any]:
    # Each process may write a teacher's run of its own; what it taught the checkpoints tell.
    return {name: value for name, value in settings.items() if name != "teacher"}


def _digest(path: Path) -> str:
    try:
        checkpoints.verify(path)
        return checkpoints.digest(path)
    except CheckpointError:
        return "damaged"


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in row.items() if not k.startswith(CLOCK)} for row in found]


def differing(first: dict[str, Any], second: dict[str, Any]) -> str:
    """Return where two outcomes differ, in words; empty where they do not."""
    if first.keys() != second.keys():
        return f"runs {sorted(first.keys() ^ second.keys())}"
    for run in first:
        for part in sorted(first[run].keys() | second[run].keys()):
            mine, theirs = first[run].get(part), second[run].get(part)
            if mine == theirs:
                continue
            if isinstance(mine, list) and isinstance(theirs, list):
                place = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), None)
                if place is None:
                    extra = max(mine, theirs, key=len)[min(len(mine), len(theirs))]
                    return f"{run} {part}: {len(mine)} entries against {len(theirs)}, such as {str(extra)[:120]}"
                return f"{run} {part}[{place}]: {str(mine[place])[:120]} against {str(theirs[place])[:120]}"
            if isinstance(mine, dict) and isinstance(theirs, dict):
                keys = [k for k in mine.keys() | theirs.keys() if mine.get(k) != theirs.get(k)]
                return f"{run} {part}: {[(k, mine.get(k), theirs.get(k)) for k in sorted(keys)]}"[:300]
            return f"{run} {part}: {mine} against {theirs}"
    return ""


def unfinished(path: Path) -> list[str]:
    """Return files that a finished run must not have: temporary ones, and final names of what is not whole."""
    found = []
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.name.startswith(".") and any(part in file.name for part in (".tmp-", ".old-", ".partial")):
            found.append(name)
        elif file.is_file() and not _whole(file):
            found.append(f"{name} is not whole")
    return found


def broken(path: Path) -> list[str]:
    """Return files under final names that are not whole; hidden temporary ones may lie about after a kill."""
    files = [f for f in sorted(path.rglob("*")) if f.is_file()]
    hidden = [f for f in files if any(part.startswith(".") for part in f.relative_to(path).parts)]
    return [f.relative_to(path).as_posix() for f in files if f not in hidden and not _whole(f)]


def _whole(file: Path) -> bool:
    data = file.read_bytes()
    if file.suffix == ".json":
        try:
            json.loads(data)
        except ValueError:
            return False
    if file.suffix == ".toml":
        try:
            return "settings" in tomllib.loads(data.decode())
        except ValueError:
            return False
    if file.suffix == ".jsonl":
        # A line that a kill cut short is dropped when training goes on.
        return all(_is_json(line) for line in data.decode().splitlines()[:-1])
    if file.suffix == ".png":
        return data[:4] == b"\x89PNG" and b"IEND" in data[-12:]
    if file.suffix == ".gif":
        return data[:3] == b"GIF" and data[-1:] == b";"
    if file.suffix == ".mp4":
        return b"ftyp" in data[:16] and b"moov" in data
    if file.suffix == ".html":
        return data.rstrip().endswith(b"</html>")
    if file.name == "manifest.json" or file.suffix == ".safetensors":
        return len(data) > 8
    return True


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
