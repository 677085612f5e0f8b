"""A failed check: named, with what was received, what was expected and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from lab.errors import UsageError, nearest, printable

T = TypeVar("T")
Check = Callable[[T], None]


class CheckFailed(AssertionError):  # noqa: N818 - it names what happened
    """What was checked does not keep the contract; test runners show it as a failed test.

    Args:
        received: What it did.
        expected: What it should have done.
        fix: How to mend it.

    Attributes:
        check: The check's name, once it has left the check.
    """

    check: str = ""

    def __init__(self, received: object, expected: object, fix: str) -> None:
        super().__init__(received, expected, fix)
        self.received, self.expected, self.fix = printable(received), printable(expected), printable(fix)

    def __str__(self) -> str:
        named = f"{self.check}: " if self.check else ""
        return f"{named}received {self.received}; expected {self.expected}. Fix: {self.fix}"


def expect(condition: object, received: object, expected: object, fix: str) -> None:
    """Raise `CheckFailed` unless the condition holds."""
    if not condition:
        raise CheckFailed(received, expected, fix)


@contextmanager
def expected_error(words: str, what: str, fix: str) -> Iterator[None]:
    """Expect the block to raise a `UsageError` whose text holds some words.

    Raises:
        CheckFailed: Where it raises nothing, something else, or an error with other words.
    """
    try:
        yield
    except UsageError as error:
        expect(words in str(error), f"the error {str(error)!r} for {what}", f"one that holds {words!r}", fix)
    except Exception as error:
        raise CheckFailed(f"{type(error).__name__}: {error} for {what}", "a UsageError of one line", fix) from error
    else:
        raise CheckFailed(f"no error for {what}", "a UsageError of one line", fix)


def name_of(check: Callable[..., None]) -> str:
    """Return a check's name: its function's."""
    return check.__name__


def run(checks: Iterable[Check[T]], subject: T) -> tuple[str, ...]:
    """Run checks in order and return their names.

    Raises:
        CheckFailed: At the first that fails; other errors are its cause.
    """
    return tuple(run_one(check, subject) for check in checks)


def run_one(check: Check[T], subject: T) -> str:
    """Run one check and return its name; see `run`."""
    name = name_of(check)
    try:
        check(subject)
    except CheckFailed as failure:
        failure.check = failure.check or name
        raise
    except Exception as error:
        fix = "see the error above, which is its cause"
        failed = CheckFailed(f"{type(error).__name__}: {error}", "no error", fix)
        failed.check = name
        raise failed from error
    return name


def chosen(checks: Sequence[Check[T]], skip: Iterable[str]) -> list[Check[T]]:
    """Return the checks but those named in `skip`.

    Raises:
        UsageError: When no check has one of the names.
    """
    left, names = set(skip), [name_of(check) for check in checks]
    for name in sorted(left - set(names)):
        raise UsageError(f"skip received {name!r}; no check has that name; {nearest(name, names, most=20)}")
    return [check for check in checks if name_of(check) not in left]
