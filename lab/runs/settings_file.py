"""settings.toml: what `lab train --config FILE` takes, and what every run writes of itself."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import UsageError, bad_value, nearest
from lab.files.atomic import write_whole

NAME = "settings.toml"
# Far beyond what anybody writes by hand.
MOST_BYTES = 1 << 20
# TOML has no word for nothing; `--set` takes the same one.
NOTHING = "none"
NAMES = ("learner", "source", "steps")
TABLES = ("experiment", "settings")
HEAD = "# `lab train --config` with this file trains the run again. Written once, when it began."


def write(path: Path, config: Mapping[str, Any]) -> None:
    """Write the settings file of a run, whole or not at all.

    Args:
        path: The file.
        config: What the run's config.json holds as training begins.
    """
    write_whole(path, text_of(config))


def text_of(config: Mapping[str, Any]) -> str:
    """Return what `lab train --config` needs to train a run again, as TOML.

    What a file cannot say of the run, such as an object that it was trained on, is said in comments.

    Args:
        config: As in config.json, with `own_callbacks`, those that the user gave, and `begins_trained`.
    """
    lines = [HEAD, *(f"# {note}" for note in _notes(config))]
    lines += [_line(name, config[name]) for name in NAMES if config[name] is not None]
    intervals = ("evaluate_every", "checkpoint_every", "video_every")
    experiment = {"seed": config["seed"], "num_envs": config["num_envs"], "lane": config["lane_used"]}
    experiment |= {name: config[name] for name in (*intervals, "log_every")}
    if config.get("evaluation_source") is not None:
        experiment["evaluation_source"] = config["evaluation_source"]
    for name, table in (("experiment", experiment), ("settings", config["settings"])):
        lines += ["", f"[{name}]", *(_line(key, value) for key, value in table.items())]
    return "\n".join(lines) + "\n"


def read(path: Path) -> dict[str, Any]:
    """Read a settings file: `learner`, `source`, `steps` and the tables `experiment` and `settings`, as far as given.

    Raises:
        UsageError: When it cannot be read, is no TOML, or has a key or table that is none of these.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UsageError(f"{path} holds more than {MOST_BYTES:,} bytes; expected a settings file.")
        found = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Fix: give the name of a settings file.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is no TOML: {error}. Fix: mend it; text stands in quotes.") from error
    for key, value in found.items():
        if key not in (*NAMES, *TABLES):
            raise UsageError(
                f"{path}: no key is called {key!r}; {nearest(key, (*NAMES, *TABLES))} Keywords of Experiment, such as "
                "seed, stand below [experiment], settings of the learner below [settings]."
            )
        if key in TABLES and not isinstance(value, dict):
            raise bad_value(str(path), key, value, f"a table, [{key}]")
        if key in ("learner", "source") and not isinstance(value, str):
            raise bad_value(str(path), key, value, "a text")
        if key == "steps" and (isinstance(value, bool) or not isinstance(value, int) or value <= 0):
            raise bad_value(str(path), key, value, "a whole number > 0")
    return found


def _notes(config: Mapping[str, Any]) -> list[str]:
    notes = []
    if config["source"] is None:
        notes.append("Not in this file: the run's source, an object without a name.")
    if config.get("evaluation_source") is None and config["task"].get("evaluation_source_kind") is not None:
        notes.append("Not in this file: the evaluation source, an object without a name.")
    if config.get("own_callbacks"):
        named = ", ".join(config["own_callbacks"])
        notes.append(f"Not in this file: callbacks given in Python ({named}).")
    if config.get("begins_trained"):
        notes.append("The learner knew something before this run; this file names it only where a setting does.")
    return [" ".join(note.split()) for note in notes]


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()
    return key if plain else _text(key)


def _value(value: Any) -> str:
    if value is None:
        return _text(NOTHING)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(_line(str(key), one) for key, one in value.items()) + "}"
    return _text(str(value))


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for DEL, and for halves of a pair, which no TOML file can hold.
    whole = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
