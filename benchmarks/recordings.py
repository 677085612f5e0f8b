"""The recordings that offline learners are compared on; `offline.py` tells what each task is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STAGES, EPSILONS = 4, (0.0, 0.2, 0.5)
# A good player of Acrobot mostly obtains -70 to -200 even with half of its actions at random, and who never
# swings up -500: without one that plays most at random, a few episodes stood for returns from -450 to -300.
WIDE = (*EPSILONS, 0.8)
# Of DQN in recordings: the latest weights differ in quality from stage to stage more than averaged ones.
# Of SAC in recordings: small enough that all stages are trained in seconds.
SMALL_SAC = {"hidden_sizes": (64, 64), "batch_size": 128, "learning_starts": 500}
LATEST = {"average_decay": 0.0, "pessimism": 0.0, "epsilon_end": 0.1}
# Where the point mass starts. An obstacle stands in the way, off its middle, so that the mass slides off to the same
# side each time and a return tells how it was played.
START = (-0.8, -0.2, 0.02)
# Speed (m/s) and noise (in shares of the largest push) of those who steer it: nine are slow, and one is good.
SKILLS = (*((speed, noise) for speed in (0.4, 0.6, 0.8) for noise in (0.5, 1.0, 2.0)), (2.0, 1.0))


def staged(
    learner: str,
    source: Any,
    steps: int,
    settings: dict[str, Any],
    episodes: int,
    epsilons: tuple[float, ...] = EPSILONS,
    lane: str = "host",
) -> Callable[[int], Any]:
    """Return a function of a seed that records an agent at several stages of its training.

    The second of what it returns is the mean return of its best stage, over 100 other episodes without random actions.
    """

    def make(seed: int) -> Any:
        from agents import Episodes
        from agents.episodes import record
        from lab import Experiment, registry

        experiment = Experiment(registry.learner(learner)(**settings), source, seed=seed, progress=False)
        parts: list[Any] = []
        means = []
        for stage in range(STAGES):
            if stage:
                experiment.train(steps // (STAGES - 1))
                means.append(experiment.evaluate(100).mean)
            for epsilon in epsilons:
                own = {"seed": seed + len(parts), "epsilon": epsilon, "lane": lane}
                parts.append(record(experiment.learner, source, episodes=episodes, **own))
        return Episodes.mix(parts), max(means)

    return make


def random_keydoor(episodes: int, seed: int) -> Any:
    """Record random play."""
    from agents import Random
    from agents.episodes import record

    return record(Random(), "lab/KeyDoor-v0", episodes=episodes, seed=seed), None


def acrobot_at_rest(seed: int) -> Any:
    """Record players of the Acrobot of Sutton 1996, where every episode begins hanging at rest."""
    from envs.classic.acrobot import Acrobot

    return staged("dqn", Acrobot(spread=0.0), 30_000, {}, 30, WIDE, "compiled")(seed)


def point_mass(seed: int) -> Any:
    """Record a controller that steers straight for the goal at a speed, with noise on its push."""
    import numpy as np

    from agents import Episodes
    from agents.episodes import record
    from envs.continuous.point_mass import GOAL, PointMass

    def controller(speed: float, noise: float) -> Callable[[Any, Any], Any]:
        def policy(observation: Any, rng: Any) -> Any:
            offset = GOAL[:2] - observation[:2]
            wanted = speed * offset / np.linalg.norm(offset)
            push = 4.0 * (wanted - observation[2:]) + noise * rng.normal(size=2)
            return np.clip(push, -1, 1).astype(np.float32)

        return policy

    place, parts = PointMass(start=START), []
    for number, (speed, noise) in enumerate(SKILLS):
        about: Any = {"seed": seed + number, "name": f"a controller of {speed} m/s with noise {noise}"}
        parts.append(record(controller(speed, noise), place, episodes=20, **about))
    return Episodes.mix(parts), None


TASKS: dict[str, Callable[[int], Any]] = {
    "cartpole": staged("dqn", "CartPole-v1", 30_000, LATEST, 30),
    "acrobot": staged("dqn", "Acrobot-v1", 30_000, LATEST, 30),
    "acrobot_wide": staged("dqn", "Acrobot-v1", 30_000, LATEST, 30, WIDE),
    "acrobot_rest": acrobot_at_rest,
    "gridworld": staged("q_learning", "lab/GridWorld-v0", 6_000, {"epsilon_steps": 4_000}, 100),
    "pointmass": point_mass,
    "pendulum": staged("sac", "Pendulum-v1", 6_000, SMALL_SAC, 10),
}


def recording(task: str, seed: int) -> Any:
    """Return the recording of a task, and the mean return of the best agent in it, or None."""
    name, _, number = task.partition("-")
    if name == "keydoor" and number.isdigit():
        return random_keydoor(int(number), seed)
    if task not in TASKS:
        raise SystemExit(f"no task is called {task!r}; there are keydoor-N, {', '.join(TASKS)}")
    return TASKS[task](seed)
