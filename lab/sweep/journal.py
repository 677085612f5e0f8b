"""The trials of a sweep, trials.jsonl: a line when one begins, a line when it has ended.

It is a file of our own and not Optuna's journal or SQLite: it holds what decides a suggestion and nothing else (no
time, no worker, no trial that is forever running after a kill), it is checked by a schema like every file of a run,
and another version of Optuna reads it as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.errors import RunDirectoryError
from lab.files.json_lines import JsonLines
from lab.files.reading.schema import (
    LARGEST,
    SchemaError,
    anything,
    check,
    either,
    entries,
    flag,
    items,
    optional,
    real,
    text,
    whole,
)
from lab.sweep.plan import LARGEST_SEED, MOST_SEEDS, MOST_TRIALS
from lab.sweep.spaces import MOST_SETTINGS, Choice, Space, label

NAME = "trials.jsonl"
STATES = ("complete", "pruned", "failed")
MOST_REPORTS = 100_000


@dataclasses.dataclass(frozen=True)
class Trial:
    """One point of the search space, and what came of it.

    Attributes:
        number: From 0.
        settings: What was suggested, by setting.
        state: `running`, `complete`, `pruned` or `failed`.
        value: What it scored over its seeds; None while it is running and where it failed.
        values: Each seed's score, by seed.
        reports: By training step, the score over its seeds there.
        step: At which it ended.
        reason: Why it was pruned or failed.
        path: Its directory, with a run a seed.
    """

    number: int
    settings: dict[str, Any]
    path: Path
    state: str = "running"
    value: float | None = None
    values: dict[int, float | None] = dataclasses.field(default_factory=dict)
    reports: dict[int, float] = dataclasses.field(default_factory=dict)
    step: int = 0
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.state != "running"


def folder(number: int) -> str:
    """Return the name of a trial's directory."""
    return f"trial-{number:04d}"


class Journal:
    """Reads and writes the trials of a sweep.

    Args:
        directory: The sweep's.
        spaces: By setting, to tell values that were never suggested.
    """

    def __init__(self, directory: Path, spaces: Mapping[str, Space]) -> None:
        self.directory = Path(directory).absolute()
        self.spaces = dict(spaces)
        self.lines = JsonLines(self.directory / NAME)
        self.metric: tuple[str, bool] | None = None
        self.trials: dict[int, Trial] = {}

    def read(self) -> None:
        """Take up what the file holds; a last line that a kill cut short has not happened.

        Raises:
            RunDirectoryError: When a line is of no trial of this sweep.
        """
        self.metric, self.trials = None, {}
        for row in self.lines.read():
            try:
                self._take(check(row, _KINDS.get(str(row.get("event")), _NO_EVENT)))
            except SchemaError as error:
                raise RunDirectoryError(
                    f"{self.lines.path}: {error}. Fix: restore the file, or begin another sweep."
                ) from error

    def _take(self, row: Mapping[str, Any]) -> None:
        if row["event"] == "metric":
            self.metric = self.metric or (row["name"], row["higher"])
            return
        number = row["trial"]
        known = self.trials.get(number)
        if row["event"] == "begun":
            if known is None:
                self.trials[number] = Trial(number, self._settings(row), self.directory / folder(number))
        elif known is None:
            raise SchemaError(f"trial {number} ends and never began")
        elif not known.ended:
            values = {int(seed): value for seed, value in row["values"]}
            reports = {int(step): value for step, value in row["reports"]}
            ended = {name: row[name] for name in ("state", "value", "step", "reason")}
            self.trials[number] = dataclasses.replace(known, values=values, reports=reports, **ended)

    def _settings(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = row["settings"]
        if set(found) != set(self.spaces):
            raise SchemaError(f"trial {row['trial']} has the settings {sorted(found)}; expected {sorted(self.spaces)}")
        return {name: self._value(name, found[name], row["trial"]) for name in self.spaces}

    def _value(self, name: str, value: Any, number: int) -> Any:
        space = self.spaces[name]
        if isinstance(space, Choice):
            if label(value) in space.labels:
                return space.values[space.labels.index(label(value))]
        elif _is_number(value, space.whole) and space.low <= value <= space.high:
            return value if space.whole else float(value)
        raise SchemaError(f"trial {number} has {name} = {str(value)[:60]!a}, which lies outside {space}")

    @property
    def leading(self) -> list[Trial]:
        """The trials that have ended, up to the first that has not: Optuna numbers its trials without a gap."""
        found: list[Trial] = []
        while (trial := self.trials.get(len(found))) is not None and trial.ended:
            found.append(trial)
        return found

    # ---------------------------------------------------------------- writing

    def tidy(self) -> None:
        """Drop a last line that a kill cut short, before more are written after it."""
        self.lines.cut(LARGEST)

    def begin(self, suggested: Mapping[int, Mapping[str, Any]]) -> None:
        """Write which trials begin, in one go."""
        rows = [{"step": 0, "event": "begun", "trial": n, "settings": dict(s)} for n, s in suggested.items()]
        self.lines.append(*rows)
        for number, settings in suggested.items():
            self.trials[number] = Trial(number, dict(settings), self.directory / folder(number))

    def end(self, trials: Iterable[Trial]) -> None:
        """Write how trials ended, in one go and to the disk."""
        found = list(trials)
        self.lines.append(*map(_row, found))
        self.lines.sync()
        self.trials.update({trial.number: trial for trial in found})

    def name_metric(self, name: str, higher: bool) -> None:
        """Write which metric is the score, and whether more of it is better."""
        self.lines.append({"step": 0, "event": "metric", "name": name, "higher": higher})
        self.metric = (name, higher)


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "step": trial.step,
        "event": "ended",
        "trial": trial.number,
        "state": trial.state,
        "value": trial.value,
        "values": [[seed, value] for seed, value in trial.values.items()],
        "reports": [[step, value] for step, value in trial.reports.items()],
        "reason": trial.reason,
    }


def _is_number(value: Any, whole: bool) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)


def _pair(first: Any, second: Any) -> Any:
    def checked(value: Any, where: str) -> list[Any]:
        found = items(anything(), 2, 2)(value, where)
        return [first(found[0], f"{where}[0]"), second(found[1], f"{where}[1]")]

    return checked


_SETTING = either(real(), flag(), text(), optional(items(either(real(), flag(), text()), MOST_SETTINGS)))
_METRIC = entries({"step": whole(), "event": text(choices=("metric",)), "name": text(200), "higher": flag()})
_KINDS = {
    "metric": _METRIC,
    "begun": entries(
        {
            "step": whole(),
            "event": text(10),
            "trial": whole(0, MOST_TRIALS - 1),
            "settings": entries({}, more=_SETTING, most=MOST_SETTINGS),
        }
    ),
    "ended": entries(
        {
            "step": whole(),
            "event": text(10),
            "trial": whole(0, MOST_TRIALS - 1),
            "state": text(choices=STATES),
            "value": optional(real()),
            "values": items(_pair(whole(0, LARGEST_SEED), optional(real())), MOST_SEEDS),
            "reports": items(_pair(whole(), real()), MOST_REPORTS),
            "reason": text(2_000),
        }
    ),
}
_NO_EVENT = entries({"event": text(choices=tuple(_KINDS))}, more=anything())
