"""What `lab record` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.base import Agent
from agents.baselines import Random
from agents.episodes.episodes import Episodes
from agents.episodes.recording import record
from lab.errors import UsageError
from lab.run_directory import RunDirectory
from lab.threads import start_tensorflow


def record_to(output: Path, policy: str, source: str | None, which: str, append: bool, **chosen: Any) -> None:
    """Record a run's agent, or random play, to a file, and say what came of it.

    Args:
        output: The file.
        policy: A run's directory; or random, with
        source: an environment's id.
        which: Which of the run's checkpoints.
        append: Whether to add to a file that is there.
        chosen: For `record`.
    """
    agent: Agent = Random()
    if source is None:
        agent = Agent.load(policy, which)
        source = _environment_of(policy)
    else:
        start_tensorflow(agent.threads)
    episodes = record(agent, source, **chosen)
    (episodes.append if append else episodes.save)(output)
    returns = episodes.card.returns
    print(f"recorded {len(episodes):,} episodes, {episodes.steps:,} steps of {episodes.card.policy} in {source}")
    print(f"returns  mean {returns['mean']:.4g}, from {returns['min']:.4g} to {returns['max']:.4g}")
    print(f"next     lab train behavior_cloning {output}    lab train cql {output}")


def _environment_of(run: str) -> str:
    source = RunDirectory(run).read_config()["source"]
    if source is not None and source.endswith(".npz"):
        source = Episodes.load(source).card.environment
    if source is None:
        raise UsageError(
            f"the files of {run} name no environment to record in. "
            "Fix: record from Python: agents.episodes.record(agent, make_environment, ...)."
        )
    return source
