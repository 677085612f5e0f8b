"""Which task feeds a learner: asked by the kind of learner, the kind of source and the lane.

Packages register names here, `module:name`; what a name stands for is imported when it is needed. So learners import no
task, and only what trains them is loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.task import Task, TaskOptions

ANY = "any"


class _Kind(NamedTuple):
    cls: str
    suffixes: tuple[str, ...]


_makers: dict[tuple[str, str, str], str] = {}
_kinds: dict[str, _Kind] = {}


def register(learner: str | type, maker: str, *, source: str = ANY, lane: str = ANY) -> None:
    """Say what makes the task of a kind of learner; its subclasses have the same unless they are registered too.

    Args:
        learner: A learner's class, or its name as `module:Class`.
        maker: `module:function` (or class) of (learner, source, options) that builds the learner for the source and
            returns its `Task`.
        source: The kind of source that this is for; see `register_source`.
        lane: `auto`, `host` or `compiled`, where it is for one of them alone.
    """
    name = learner if isinstance(learner, str) else name_of(learner)
    _makers[name, source, lane] = maker


def register_source(kind: str, cls: str, suffixes: tuple[str, ...] = ()) -> None:
    """Give a kind of source its name.

    Args:
        kind: The name, for `register`.
        cls: The class of such sources, as `module:Class`; it is not imported to recognise one.
        suffixes: How files of it end, such as `.npz`; a path that ends so is of this kind.
    """
    _kinds[kind] = _Kind(cls, suffixes)


def pairs() -> list[tuple[str, str]]:
    """Return every kind of learner that was registered, with each of what makes its tasks, as `module:name`."""
    return sorted({(learner, maker) for (learner, _, _), maker in _makers.items()})


def source_classes() -> list[str]:
    """Return the class of each kind of source, as `module:Class`."""
    return sorted(kind.cls for kind in _kinds.values())


def kind_of(source: Any) -> str:
    """Return the kind of a source; `ANY` for one of no kind that was registered."""
    names = {name_of(cls) for cls in type(source).__mro__}
    for kind, (cls, suffixes) in _kinds.items():
        if cls in names or (_is_path(source) and str(source).endswith(suffixes)):
            return kind
    return ANY


def make(learner: Any, source: Any, options: TaskOptions) -> Task:
    """Build a learner for its source and return the task that feeds it.

    The nearest class of the learner's that was registered decides; there an entry for the kind of source goes before
    one for any, and one for the lane before one for any. A class may also have a method `make_task(source, options)`.

    Args:
        learner: Not built yet, or built for such a source.
        source: What `Experiment` was given.
        options: Seeds, lane and the like.

    Raises:
        UsageError: When nothing feeds learners of this kind, or the source does not fit it.
    """
    kind = kind_of(source)
    for cls in type(learner).__mro__:
        if "make_task" in vars(cls):
            task: Task = learner.make_task(source, options)
            return task
        for key in ((kind, options.lane), (kind, ANY), (ANY, options.lane), (ANY, ANY)):
            maker = _makers.get((name_of(cls), *key))
            if maker is not None:
                made: Task = resolve(maker)(learner, source, options)
                return made
    raise UsageError(
        f"{type(learner).__name__} has no source of data. Fix: subclass Agent, Generator or Predictor, or say what "
        "feeds it: lab.registry.tasks.register(MyLearner, 'my_module:MyTask')."
    )


def resolve(name: str) -> Any:
    """Import and return what `module:name` stands for."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def name_of(cls: type) -> str:
    """Return a class as `module:Class`."""
    return f"{cls.__module__}:{cls.__qualname__}"


def _is_path(source: Any) -> bool:
    return isinstance(source, str) or hasattr(source, "__fspath__")
