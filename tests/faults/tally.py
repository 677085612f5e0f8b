"""Counts what was tried and what became of it, and prints the table."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# What may become of a try. The last five are failures.
OUTCOMES = ("survived", "refused", "lost", "silent", "executed", "tracebacks", "hung")
FAILURES = OUTCOMES[2:]


def chosen(options: Any, labels: Iterable[str]) -> list[str]:
    """Return the labels that `--learner` (by their beginning) or `--exactly` asks for; all where neither does."""
    exact, begins = options.exactly, tuple(options.learner)
    return [n for n in labels if n in exact or (begins and n.startswith(begins)) or not (exact or begins)]


@dataclasses.dataclass
class Tally:
    """Outcomes by kind of fault.

    Attributes:
        counts: By kind, then by outcome.
        failures: A line each: kind, outcome, what happened, and the command that does it again.
    """

    counts: dict[str, Counter[str]] = dataclasses.field(default_factory=dict)
    failures: list[str] = dataclasses.field(default_factory=list)

    def add(self, kind: str, outcome: str, what: str = "", again: str = "", number: int = 1) -> None:
        """Count a try.

        Args:
            kind: Of fault, a row of the table.
            outcome: One of `OUTCOMES`.
            what: What happened, for failures.
            again: The command that does it again.
            number: How many tries ended like this.
        """
        if outcome not in OUTCOMES:
            raise ValueError(f"outcome received {outcome!r}; expected one of {OUTCOMES}")
        self.counts.setdefault(kind, Counter())[outcome] += number
        if outcome in FAILURES:
            self.failures.append(f"{kind}: {outcome}: {what}" + (f"\n    again: {again}" if again else ""))

    def merge(self, other: Tally) -> None:
        """Take in another tally."""
        for kind, counts in other.counts.items():
            self.counts.setdefault(kind, Counter()).update(counts)
        self.failures += other.failures

    @property
    def failed(self) -> int:
        """How many tries ended as none may."""
        return sum(counts[outcome] for counts in self.counts.values() for outcome in FAILURES)

    def table(self) -> str:
        """Return the table, a row a kind and one for all."""
        width = max([len(kind) for kind in self.counts] + [4])
        total: Counter[str] = sum(self.counts.values(), Counter())
        lines = [f"{'kind':{width}} {'tries':>8}" + "".join(f"{name:>11}" for name in OUTCOMES)]
        for kind, counts in [*sorted(self.counts.items()), ("all", total)]:
            lines.append(f"{kind:{width}} {sum(counts.values()):8}" + "".join(f"{counts[o]:11}" for o in OUTCOMES))
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps({"counts": self.counts, "failures": self.failures}, indent=1))

    @classmethod
    def load(cls, path: Path) -> Tally:
        """Read what `save` wrote."""
        read = json.loads(path.read_text())
        return cls({kind: Counter(counts) for kind, counts in read["counts"].items()}, read["failures"])
