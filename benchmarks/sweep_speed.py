"""A sweep of DQN on CartPole-v1 against Optuna driving stable-baselines3: wall time of the whole job, paired.

Each side tries the same number of settings, drawn by Optuna's random sampler from the same ranges (step size, discount,
last epsilon; with `--batch-sizes` also the batch), trains each with the same seeds for as many steps, evaluates each
run once at its end over as many episodes, and ends with the best. Network, replay and updates are those of
`benchmarks/dqn_host.py`: MLP 120-84, batch 128, an update every 10 environment steps. The clock runs from the start of
the process to its end, so importing, compiling and, on our side, writing every run with its checkpoints count. The peer
trains in as many processes as there are processors, or as `--peer-processes` says (`1 2` for two sides), one thread
each. The sides take turns; the ratio is taken pair by pair.

    python benchmarks/sweep_speed.py [--pairs 3] [--trials 32] [--seeds 2] [--steps 20000] [--peer-python PYTHON]
        [--peer-processes N ...] [--envs 10] [--batch-sizes 64 128] [--episodes 100] [--output FILE]

Needs `pip install optuna stable-baselines3` (with torch) in the peer's Python, and the extra `tune` in this one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from typing import Any

import paired

OURS = """
import json
from agents import DQN
from lab import Callback, Sweep
agent = DQN(hidden_sizes=(120, 84), batch_size=128, replay_capacity=10_000, learning_starts=1_000, update_every=10,
            updates_per_round=1, target_update_every=500, learning_rate_end=1e-5, double=False, average_decay=0.0)
search = {{"learning_rate": "1e-4:1e-2:log", "discount": "0.9:0.999", "epsilon_end": "0.01:0.2"}}
if {batches}:
    search["batch_size"] = {batches}
sweep = Sweep(agent, "CartPole-v1", search, run_dir={folder!r} + "/sweep", trials={trials}, seeds=range({seeds}),
              seed={seed}, steps={steps}, sampler="random", evaluate_every={steps}, lane="compiled", num_envs={envs})
best = sweep.run(progress=False)
ended = [trial.state for trial in sweep.trials]
print(json.dumps(dict(best=best.value, settings=best.settings, states={{s: ended.count(s) for s in set(ended)}},
                      together=sweep.plan.together)))
"""

PEER_SCRIPT = """
import json, multiprocessing, statistics

def score(job):
    import torch
    torch.set_num_threads(1)
    from stable_baselines3 import DQN
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    params, seed = job
    model = DQN("MlpPolicy", make_vec_env("CartPole-v1", {envs}, seed=seed), policy_kwargs=dict(net_arch=[120, 84]),
                batch_size=params.get("batch_size", 128), buffer_size=10_000, learning_starts=1_000,
                train_freq=max(1, 10 // {envs}), gradient_steps=1, target_update_interval=500,
                learning_rate=lambda left: 1e-5 + left * (params["learning_rate"] - 1e-5), gamma=params["discount"],
                exploration_fraction=0.16, exploration_final_eps=params["epsilon_end"], device="cpu", seed=seed)
    model.learn({steps})
    return evaluate_policy(model, make_vec_env("CartPole-v1", 1, seed=10_000 + seed), n_eval_episodes={episodes})[0]

if __name__ == "__main__":
    import optuna
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed={seed}))
    ranges = dict(learning_rate=optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True),
                  discount=optuna.distributions.FloatDistribution(0.9, 0.999),
                  epsilon_end=optuna.distributions.FloatDistribution(0.01, 0.2))
    if {batches}:
        ranges["batch_size"] = optuna.distributions.CategoricalDistribution({batches})
    # A random sampler looks at no trial, so all may be asked for at once, and no process waits.
    trials = [study.ask(ranges) for _ in range({trials})]
    jobs = [(trial.params, seed) for trial in trials for seed in range({seeds})]
    with multiprocessing.get_context("fork").Pool({processes}) as pool:
        scores = pool.map(score, jobs, chunksize=1)
    for i, trial in enumerate(trials):
        study.tell(trial, statistics.mean(scores[i * {seeds}:(i + 1) * {seeds}]))
    print(json.dumps(dict(best=study.best_value, settings=study.best_params)))
"""

SWEEP = "lab sweep"


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--envs", type=int, default=1, help="environments of a run, on all sides: 1 or 10")
    parser.add_argument(
        "--episodes", type=int, default=100, help="of the peer's evaluations; ours play the default 100"
    )
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[], help="also look for the batch, among these")
    processors = len(os.sched_getaffinity(0))
    parser.add_argument("--peer-processes", type=int, nargs="+", default=[processors], help="a side of the peer each")
    parser.set_defaults(pairs=3, threads=0)
    options = parser.parse_args()
    numbers: dict[str, Any] = {
        name: getattr(options, name) for name in ("trials", "seeds", "steps", "envs", "episodes")
    }
    numbers["batches"] = options.batch_sizes
    peers = {f"peer, {number} at once": number for number in options.peer_processes}
    seconds: dict[str, list[float]] = {side: [] for side in (*peers, SWEEP)}
    found: dict[str, list[Any]] = {side: [] for side in seconds}
    for seed in range(options.pairs):
        for side in seconds:
            python, script = (options.peer_python, PEER_SCRIPT) if side in peers else (sys.executable, OURS)
            with tempfile.TemporaryDirectory() as folder:
                code = script.format(**numbers, seed=seed, folder=folder, processes=peers.get(side, 1))
                began = time.perf_counter()
                found[side].append(paired.run(side, python, code, options.threads))
                seconds[side].append(time.perf_counter() - began)
            print(f"{side:20} {seconds[side][-1]:8.1f} s   best {found[side][-1]['best']:.1f}", flush=True)
    result: dict[str, Any] = {**numbers, "pairs": options.pairs, "threads": options.threads, "seconds": seconds}
    for side in peers:
        times = [theirs / ours for theirs, ours in zip(seconds[side], seconds[SWEEP], strict=True)]
        low, middle, high = paired.spread(times)
        print(f"{options.trials} x {options.seeds} runs of {options.steps:,} steps: {middle:.1f} times as fast as "
              f"{side} ({low:.1f} to {high:.1f})")  # fmt: skip
        result[side] = times
    paired.write({**result, "found": found}, options.output)


if __name__ == "__main__":
    main()
