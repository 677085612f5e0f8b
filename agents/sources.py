"""Where environments come from: an id, an instance, a factory or a vector environment."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import gymnasium
from gymnasium.vector import SyncVectorEnv, VectorEnv

from envs.tensor import TensorEnv
from lab import registry
from lab.errors import MissingPackageError, UsageError, bad_value, nearest
from lab.runs.sources import imported_environment, registered_environment


class EnvironmentSource:
    """Makes as many fresh, equal environments as a task needs.

    Args:
        source: An environment id, `module:id` where a module that registers it is to be imported first, a
            `gymnasium.Env`, a factory without arguments, a `SyncVectorEnv`, a `TensorEnv` or a `TensorVectorEnv`.

    Raises:
        UsageError: When nothing of that kind can be made; a misspelt id gets the nearest ones.
        MissingPackageError: When the environment needs a package that is not installed.
    """

    def __init__(self, source: Any) -> None:
        registry.load_environments()
        self.num_envs: int | None = None
        self.instances: list[gymnasium.Env[Any, Any]] = []
        if isinstance(source, str):
            self.kind = "id"
            name = imported_environment(source)
            _check_id(name)
            self._make: Callable[..., gymnasium.Env[Any, Any]] = lambda **k: _make_id(name, **k)
        elif isinstance(source, gymnasium.Env):
            self.kind = "instance"
            self._keep(source)
            self.instances = [source]
        elif isinstance(source, TensorEnv):
            self.kind = "tensor environment"
            self._make = source.to_gymnasium
        elif isinstance(source, VectorEnv) and isinstance(getattr(source, "tensor_env", None), TensorEnv):
            self.kind = "tensor environment"
            self._make = source.tensor_env.to_gymnasium  # type: ignore[attr-defined]
            self.num_envs = source.num_envs
        elif isinstance(source, VectorEnv):
            self.kind = "vector environment"
            if not isinstance(source, SyncVectorEnv):
                raise UsageError(
                    f"source received the vector environment {type(source).__name__}; expected a SyncVectorEnv, whose "
                    "environments can be restored exactly. Fix: pass the id or a factory, with num_envs="
                    f"{source.num_envs}."
                )
            self._keep(source.envs[0])
            self.instances = list(source.envs)
            self.num_envs = source.num_envs
        elif callable(source):
            self.kind = "factory"
            accepts = "render_mode" in inspect.signature(source).parameters
            self._make = lambda **k: source(**k) if accepts else _with_mode(source(), **k)
        else:
            raise bad_value(
                "Experiment",
                "source",
                source,
                "an environment id, a gymnasium.Env, a factory, a SyncVectorEnv or a TensorEnv",
            )

    def _keep(self, env: gymnasium.Env[Any, Any]) -> None:
        # A copy of the untouched instance is where evaluation's own environments come from.
        try:
            pristine = copy.deepcopy(env)
        except Exception as error:
            raise UsageError(
                f"the environment {env} cannot be copied ({error!r}), and evaluation needs one of its own. "
                "Fix: pass a factory instead: lambda: MyEnv()."
            ) from error
        self._make = lambda **k: _with_mode(copy.deepcopy(pristine), **k)

    def training(self, number: int) -> list[gymnasium.Env[Any, Any]]:
        """Return `number` environments to train in, a user's own instances first."""
        return self.instances[:number] + [self.make() for _ in range(number - len(self.instances))]

    def make(self) -> gymnasium.Env[Any, Any]:
        """Return a fresh environment without rendering."""
        env = self._make()
        if not isinstance(env, gymnasium.Env):
            raise bad_value("Experiment", "source", env, "a factory that returns a gymnasium.Env")
        return env

    def make_rendered(self) -> gymnasium.Env[Any, Any]:
        """Return a fresh environment that renders RGB arrays.

        Raises:
            UsageError: When the environment cannot render.
        """
        env = self.make()
        modes = env.metadata.get("render_modes", [])
        env.close()
        if "rgb_array" not in modes:
            raise UsageError(
                f"{env} cannot be rendered: its render_modes are {modes}; expected 'rgb_array' among them. "
                "Fix: give the environment an rgb_array mode."
            )
        return self._make(render_mode="rgb_array")


def named_id(name: str) -> str:
    """Return the id of the environment that a file names, for `EnvironmentSource`; nothing is imported.

    Raises:
        UnconfirmedSource: When it would take an import.
        UsageError: When no environment is registered under that name.
    """
    found = registered_environment(name)
    _check_id(found)
    return found


def _make_id(name: str, **keywords: Any) -> gymnasium.Env[Any, Any]:
    try:
        # Gymnasium's checker would look at each step of each environment; `lab` checks spaces itself.
        return gymnasium.make(name, disable_env_checker=True, **keywords)
    except gymnasium.error.DependencyNotInstalled as error:
        raise MissingPackageError(f"{name} needs a package that is not installed: {error}") from error
    except ImportError as error:
        raise MissingPackageError(f"{name} needs a package that is not installed: {error}. Fix: install it.") from error


def _check_id(name: str) -> None:
    try:
        gymnasium.spec(name)
    except gymnasium.error.NamespaceNotFound as error:
        raise MissingPackageError(
            f"no installed package has the environment {name!r}: {error} Fix: install the package that brings the "
            f"namespace {name.split('/')[0]!r} (for ALE: pip install ale-py)."
        ) from error
    except gymnasium.error.Error as error:
        known = [i for i in gymnasium.registry if not i.startswith(("phys2d", "tabular"))]
        bases = {i.rsplit("-v", 1)[0]: i for i in known}
        hint = (
            nearest(name, known)
            if name.rsplit("-v", 1)[0] not in bases
            else (f"did you mean {bases[name.rsplit('-v', 1)[0]]!r}?")
        )
        raise UsageError(f"no environment is called {name!r}; {hint} (see `lab list environments`)") from error


def _with_mode(env: gymnasium.Env[Any, Any], render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
    if render_mode is not None:
        # Gymnasium's own environments read `render_mode` when they render, so it can be set on a fresh copy.
        env.unwrapped.render_mode = render_mode
    return env
