"""What oneDNN gains or costs: training steps and loops with `TF_ENABLE_ONEDNN_OPTS` at 0 and at 1, paired.

A U-Net (convolutions), a dense and a convolutional VAE, a Decision Transformer (attention), and DQN's compiled loop
(one XLA program). Each job's two processes are started once and take turns, so that what else the machine does slows
both; ratios are taken turn by turn, of processor time. `--isa AVX2` holds oneDNN's own kernels to what a processor
without AVX-512 has; other kernels stay as they are, so that is an imitation of one and no more.

    python benchmarks/onednn.py [--pairs 5] [--threads 1] [--jobs unet dqn] [--isa AVX2] [--output FILE]
"""

from __future__ import annotations

import os
import sys
from typing import Any

import paired

# Steps a turn: about a second.
JOBS = {"unet": 3, "vae dense": 100, "vae conv": 30, "transformer": 8, "dqn": 10_000}


def serve(job: str) -> None:
    """Train in turns, as `steps.py` does."""
    import steps

    if job not in ("transformer", "dqn"):
        steps.ours(job, "float32")
        return
    paired.packages_first()
    steps.serve(0, (_transformer() if job == "transformer" else _dqn()).train)


def _dqn() -> Any:
    from agents import DQN
    from lab import Experiment

    agent = DQN(hidden_sizes=(120, 84), batch_size=128, update_every=10, updates_per_round=1, epsilon_steps=8_000,
                learning_rate_steps=50_000)  # fmt: skip
    return Experiment(agent, "CartPole-v1", num_envs=10, lane="compiled", progress=False, log_every=100_000)


def _transformer() -> Any:
    import numpy as np
    from gymnasium.spaces import Box

    from agents import DecisionTransformer, Episodes
    from lab import Experiment

    rng, episodes, length = np.random.default_rng(0), 64, 200
    number = episodes * length
    data = Episodes.from_arrays(
        observations=rng.normal(size=(number, 11)).astype(np.float32),
        actions=rng.uniform(-1, 1, size=(number, 3)).astype(np.float32),
        rewards=rng.normal(size=number),
        lengths=np.full(episodes, length),
        terminated=np.ones(episodes, bool),
        truncated=np.zeros(episodes, bool),
        final_observations=np.zeros((episodes, 11), np.float32),
        observation_space=Box(-np.inf, np.inf, (11,), np.float32),
        action_space=Box(-1, 1, (3,), np.float32),
    )
    agent = DecisionTransformer(context_length=20, layers=3, heads=1, width=128, batch_size=64, encoder_sizes=(),
                                max_episode_length=1000)  # fmt: skip
    return Experiment(agent, data, progress=False, log_every=1_000_000)


def measure(job: str, options: Any) -> dict[str, Any]:
    """Return each side's steps a second of processor time, and the ratios to oneDNN off."""
    environment = {**os.environ, **paired.limits(options.threads)}
    if options.isa:
        environment["ONEDNN_MAX_CPU_ISA"] = options.isa
    code = [sys.executable, __file__, "--serve", job]
    sides = {
        name: paired.Side(name, code, {**environment, "TF_ENABLE_ONEDNN_OPTS": value})
        for name, value in (("off", "0"), ("on", "1"))
    }
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for process in sides.values():
        process.read()
    for turn in range(options.pairs + 1):
        for name, process in sides.items():
            spent = process.ask(JOBS[job])
            # The first turn compiles and warms up.
            if turn:
                speeds[name].append(JOBS[job] / spent[0])
    for process in sides.values():
        process.close()
    print(f"{job}, {options.threads} thread(s){f', oneDNN held to {options.isa}' if options.isa else ''}")
    return paired.table(speeds, "off", "steps/s of processor time")


def main() -> None:
    """Measure each job and print tables and one JSON object."""
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
        return
    parser = paired.arguments(__doc__)
    parser.add_argument("--jobs", nargs="+", choices=tuple(JOBS), default=list(JOBS))
    parser.add_argument("--isa", choices=("SSE41", "AVX", "AVX2"), help="the most that oneDNN's own kernels may use")
    options = parser.parse_args()
    result: dict[str, Any] = paired.saved(options.output)
    for job in options.jobs:
        result[f"{job}, {options.threads} thread(s), {options.isa or 'all it has'}"] = measure(job, options)
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
