"""What `lab record` does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from gymnasium.spaces import Discrete

from agents.base import Agent
from agents.baselines import Random
from agents.environment_ids import named_id
from agents.episodes.recording import record
from lab.errors import UnconfirmedSource, UsageError
from lab.messages.terminal import say
from lab.runs.directory import RunDirectory
from lab.runtime.threads import start_tensorflow


def record_to(output: Path, policy: str, source: str | None, which: str, append: bool, **chosen: Any) -> None:
    """Record a run's agent, or random play, to a file, and say what came of it.

    Args:
        output: The file.
        policy: A run's directory, or random.
        source: An environment's id; None after a run for the one that it names.
        which: Which of the run's checkpoints.
        append: Whether to add to a file that is there.
        chosen: For `record`.
    """
    agent: Agent = Random()
    if policy == "random":
        start_tensorflow(agent.threads)
    else:
        agent = Agent.load(policy, which)
    source = source or _environment_of(policy)
    episodes = record(agent, source, **chosen)
    (episodes.append if append else episodes.save)(output)
    returns = episodes.card.returns
    say(f"recorded {len(episodes):,} episodes, {episodes.steps:,} steps of {episodes.card.policy} in {source}")
    say(f"returns  mean {returns['mean']:.4g}, from {returns['min']:.4g} to {returns['max']:.4g}")
    other = "cql" if isinstance(episodes.action_space, Discrete) else "iql"
    say(f"next     lab train behavior_cloning {output}    lab train {other} {output}")


def _environment_of(run: str) -> str:
    config = RunDirectory(run).read_config()
    data = config["task"].get("data")
    # Offline agents learnt from a file, and the run says from which environment that was.
    source = data.get("environment") if isinstance(data, dict) else config["source"]
    if source is None:
        raise UsageError(
            f"the files of {run} name no environment to record in. Fix: name it: `lab record {run} SOURCE -o FILE.npz`"
            ", or record from Python: agents.episodes.record(agent, make_environment, ...)."
        )
    try:
        return named_id(str(source))
    except UnconfirmedSource as why:
        raise UnconfirmedSource(
            f"{run} names the environment {source!r}, which {why} Fix: that, or name it yourself: "
            f"`{shlex.join(['lab', 'record', str(run), str(source)])} -o FILE.npz`."
        ) from why
