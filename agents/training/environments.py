"""Where environments come from: an id, an instance, a factory or a vector environment."""

from __future__ import annotations

import copy
import gc
import inspect
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import gymnasium
from gymnasium.vector import SyncVectorEnv, VectorEnv

from agents.environment_ids import check_id
from agents.playing.separation import Made, check_separate, shared_objects
from agents.playing.wrappers import layers, name_of
from agents.structured import in_rows
from agents.training.atari import is_atari
from agents.training.atari import make as make_atari
from envs.tensor import TensorEnv
from lab import registry
from lab.errors import MissingPackageError, UsageError, bad_value
from lab.runs.opening.sources import imported_environment

# Environments that were given as objects and are being trained in, and the sources that hold them.
_in_training: dict[int, tuple[weakref.ref[Any], weakref.ref[EnvironmentSource]]] = {}


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
        self.trains_apart = False
        self._made, self._spare = Made(), list[gymnasium.Env[Any, Any]]()
        self.instances: list[gymnasium.Env[Any, Any]] = []
        if isinstance(source, str):
            self.kind = "id"
            name = imported_environment(source)
            check_id(name)
            self.trains_apart = is_atari(name)
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

    def check_separate(self) -> None:
        """Check that the environments made are separate ones, before anything depends on it.

        Raises:
            UsageError: When a factory returns one environment twice, or environments share a simulator.
        """
        if self.kind == "factory":
            pair = [self.make(), self.make()]
            # What has not been stepped is as good as new.
            self._spare = pair
            if not hasattr(pair[0].unwrapped, "tensor_env") and shared_objects(*pair):
                # Sharing constants is fine, sharing what steps change is not: only playing in both tells.
                self._compare("that the factory made")
        elif self.kind in ("instance", "vector environment"):
            for instance in self.instances:
                self._made.add(instance)
            if not hasattr(self.instances[0].unwrapped, "tensor_env"):
                self._compare("copied from the one given")

    def _compare(self, how: str) -> None:
        pair = [self._fresh(), self._fresh()]
        try:
            check_separate(pair[0], pair[1], how)
        finally:
            for env in pair:
                env.close()

    def claim(self) -> None:
        """Take the instances that were given, to train in them.

        Raises:
            UsageError: When another experiment trains in one of them.
        """
        for instance in self.instances:
            for layer in layers(instance):
                if self._is_taken(layer):
                    gc.collect()
                if self._is_taken(layer):
                    raise UsageError(
                        f"the environment {name_of(instance)} given is that of another Experiment, which has trained "
                        "in it; expected one that nobody else steps. Fix: close() the other experiment, or give each "
                        "a factory: lambda: MyEnv()."
                    )
                _in_training[id(layer)] = (weakref.ref(layer), weakref.ref(self))

    def _is_taken(self, layer: gymnasium.Env[Any, Any]) -> bool:
        found = _in_training.get(id(layer))
        return found is not None and found[0]() is layer and found[1]() not in (None, self)

    def release(self) -> None:
        """Give the instances back, and close what was made and not used."""
        for key, (_, owner) in list(_in_training.items()):
            if owner() in (None, self):
                del _in_training[key]
        while self._spare:
            self._spare.pop().close()

    def training(self, number: int) -> list[gymnasium.Env[Any, Any]]:
        """Return `number` environments to train in, a user's own instances first."""
        given = [in_rows(env) for env in self.instances[:number]]
        return given + [self.make_training() for _ in range(number - len(given))]

    def make_training(self) -> gymnasium.Env[Any, Any]:
        """Return a fresh environment to train in, where that differs from one to be evaluated in, as in Atari games."""
        return self._fresh(training=True) if self.trains_apart else self.make()

    def make(self) -> gymnasium.Env[Any, Any]:
        """Return a fresh environment without rendering, which nobody else has.

        Raises:
            UsageError: When what comes is no environment, or one that came before.
        """
        return self._spare.pop() if self._spare else self._fresh()

    def _fresh(self, **keywords: Any) -> gymnasium.Env[Any, Any]:
        env = self._make(**keywords)
        if not isinstance(env, gymnasium.Env):
            raise bad_value("Experiment", "source", env, "a factory that returns a gymnasium.Env")
        for name in ("observation_space", "action_space"):
            if not isinstance(getattr(env, name, None), gymnasium.Space):
                received = f"{type(env).__name__} with the {name} {getattr(env, name, None)!r}"
                raise bad_value("Experiment", "source", received, "a gymnasium.Space of both", f"declare {name}.")
        self._made.add(env)
        return in_rows(env)

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
        return self._fresh(render_mode="rgb_array")


def _make_id(name: str, training: bool = False, **keywords: Any) -> gymnasium.Env[Any, Any]:
    try:
        # What the environment's package does to Python's warnings as it is imported ends with its import.
        with warnings.catch_warnings():
            # Gymnasium's checker would look at each step of each environment; `lab` checks spaces itself.
            if is_atari(name):
                return make_atari(name, training, **keywords)
            return gymnasium.make(name, disable_env_checker=True, **keywords)
    except gymnasium.error.DependencyNotInstalled as error:
        raise MissingPackageError(f"{name} needs a package that is not installed: {error}") from error
    except ImportError as error:
        raise MissingPackageError(f"{name} needs a package that is not installed: {error}. Fix: install it.") from error


def _with_mode(env: gymnasium.Env[Any, Any], render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
    if render_mode is not None:
        # Gymnasium's own environments read `render_mode` when they render, so it can be set on a fresh copy.
        env.unwrapped.render_mode = render_mode
    return env
