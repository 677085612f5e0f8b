"""The cases that `test_contracts.py` holds to the checks of `lab.testing`.

A new agent, generator or callback is found by itself; it needs an entry in the tables here, and no test of its own for
what every one of them must do.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np

from lab import Callback, Experiment, registry
from lab.learner import Learner
from lab.testing import differences
from lab.testing.comparing import without_clock
from lab.testing.subject import Subject

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def example_path(name: str) -> Path:
    """Return where the script of that name lies in examples/ or a folder of it."""
    (path,) = EXAMPLES.rglob(f"{name}.py")
    return path


def load_example(name: str) -> ModuleType:
    """Import a script from examples/ or a folder of it without running its main part."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, example_path(name))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def assert_same_state(first: Any, second: Any) -> None:
    """Assert that two nested states are equal to the bit, naming every place where they are not."""
    found = differences(first, second)
    assert not found, "\n".join(found)


def logged(run: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    """Return the rows of a run's JSON-lines file, without the clock."""
    return without_clock([json.loads(line) for line in (run / name).read_text().splitlines()])


# ---------------------------------------------------------------- learners


@dataclasses.dataclass(frozen=True)
class Case:
    """One learner with settings small enough to train in a blink.

    Args:
        label: For the test's name.
        kind: Gives the learner's class; called late, so that collecting tests loads no TensorFlow.
        settings: Keywords of the class, or a function that makes them.
        source: A source's name, or a function that makes one.
        idle: State that may be left out without harm, with the reason.
        first, then: Steps before and after the interruption; multiples of nothing.
        log_every: So that both the interruption and `middle` fall between two rows.
        middle: A step at which metrics for the next row have been gathered and no row ends.
        as_in: Another case whose state has the same items, so that what each of them decides is shown there.
        shown: Names of checks that another case has passed with the same code, so that this one need not.
        actions: A space of actions that it takes, for environments that a test makes.
    """

    label: str
    kind: Callable[[], Any]
    source: Any
    settings: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    idle: Mapping[str, str] = dataclasses.field(default_factory=dict)
    first: int = 67
    then: int = 54
    log_every: int = 20
    middle: int = 47
    lane: str = "auto"
    as_in: str | None = None
    shown: frozenset[str] = frozenset()
    actions: gymnasium.Space[Any] = dataclasses.field(default_factory=lambda: gymnasium.spaces.Discrete(2))

    @property
    def is_agent(self) -> bool:
        """Whether it acts in environments."""
        return self.kind().group == "lab.agents"

    @property
    def interacts(self) -> bool:
        """Whether it learns by acting, so that it can train in several environments at once."""
        from agents.offline import OfflineAgent

        return self.is_agent and not issubclass(self.kind(), OfflineAgent)

    def learner(self) -> Learner:
        """Return a fresh learner."""
        return self.kind()(**(self.settings() if callable(self.settings) else self.settings))

    def given_source(self) -> Any:
        """Return the source as a user would give it."""
        return self.source() if callable(self.source) else self.source

    @property
    def subject(self) -> Subject:
        """What `lab.testing` checks."""
        sizes = {name: getattr(self, name) for name in ("first", "then", "log_every", "middle", "lane")}
        idle = self.idle if self.as_in is None else None
        return Subject(self.learner, self.given_source, idle=idle, **sizes)

    def experiment(self, run: Path | None = None, seed: int = 5, **keywords: Any) -> Experiment:
        """Return a fresh experiment."""
        return self.subject.experiment(run, seed, **keywords)

    def resume(self, run: Path, **keywords: Any) -> Experiment:
        """Open a run to go on with it, as a user would."""
        return self.subject.resume(run, **keywords)


def pictures() -> Any:
    """Return 60 small labelled images as a data set."""
    from generative.datasets import load

    rows = np.random.default_rng(5).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    return load((rows, np.arange(60) % 3))


def columns() -> Any:
    """Return 60 rows of numbers and words, with numbers to learn, as examples."""
    from predictors import from_arrays

    rng = np.random.default_rng(5)
    numbers = rng.normal(size=(60, 3))
    words = np.array(["low", "middling", "high"])[np.digitize(numbers[:, 0], (-0.5, 0.5))]
    targets = {"height": numbers[:, 0] * 3.0 + 100.0, "both": numbers[:, 1:]}
    return from_arrays({"numbers": numbers, "words": words}, targets)


def waves() -> Any:
    """Return a short series with a season."""
    from predictors import Series

    steps = np.arange(90)
    return Series(np.sin(steps / 2.0) + 0.1 * np.random.default_rng(5).normal(size=90), period=12, name="waves")


@functools.cache
def teacher_run() -> str:
    """Return the directory of a run of a diffusion model; what it has learnt does not matter."""
    from generative import Diffusion

    settings: dict[str, Any] = {"network": "mlp", "hidden_sizes": (8,), "schedule_steps": 20, "steps": 3}
    experiment = Experiment(Diffusion(**settings), pictures(), run_dir=Path(tempfile.mkdtemp()) / "run", progress=False)
    experiment.claim()
    experiment.save_checkpoint()
    assert experiment.directory is not None
    return str(experiment.directory.path)


def dqn_run() -> str:
    """Return the directory of a run of a DQN in the grid worlds of `recorded`; what it has learnt does not matter."""
    from agents import DQN

    run = Path(tempfile.mkdtemp()) / "run"
    experiment = Experiment(DQN(hidden_sizes=(8,)), short_walks(), run_dir=run, progress=False)
    experiment.claim()
    experiment.save_checkpoint()
    return str(run)


def short_walks() -> Any:
    """Return a factory of grid worlds whose episodes end soon, so that a test sees many."""

    def make(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        return gymnasium.make("lab/GridWorld-v0", max_episode_steps=9, render_mode=render_mode)

    return make


def short_drives() -> Any:
    """Return a factory of taxis, whose masks forbid some actions, with episodes that end soon."""

    def make(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        return gymnasium.make("Taxi-v4", max_episode_steps=9, render_mode=render_mode)

    return make


def short_pushes() -> Any:
    """Return a factory of point masses whose episodes end soon."""

    def make(render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        return gymnasium.make("lab/PointMass-v0", max_episode_steps=9, render_mode=render_mode)

    return make


def recorded() -> Any:
    """Return a few recorded episodes of grid worlds, some terminated and some truncated."""
    return played(short_walks(), lambda rng: int(rng.integers(4)))


def recorded_pushes() -> Any:
    """Return a few recorded episodes of point masses."""
    return played(short_pushes(), lambda rng: rng.uniform(-1.0, 1.0, 2).astype(np.float32))


def played(make: Callable[[], gymnasium.Env[Any, Any]], choose: Callable[[np.random.Generator], Any]) -> Any:
    """Return a few recorded episodes of an environment, with actions at random."""
    from agents import Episodes

    steps: list[tuple[Any, ...]] = []
    env = make()
    rng = np.random.default_rng(3)
    for seed in range(12):
        observation, ended = env.reset(seed=seed)[0], False
        while not ended:
            action = choose(rng)
            following, reward, terminated, truncated, _ = env.step(action)
            steps.append((observation, action, reward, terminated, truncated, following))
            observation, ended = following, terminated or truncated
    names = ("observations", "actions", "rewards", "terminated", "truncated", "next_observations")
    arrays: dict[str, Any] = dict(zip(names, map(np.array, zip(*steps, strict=True)), strict=True))
    found = (env.observation_space, env.action_space)
    episodes = Episodes.from_arrays(**arrays, observation_space=found[0], action_space=found[1])
    return episodes.with_environment(make)


# State that may be left out without harm, and why; a test checks that it does none.
OFFLINE = {"episodes": "no episodes are played"}
IDLE_OFFLINE = {
    **OFFLINE,
    "rate": "only a schedule sets it",
    "exploration": "drawn from only when exploring",
    "observed": "found in the data again",
}
OVERWRITTEN = {"td_error": "each step overwrites it before it is read"}
BUILT = {"size": "a constant that `build` takes from the data's shape"}
RATE = {"rate": "only a schedule sets it"}
NO_UPDATES = {"sums": "it makes no updates, so no metrics are gathered", "rounds": "it makes no updates"}

SMALL_DQN = {
    "hidden_sizes": (8,),
    "batch_size": 4,
    "replay_capacity": 50,
    "learning_starts": 8,
    "update_every": 4,
    "updates_per_round": 2,
    "target_update_every": 30,
    "epsilon_steps": 200,
    "learning_rate_steps": 50_000,
}

# Noise explores in place of epsilon.
SMALL_RAINBOW = {name: value for name, value in SMALL_DQN.items() if name != "epsilon_steps"}

SMALL_ON_POLICY = {"hidden_sizes": (8,), "learning_rate_steps": 50_000}

FRACTIONS = gymnasium.spaces.Box(-1.0, 1.0, (2,))

SMALL_OFF_POLICY = {"hidden_sizes": (8,), "batch_size": 4, "replay_capacity": 50, "learning_starts": 8}

# What the compiled lane's program carries, and an agent has a copy of.
IN_PROGRAM = {
    "fixed_rate": "changes only when a schedule sets the learning rate",
    "exploration": "the host lane's",
    "memory": "the host lane's",
    "steps": "a copy of what the program carries",
}

OFF_POLICY = {
    "fixed_rate": "changes only when a schedule sets the learning rate",
    "episodes": "none ends so soon",
}

# What an off-policy actor-critic keeps beside its replay.
ACTOR_CRITIC = (
    *("actor", "critics", "actor_target", "targets", "actor_moments", "critic_moments", "statistics", "temperature"),
    "reports",
)

SMALL_Q_LEARNING = {"replay_capacity": 50, "epsilon_steps": 300, "learning_rate_steps": 500, "visit_exponent": 0.5}

# In so few steps no reward is found: values that begin away from it are learnt from all the same.
HOPEFUL = {"initial_value": 1.0}

SMALL_TABULAR = {"epsilon_steps": 300, "learning_rate_steps": 500, "visit_exponent": 0.5}

TABULAR = {"fixed_rate": "its step size is the schedule's"}

TABULAR_PROGRAM = {
    **dict.fromkeys(("exploration", "memory"), "the host lane's"),
    **dict.fromkeys(
        ("q_table", "visits", "steps", "replayed", "td_error_sum", "td_error_count"),
        "a copy of what the program carries",
    ),
}

SMALL_UPDATES = {"batch_size": 8, "warmup_updates": 100, "steps": 3, "average_decay": 0.9}

SMALL_DIFFUSION = {**SMALL_UPDATES, "channels": (4,), "attention": False, "dropout": 0.1, "schedule_steps": 20}

ALL_WAYS = ("brightness", "translation", "cutout")

PREDICTOR = {"schedule_steps": 300, "warmup_steps": 20, "dropout": 0.1}

SMALL_GAN = {"network": "dense", "hidden_sizes": (8,), "latent_size": 3, "batch_size": 8, "average_decay": 0.9}

# Schedules have lengths of their own here: those that follow the run would differ when it is trained in two parts.
# Settings with which each learner is quick and yet uses everything it has: rounds of updates, copies to the target
# network, a replay that wraps round, schedules that still move. A learner may have several cases.
SMALL: dict[str, list[dict[str, Any]]] = {
    "autoencoder": [
        {"settings": {"hidden_sizes": (8,), "latent_size": 3, "batch_size": 8}, "source": pictures},
        {
            "settings": {
                "architecture": "conv",
                "filters": (2, 2),
                "latent_size": 2,
                "batch_size": 8,
                "precision": "bfloat16",
            },
            "source": pictures,
        },
    ],
    "behavior_cloning": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8},
            "source": recorded,
            "idle": {**OFFLINE, "exploration": "drawn from only when acting", "rate": "only a schedule sets it"},
        },
    ],
    "cql": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "target_update_every": 30, "average_decay": 0.9},
            "source": recorded,
            "idle": {**OFFLINE, "rate": "only a schedule sets it"},
        },
    ],
    "awac": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "actor_every": 5, "critic_normalisation": "layer"},
            "source": recorded,
            "idle": IDLE_OFFLINE,
        },
    ],
    "iql": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "normalise_observations": True, "actor_every": 5},
            "source": recorded_pushes,
            "idle": IDLE_OFFLINE,
            "actions": FRACTIONS,
        },
    ],
    "td3bc": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "actor_every": 5},
            "source": recorded_pushes,
            "idle": IDLE_OFFLINE,
            "actions": FRACTIONS,
        },
    ],
    "percent_bc": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "fraction": 0.5, "stochastic": True},
            "source": recorded,
            "idle": {**OFFLINE, "exploration": "drawn from only when acting", "rate": "only a schedule sets it"},
        },
    ],
    "policy_distillation": [
        {
            "settings": lambda: {"teacher": dqn_run(), "hidden_sizes": (8,), "batch_size": 8, "stochastic": True},
            "source": recorded,
            "idle": {
                **OFFLINE,
                "exploration": "drawn from only when acting",
                "rate": "only a schedule sets it",
                "taught": "whether there was a teacher at the beginning",
                "teacher": "it stays as it is, and is read from its run again",
            },
        },
    ],
    "decision_transformer": [
        {
            "settings": {
                "context_length": 4,
                "max_episode_length": 20,
                "layers": 2,
                "heads": 2,
                "width": 8,
                "dropout": 0.1,
                "encoder_sizes": (),
                "batch_size": 8,
                "warmup_updates": 90,
                "average_decay": 0.9,
            },
            "source": recorded,
            "idle": {
                **OFFLINE,
                "exploration": "drawn from only when exploring",
                "fixed_rate": "only a schedule sets it",
                "target_return": "only its user sets it",
                **dict.fromkeys(
                    ("mean", "spread", "lowest_return", "middle_return", "best_return", "scale", "longest"),
                    "found in the data again",
                ),
            },
        },
    ],
    "online_decision_transformer": [
        {
            "settings": {
                "context_length": 4,
                "positions": "relative",
                "layers": 1,
                "heads": 2,
                "width": 8,
                "dropout": 0.1,
                "encoder_sizes": (),
                "batch_size": 8,
                "offline_updates": 15,
                "warmup_updates": 100,
                "updates_per_round": 6,
                "episodes_per_round": 3,
                "buffer_episodes": 8,
                "least_entropy": 0.9999,
                "entropy_rate": 1.0,
                "average_decay": 0.9,
            },
            "source": recorded,
            "idle": {
                "exploration": "each round of episodes draws from a generator of its own",
                "fixed_rate": "only a schedule sets it",
                "target_return": "only its user sets it",
                **dict.fromkeys(
                    ("mean", "spread", "lowest_return", "middle_return", "best_return", "scale", "longest"),
                    "found in the data again",
                ),
            },
        },
    ],
    "ddpm": [
        {
            "settings": {
                **SMALL_UPDATES,
                "network": "dit",
                "token_size": 8,
                "depth": 1,
                "heads": 2,
                "schedule_steps": 20,
            },
            "source": pictures,
        }
    ],
    "diffusion": [{"settings": SMALL_DIFFUSION, "source": pictures}],
    "consistency_distillation": [
        {
            "settings": lambda: {
                "teacher": teacher_run(),
                "solver": "euler",
                "batch_size": 8,
                "first_intervals": 2,
                "intervals": 8,
                "updates_per_doubling": 30,
                "warmup_updates": 100,
                "target_decay": 0.8,
                "average_decay": 0.9,
            },
            "source": pictures,
            "idle": {
                "taught": "whether there was a teacher at the beginning",
                "teacher": "it stays as it is, and is read from its run again",
            },
        },
    ],
    "classifier": [
        {"settings": {"architecture": "cnn", "batch_size": 8, **PREDICTOR}, "source": pictures, "idle": RATE},
        {
            "settings": {
                "architecture": "mlp",
                "hidden_sizes": (8,),
                "batch_size": 8,
                "optimizer": "sgd",
                "sparsity": 0.5,
                "prune_begin": 20,
                "prune_end": 100,
                "prune_every": 5,
                "quantise": "int8",
                **PREDICTOR,
            },
            "source": pictures,
            "lane": "host",
            "idle": RATE,
        },
        {
            "settings": {
                "architecture": "mlp",
                "hidden_sizes": (4,),
                "batch_size": 8,
                "input_shape": (4, 4),
                "mixup": 0.4,
                "cutmix": 1.0,
                **PREDICTOR,
            },
            "source": pictures,
            "idle": RATE,
        },
    ],
    "siamese": [
        {
            "settings": {
                "architecture": "mlp",
                "hidden_sizes": (8,),
                "batch_size": 8,
                "embedding_size": 4,
                "support": 3,
                **PREDICTOR,
            },
            "source": pictures,
            "idle": {**RATE, **dict.fromkeys(("support_inputs", "support_codes"), "chosen again from the source")},
        },
    ],
    "regressor": [
        {
            "settings": {"hidden_sizes": (8,), "batch_size": 8, "error": "huber", **PREDICTOR},
            "source": columns,
            "idle": RATE,
        },
    ],
    "forecaster": [
        {
            "settings": {"context": 6, "horizon": 3, "batch_size": 8, "architecture": "conv1d", **PREDICTOR},
            "source": waves,
            "idle": {**RATE, **dict.fromkeys(("calibrated_at", "tail", "widening"), "found again when training ends")},
        },
    ],
    "conditional_gan": [{"settings": {**SMALL_GAN, "label_size": 2}, "source": pictures}],
    "conditional_vae": [
        {
            "settings": {"hidden_sizes": (8,), "latent_size": 3, "batch_size": 8, "warmup_updates": 200},
            "source": pictures,
        },
    ],
    "dcgan": [
        {"settings": {"channels": (2, 4), "latent_size": 3, "batch_size": 4, "augment": ALL_WAYS}, "source": pictures}
    ],
    "denoising_autoencoder": [
        {"settings": {"hidden_sizes": (8,), "latent_size": 3, "batch_size": 8}, "source": pictures},
    ],
    "a2c": [
        {
            "settings": {**SMALL_ON_POLICY, "rollout_steps": 6, "normalise_rewards": True},
            "source": "CartPole-v1",
            "lane": "host",
            "idle": {"fixed_rate": "changes only when a schedule sets the learning rate"},
        },
    ],
    "ppo": [
        {
            "settings": {
                **SMALL_ON_POLICY,
                "rollout_steps": 15,
                "minibatch_size": 5,
                "epochs": 2,
                "largest_kl": 1e-4,
                "normalise_observations": True,
                "normalise_rewards": True,
                "value_clip_range": 0.2,
            },
            "source": "Pendulum-v1",
            "lane": "host",
            "idle": {
                "fixed_rate": "changes only when a schedule sets the learning rate",
                "halted": "each round begins without",
                "episodes": "none ends so soon",
            },
        },
        {
            "settings": {
                **SMALL_ON_POLICY,
                "rollout_steps": 15,
                "minibatch_size": 5,
                "epochs": 2,
                "adam_epsilon": 1e-6,
                "normalise_observations": True,
                "normalise_rewards": True,
            },
            "source": "Pendulum-v1",
            "lane": "compiled",
            "idle": {
                **IN_PROGRAM,
                **dict.fromkeys(("actor", "critic", "free", "observed", "rewards", "moments"), IN_PROGRAM["steps"]),
                "episodes": "none ends so soon",
            },
        },
    ],
    "rainbow": [
        {"settings": {**SMALL_RAINBOW, "atoms": 5}, "source": "CartPole-v1", "lane": "compiled"},
        {
            "settings": {
                **{name: value for name, value in SMALL_RAINBOW.items() if name != "target_update_every"},
                "distribution": "implicit",
                "fractions": 3,
                "munchausen": True,
                "n_steps": 1,
                "target_rate": 0.1,
            },
            "source": "CartPole-v1",
            "lane": "host",
        },
    ],
    "recurrent_dqn": [
        {
            "settings": {
                **SMALL_DQN,
                "cell": "lstm",
                "cell_size": 3,
                "sequence_length": 3,
                "burn_in": 2,
                "prioritised": True,
                "learning_starts": 16,
            },
            "source": "CartPole-v1",
            "lane": "host",
            "idle": {
                "fixed_rate": "changes only when a schedule sets the learning rate",
                "run_length": "training to the same end sets it again",
            },
        },
    ],
    "recurrent_ppo": [
        {
            "settings": {
                **SMALL_ON_POLICY,
                "rollout_steps": 15,
                "minibatch_size": 5,
                "sequence_length": 5,
                "epochs": 2,
                "cell": "lstm",
                "cell_size": 3,
            },
            "source": "CartPole-v1",
            "lane": "host",
            "idle": {"fixed_rate": "changes only when a schedule sets the learning rate"},
        },
        {
            "settings": {
                **SMALL_ON_POLICY,
                "rollout_steps": 15,
                "minibatch_size": 5,
                "sequence_length": 5,
                "epochs": 2,
                "cell_size": 3,
            },
            "source": "CartPole-v1",
            "lane": "compiled",
            "idle": {
                **IN_PROGRAM,
                **dict.fromkeys(("actor", "body", "critic", "moments", "hidden"), IN_PROGRAM["steps"]),
            },
        },
    ],
    "sac": [
        {
            "settings": {**SMALL_OFF_POLICY, "n_steps": 2, "actor_every": 3},
            "source": "Pendulum-v1",
            "lane": "host",
            "idle": {**OFF_POLICY, "statistics": "without batch normalisation there are none"},
        },
        {
            "settings": {**SMALL_OFF_POLICY, "critic_normalisation": "batch"},
            "source": "Pendulum-v1",
            "lane": "compiled",
            "idle": {**OFF_POLICY, **IN_PROGRAM, **dict.fromkeys(ACTOR_CRITIC, IN_PROGRAM["steps"])},
        },
        {
            "settings": {
                **SMALL_OFF_POLICY,
                "critics": 3,
                "critic_normalisation": "layer",
                "update_every": 4,
                "updates_per_round": 2,
            },
            "source": "CartPole-v1",
            "lane": "host",
        },
    ],
    "td3": [
        {
            "settings": SMALL_OFF_POLICY,
            "source": "Pendulum-v1",
            "lane": "host",
            "idle": {
                **OFF_POLICY,
                "statistics": "without batch normalisation there are none",
                "temperature": "it has none",
            },
            "actions": FRACTIONS,
        },
    ],
    "ddpg": [{"settings": SMALL_OFF_POLICY, "source": "Pendulum-v1", "lane": "compiled", "actions": FRACTIONS}],
    "reinforce": [
        {
            "settings": {**SMALL_ON_POLICY, "rollout_steps": 21, "learning_rate": 0.02},
            "source": "CartPole-v1",
            "lane": "host",
            "idle": {"fixed_rate": "changes only when a schedule sets the learning rate"},
        },
    ],
    "dqn": [
        {
            "settings": SMALL_DQN,
            "source": "CartPole-v1",
            "lane": "host",
            "idle": {"fixed_rate": "changes only when a schedule sets the learning rate"},
        },
        {
            "settings": SMALL_DQN,
            "source": "CartPole-v1",
            "lane": "compiled",
            "idle": {
                "fixed_rate": "changes only when a schedule sets the learning rate",
                "exploration": "the host lane's",
                "memory": "the host lane's",
                **dict.fromkeys(("online", "target", "average", "moments"), "a copy of what the program carries"),
                **dict.fromkeys(("steps", "copies", "observed"), "a copy of what the program carries"),
            },
        },
        # With masks of the actions in its replay.
        {
            "settings": SMALL_DQN,
            "source": short_drives,
            "lane": "host",
            "idle": {"fixed_rate": "changes only when a schedule sets the learning rate"},
        },
    ],
    "edm": [
        {
            "settings": {**SMALL_UPDATES, "network": "mlp", "hidden_sizes": (8,), "precision": "bfloat16"},
            "source": pictures,
        }
    ],
    "gan": [
        {
            "settings": {
                "network": "resnet",
                "channels": (4, 4),
                "latent_size": 3,
                "batch_size": 8,
                "average_decay": 0.9,
            },
            "source": pictures,
        },
    ],
    "hinge_gan": [{"settings": SMALL_GAN, "source": pictures}],
    "lsgan": [{"settings": SMALL_GAN, "source": pictures}],
    "rectified_flow": [
        {"settings": {**SMALL_UPDATES, "network": "mlp", "hidden_sizes": (8,)}, "source": pictures},
    ],
    "progressive_distillation": [
        {
            "settings": lambda: {
                "teacher": teacher_run(),
                "batch_size": 8,
                "first_steps": 8,
                "steps": 2,
                "updates_per_halving": 20,
                "warmup_updates": 100,
                "average_decay": 0.9,
            },
            "source": pictures,
            "idle": {"taught": "whether there was a teacher at the beginning"},
        },
    ],
    "q_learning": [
        {
            "settings": SMALL_Q_LEARNING,
            "source": short_walks,
            "lane": "host",
            # It reports metrics once in 64 steps.
            "middle": 66,
            "idle": {"fixed_rate": "its step size is the schedule's"},
        },
        {
            "settings": SMALL_Q_LEARNING,
            "source": short_walks,
            "lane": "compiled",
            "middle": 66,
            "idle": {**TABULAR, **TABULAR_PROGRAM},
        },
    ],
    "double_q_learning": [
        {
            "settings": {**SMALL_Q_LEARNING, "replay_updates": 1},
            "source": short_walks,
            "lane": "host",
            "middle": 66,
            "idle": TABULAR,
        },
    ],
    "dyna_q": [
        {
            # With little planning a queue is left.
            "settings": {"epsilon_steps": 300, "visit_exponent": 0.5, "planning_updates": 1, **HOPEFUL},
            "source": short_walks,
            "middle": 66,
            "idle": {**TABULAR, "run_length": "prioritised sweeping plans with a step size of its own"},
        },
        {
            "settings": {**SMALL_TABULAR, "sweeping": "uniform", "planning_updates": 2},
            "source": short_walks,
            "middle": 66,
        },
    ],
    "expected_sarsa": [
        {
            "settings": {"exploration": "softmax", "temperature_steps": 300, "learning_rate_steps": 500},
            "source": short_walks,
            "lane": "host",
            "middle": 66,
        },
    ],
    "n_step_sarsa": [
        {
            "settings": {"exploration": "ucb", "n_steps": 3, "learning_rate_steps": 500, **HOPEFUL},
            "source": short_walks,
            "lane": "host",
            # By then the first window after the report at step 64 is full.
            "first": 73,
            "middle": 70,
            "idle": TABULAR,
        },
        {
            "settings": {"exploration": "ucb", "n_steps": 3, "backup": "tree", "learning_rate_steps": 500, **HOPEFUL},
            "source": short_walks,
            "lane": "compiled",
            "middle": 66,
            "idle": {**TABULAR, **TABULAR_PROGRAM, "tried": "a copy of what the program carries"},
        },
    ],
    "q_lambda": [
        {
            "settings": {**SMALL_TABULAR, "initial_value": -2.0, "epsilon_start": 0.3},
            "source": short_walks,
            "lane": "host",
            "middle": 66,
            "idle": TABULAR,
        },
    ],
    "sarsa": [
        {
            "settings": {"exploration": "ucb", "learning_rate_steps": 500},
            "source": short_walks,
            "lane": "host",
            "middle": 66,
        },
    ],
    "random": [{"source": "CartPole-v1", "idle": NO_UPDATES}],
    "relativistic_gan": [{"settings": SMALL_GAN, "source": pictures}],
    "sparse_autoencoder": [
        {"settings": {"hidden_sizes": (8,), "latent_size": 3, "batch_size": 8}, "source": pictures},
    ],
    "vae": [
        {
            "settings": {
                "architecture": "conv",
                "filters": (2, 2),
                "upsampling": "nearest",
                "latent_size": 2,
                "batch_size": 8,
                "warmup_updates": 200,
                "free_nats": 0.1,
                "iwae_samples": 2,
                "frozen": ("encoder.0",),
            },
            "source": pictures,
        },
    ],
    "vqvae": [
        {
            "settings": {"latent_size": 3, "codes": 8, "channels": 4, "prior_units": 4, "batch_size": 8},
            "source": pictures,
        },
    ],
    "wgangp": [
        {"settings": {**SMALL_GAN, "discriminator_steps": 2, "precision": "bfloat16"}, "source": pictures},
    ],
}


# Cases whose learners keep the same things as another's; a test holds them to it.
SAME_STATE = {
    **dict.fromkeys(("autoencoder-2", "sparse_autoencoder"), "autoencoder"),
    **dict.fromkeys(("dcgan", "hinge_gan", "lsgan", "relativistic_gan"), "gan"),
    **dict.fromkeys(("ddpm", "edm", "rectified_flow"), "diffusion"),
    "ddpg": "sac-2",
    "rainbow": "dqn-2",
    "rainbow-2": "dqn",
    "sac-3": "sac",
    "regressor": "classifier",
    "percent_bc": "behavior_cloning",
    "expected_sarsa": "q_learning",
    "dyna_q-2": "dyna_q",
    "sarsa": "n_step_sarsa",
}


# What another case shows for one: its label, and the names of the checks. Neither the lane nor a flavour of a family
# decides how it is drawn, copied or kept in files.
DRAWN, THREE = "renders_every_kind", "resumes_exactly_with_three_environments"
SEEDED = "state_and_seed_decide_everything"
KEPT = frozenset(("copies_with_what_was_learnt", "refuses_files_of_another_learner"))
# A flavour that changes the loss alone, and keeps the same state: that it resumes exactly is checked of each.
FLAVOUR = KEPT | {DRAWN, SEEDED}
SHOWN: dict[str, tuple[str, frozenset[str]]] = {
    **{f"{name}-2": (name, KEPT | {DRAWN, "loads_what_was_learnt"}) for name in ("dqn", "ppo", "recurrent_ppo")},
    # With several environments: programs draw from one kind of replay, of which `dqn-2` has one too.
    **dict.fromkeys(("sac-2", "sac-3"), ("sac", KEPT | {DRAWN, THREE})),
    "dqn-3": ("dqn", KEPT | {DRAWN, THREE}),
    "ddpg": ("td3", KEPT | {DRAWN, THREE}),
    "rainbow": ("dqn-2", frozenset((SEEDED,))),
    "rainbow-2": ("dqn", FLAVOUR | {THREE, "loads_what_was_learnt"}),
    "reinforce": ("a2c", frozenset((THREE,))),
    "q_learning-2": ("q_learning", KEPT | {DRAWN, THREE}),
    "double_q_learning": ("q_learning", KEPT | {DRAWN, THREE}),
    "expected_sarsa": ("q_learning", FLAVOUR | {THREE}),
    **dict.fromkeys(("dyna_q", "q_lambda"), ("n_step_sarsa", KEPT | {DRAWN})),
    "dyna_q-2": ("dyna_q", frozenset((THREE, SEEDED))),
    "n_step_sarsa-2": ("n_step_sarsa", KEPT | {DRAWN}),
    "sarsa": ("n_step_sarsa", FLAVOUR | {THREE}),
    "classifier-3": ("classifier", KEPT | {DRAWN}),
    "percent_bc": ("behavior_cloning", FLAVOUR),
    "sparse_autoencoder": ("autoencoder", FLAVOUR),
    "wgangp": ("gan", KEPT | {DRAWN}),
    **dict.fromkeys(("ddpm", "edm"), ("diffusion", FLAVOUR)),
    "rectified_flow": ("diffusion", frozenset((SEEDED,))),
    **dict.fromkeys(("hinge_gan", "lsgan", "relativistic_gan"), ("gan", FLAVOUR)),
}


# `make test` holds one case of each family to every check, and each further learner's first case to what is quick and,
# where no other case stands for it, to training and resuming; the rest is thorough.
LEADING = frozenset(
    (
        *("q_learning", "dqn", "ppo", "sac", "decision_transformer", "cql", "random", "example_agent"),
        *("autoencoder", "gan", "diffusion", "tiny", "classifier", "forecaster"),
    )
)
THOROUGH = frozenset(
    (
        *(DRAWN, THREE, SEEDED, "copies_with_what_was_learnt", "loads_what_was_learnt"),
        *("evaluates_without_changing", "acts_within_its_space", "what_it_exports_answers_the_same"),
    )
)


def is_thorough(case: Case, check: str) -> bool:
    """Tell whether a check of a case is left to the thorough part of the suite."""
    if case.label in LEADING:
        return False
    stood_for = case.label in SHOWN and check in ("trains_with_finite_rows", "resumes_exactly")
    return check in THOROUGH or case.label[-2] == "-" or stood_for


def installed_learners() -> dict[str, Callable[[], Any]]:
    """Return every learner that a package brings, by its name."""
    return {e.name: e.load for group in registry.LEARNERS for e in importlib.metadata.entry_points(group=group)}


def _tiny() -> Any:
    from tests.generative.tiny import Tiny

    return Tiny


def cases() -> list[Case]:
    """Return all cases: the learners installed, the examples' and one that draws random numbers in its updates."""
    found = []
    for name, load in sorted(installed_learners().items()):
        for number, entry in enumerate(SMALL.get(name, []), 1):
            label = name if number == 1 else f"{name}-{number}"
            _, shown = SHOWN.get(label, ("", frozenset()))
            found.append(Case(label, load, as_in=SAME_STATE.get(label), shown=shown, **entry))
    return [
        *found,
        Case("example_agent", lambda: load_example("custom_agent").OwnExpectedSarsa, short_walks, idle=OVERWRITTEN),
        Case("example_generator", lambda: load_example("custom_generator").FlowMatching, pictures, idle=BUILT),
        Case("tiny", _tiny, pictures, idle=BUILT),
    ]


# ---------------------------------------------------------------- callbacks


@dataclasses.dataclass(frozen=True)
class CallbackCase:
    """How to make one of the standard callbacks, and what to attach it to.

    Args:
        make: Gives a fresh one; its readings must change its state within the test's few steps.
        learner: The label of the case to train.
        stateful: Whether it has state of its own.
        standard: Whether an experiment with a run directory has one by itself.
        needs: A package without which it is not tried.
    """

    make: Callable[[type[Any]], Callback]
    learner: str = "q_learning"
    stateful: bool = False
    standard: bool = False
    needs: str = ""


@functools.cache
def elsewhere() -> Path:
    """Return a folder for the services that loggers log to."""
    return Path(tempfile.mkdtemp())


# Some are odd on purpose, so that their intervals coincide neither with checkpoints nor with log rows.
CALLBACKS: dict[str, CallbackCase] = {
    "CSVLogger": CallbackCase(lambda c: c(every=11)),
    "Callback": CallbackCase(lambda c: c(every=7)),
    "Checkpoint": CallbackCase(lambda c: c(every=25), standard=True),
    "EarlyStopping": CallbackCase(lambda c: c(monitor="td_error", patience=50), stateful=True),
    "Evaluate": CallbackCase(lambda c: c(every=13, episodes=2), stateful=True),
    "JSONLLogger": CallbackCase(lambda c: c(), standard=True),
    "LearningRateSchedule": CallbackCase(lambda c: c(lambda step: 0.1 / (1 + step), every=10), learner="tiny"),
    "MLFlowLogger": CallbackCase(lambda c: c(every=17, uri=elsewhere()), stateful=True, needs="mlflow"),
    "NaNGuard": CallbackCase(lambda c: c(), standard=True),
    "Progress": CallbackCase(lambda c: c(show=False), standard=True),
    "RenderEvery": CallbackCase(lambda c: c(every=33, suffix=".png")),
    "StopAtReturn": CallbackCase(lambda c: c(threshold=1e9)),
    "TensorBoardLogger": CallbackCase(lambda c: c(every=17), stateful=True, needs="tensorboard"),
    "TrackioLogger": CallbackCase(lambda c: c(every=17), stateful=True, needs="trackio"),
    "WandbLogger": CallbackCase(
        lambda c: c(every=17, mode="offline", folder=elsewhere()), stateful=True, needs="wandb"
    ),
}

HOOKS = (
    *("on_train_begin", "on_train_end", "on_update", "on_log", "on_interval", "on_evaluation", "on_render"),
    "on_checkpoint",
)


def spied(kind: type[Callback], calls: list[str]) -> type[Callback]:
    """Return a class like `kind` that also notes the hooks called on it."""

    def noting(hook: str) -> Any:
        def call(self: Any, *arguments: Any) -> None:
            calls.append(hook)
            getattr(kind, hook)(self, *arguments)

        return call

    return type(kind.__name__, (kind,), {hook: noting(hook) for hook in HOOKS})


class Stubborn(Callback):
    """Ends training at a step within a chunk, as a user's own callback may."""

    not_state = ("at",)

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def on_update(self, experiment: Experiment, metrics: Mapping[str, float]) -> None:
        if experiment.task_step >= self.at:
            experiment.stop("enough")
