"""What `lab train` takes from a settings file: the command line comes before it, and nothing in it is followed blindly.

A file may have come with a stranger's run. So it is held to the rules of a run's own files: no module is imported
because it names one, and paths that it names are followed only below its own folder or `LAB_DATA`. All else takes the
user's word on the command line.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.config import make
from lab.errors import UnconfirmedSource, UsageError, bad_value
from lab.experiment.options import NAMES, Options
from lab.messages.field_names import offered
from lab.runs import settings_file
from lab.runs.opening.sources import check_path, is_given

# Keywords of Experiment that are neither numbers nor choices of `Options`.
OTHERS = {"evaluation_source": str, "progress": bool}


@dataclasses.dataclass(frozen=True)
class FromFile:
    """A settings file, read and not followed yet; an empty one where there is none.

    Attributes:
        path: The file.
        given: Its values.
    """

    path: Path = Path()
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> FromFile:
        """Read a file; None for none."""
        return cls() if path is None else cls(path, settings_file.read(path))

    @property
    def learner(self) -> str | None:
        """The learner's name.

        Raises:
            UnconfirmedSource: When it is a module's.
        """
        name: str | None = self.given.get("learner")
        if name is not None and ":" in name:
            word = shlex.join(["lab", "train", name, "--config", str(self.path)])
            raise UnconfirmedSource(
                f"{self.path} names the learner {name!r}, of a module, and nothing is imported because a file says so. "
                f"Fix: if you trust it, name it yourself: {word}."
            )
        return name

    @property
    def source(self) -> str | None:
        """The source's name, not followed yet."""
        return self.given.get("source")

    @property
    def steps(self) -> int | None:
        """How many steps to train."""
        return self.given.get("steps")

    def settings(self, learner_class: Any, but: Mapping[str, Any]) -> dict[str, Any]:
        """Return the learner's settings in the file.

        Args:
            learner_class: The learner's.
            but: Settings of the command line, which come before them.

        Raises:
            UsageError: For an unknown name, a value of another type or out of bounds.
            UnconfirmedSource: When one names a path that is the user's to name.
        """
        fields = {field.name: field for field in dataclasses.fields(learner_class.Settings)}
        hints = typing.get_type_hints(learner_class.Settings)
        values = {
            name: _or_nothing(hints[name], value) if name in fields else value
            for name, value in self.given.get("settings", {}).items()
            if name not in but
        }
        with self._named():
            # Without what other settings decide, which is checked when the learner is made.
            for name, value in values.items():
                make(_alone(learner_class.Settings), {name: value})
        for name, value in values.items():
            if fields[name].metadata.get("path") and value and os.path.lexists(value):
                self._check_path(name, value)
        return values

    def keywords(self, but: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keywords of `Experiment` in the file, but those of the command line, which come before them.

        Raises:
            UsageError: For an unknown name, or a value of another type.
        """
        table = self.given.get("experiment", {})
        hints = typing.get_type_hints(Options)
        for name, value in table.items():
            if name not in (*NAMES, *OTHERS):
                said = "it is the argument --run" if name == "run_dir" else offered(name, (*NAMES, *OTHERS))
                raise UsageError(f"{self.path}: [experiment] has no {name!r}; {said}")
            if name in OTHERS and not isinstance(value, OTHERS[name]):
                raise bad_value(
                    str(self.path), name, value, "a text" if name == "evaluation_source" else "true or false"
                )
        values = {name: _or_nothing(hints.get(name, str), value) for name, value in table.items() if name not in but}
        with self._named():
            Options(**{name: value for name, value in values.items() if name in NAMES})
        return values

    def followed(self, learner: Any, name: str, argument: str) -> str:
        """Return the source to open for one that the file names.

        Args:
            learner: It knows what the name stands for.
            name: The source.
            argument: What to add to the command to name it oneself.

        Raises:
            UnconfirmedSource: When it would be imported, or lies elsewhere.
        """
        if is_given(name):
            return name
        try:
            found: str = learner.named_source(name, self._folder)
        except UnconfirmedSource as why:
            raise UnconfirmedSource(
                f"{self.path} names the source {name!r}, which {_of_file(why)} Fix: if you trust it, name it yourself: "
                f"add `{argument}` to the command."
            ) from why
        return found

    @property
    def _folder(self) -> Path:
        return self.path.absolute().parent

    def _check_path(self, name: str, value: str) -> None:
        try:
            check_path(value, self._folder, "a path")
        except UnconfirmedSource as why:
            raise UnconfirmedSource(
                f"{self.path}: the setting {name} is {value!r}, which {_of_file(why)} Fix: if you trust it, name it "
                f"yourself: add `--set {shlex.quote(f'{name}={value}')}` to the command."
            ) from why

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            raise UsageError(f"{self.path}: {error}") from error


def _of_file(why: UnconfirmedSource) -> str:
    about_runs = "outside the run, and a run's files are"
    return str(why).replace(about_runs, "outside the file's folder, and a file's names are")


def _or_nothing(hint: Any, value: Any) -> Any:
    """Return None for the word that stands for it, where a value may be None."""
    return None if value == settings_file.NOTHING and type(None) in typing.get_args(hint) else value


def _alone(settings: type[Any]) -> type[Any]:
    """Return the same settings without the check of several of them together."""
    return type(settings.__name__, (settings,), {"check": lambda self: None})
