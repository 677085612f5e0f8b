"""Format: one kind of file that an export can be, and the runtime that runs it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from lab.errors import MissingPackageError, bad_value
from lab.exporting.exportable import Arrays

if TYPE_CHECKING:
    from lab.exporting.graph import Graph


class Runtime(NamedTuple):
    """A file that has been opened by what outside programs would run it with.

    Attributes:
        call: From arrays (n, ...) by the names of the inputs to arrays (n, ...) by the names of the outputs.
        name: Of the runtime, with its version.
        threads: That it computes with, in words.
    """

    call: Callable[..., Arrays]
    name: str
    threads: str


class Format(ABC):
    """A kind of file.

    Attributes:
        name: On the command line.
        suffix: Of its files; empty for a folder.
        packages: Optional packages that writing and running it takes, as they are imported and as they are installed.
        quantised: Whether it holds whole numbers of 8 bits instead of float32.
        lacks: What it cannot hold, by the type of a tensor or of an operation: why, and what to do about it. Converters
            say so in words of their own, which help nobody.
    """

    name: ClassVar[str]
    suffix: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = ()
    quantised: ClassVar[bool] = False
    lacks: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @abstractmethod
    def write(self, graph: Graph, path: Path, examples: Arrays) -> None:
        """Write a traced function.

        Args:
            graph: The function.
            path: Where nothing is yet.
            examples: Real inputs, (N, ...) each, that show in which range numbers lie.
        """

    @abstractmethod
    def open(self, path: Path) -> Runtime:
        """Open a file that `write` wrote."""

    def check(self, graph: Graph) -> None:
        """Check that this format can hold a function, as far as that is known before it is written.

        Raises:
            UsageError: When it takes what the format lacks.
        """
        operations = graph.concrete.graph.get_operations()
        met = {operation.type for operation in operations} | {spec.dtype.name for spec in graph.specs}
        # Messages of checks within the graph are texts too, and converters leave them out.
        met |= {tensor.dtype.name for operation in operations for tensor in operation.outputs} - {"string"}
        for name, (why, fix) in self.lacks.items():
            if name in met:
                raise bad_value("export", "format", self.name, f"another format for {graph.owner}: {why}", fix)

    def file_name(self, learner: str) -> str:
        """Return the usual name of a learner's file."""
        return f"{learner}-int8{self.suffix}" if self.quantised else f"{learner}{self.suffix or '-saved-model'}"

    def check_packages(self) -> None:
        """Check that what this format takes is installed, without importing it.

        Raises:
            MissingPackageError: Naming what is missing.
        """
        missing = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if missing:
            raise MissingPackageError(
                f"export: format {self.name!r} takes {', '.join(self.packages)}; {', '.join(missing)} is not "
                'installed. Fix: pip install "keras-lab[export]".'
            )


def version_of(package: str) -> str:
    """Return a package's name with the version that is installed."""
    return f"{package} {importlib.metadata.version(package)}"
