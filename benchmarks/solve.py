"""Wall time from process start until CartPole-v1 is solved: DQN's defaults here against stable-baselines3, paired.

Solved is a mean return of at least 475 over 100 evaluation episodes, asked every 5,000 steps on both sides. The time is
all that a user waits for: start, imports, building, compiling, training and evaluating. The peer runs
rl-baselines3-zoo's settings for DQN on CartPole-v1 (MLP 256-256, 128 updates per 256 steps, learning rate 2.3e-3, see
its hyperparams/dqn.yml) for up to 50,000 steps; a run that ends unsolved counts with the time it took. Its evaluations
are slow, so a second table takes their time off its side, and off its side only. Each side's solved weights are judged
once more on 100 fresh episodes.

    python benchmarks/solve.py [--pairs 10] [--threads 2] [--peer-python PYTHON] [--output FILE]
        [--sides "lab, host" "lab, compiled"]
"""

from __future__ import annotations

import sys
import time
from typing import Any

import paired

OURS = """
import json, time
began = {began}
from agents import DQN
from lab import Experiment
from lab.callbacks import StopAtReturn
experiment = Experiment(DQN(), "CartPole-v1", seed={seed}, evaluate_every=5_000, callbacks=[StopAtReturn(475)],
                        lane="{lane}", progress=False)
experiment.train({most})
seconds, processor = time.time() - began, time.process_time()
print(json.dumps(dict(seconds=seconds, processor=processor, evaluating=0.0, steps=experiment.step,
                      solved=bool(experiment.stop_reason), mean=experiment.evaluate(100).mean)))
"""

PEER = """
import json, time
began = {began}
import torch
torch.set_num_threads({threads} or torch.get_num_threads())
import gymnasium
from stable_baselines3 import DQN
from stable_baselines3.common.evaluation import evaluate_policy
model = DQN("MlpPolicy", "CartPole-v1", policy_kwargs=dict(net_arch=[256, 256]), learning_rate=2.3e-3, batch_size=64,
            buffer_size=100_000, learning_starts=1_000, gamma=0.99, target_update_interval=10, train_freq=256,
            gradient_steps=128, exploration_fraction=0.16, exploration_final_eps=0.04, seed={seed})
env = gymnasium.make("CartPole-v1")
evaluating, solved = 0.0, False
from stable_baselines3.common.callbacks import BaseCallback
class Ask(BaseCallback):
    def _on_step(self):
        global evaluating, solved
        if self.n_calls % 5_000 == 0:
            start = time.time()
            solved = evaluate_policy(self.model, env, 100)[0] >= 475
            evaluating += time.time() - start
        return not solved
model.learn({most}, callback=Ask())
seconds, processor = time.time() - began, time.process_time()
print(json.dumps(dict(seconds=seconds, processor=processor, evaluating=evaluating, steps=model.num_timesteps,
                      solved=bool(solved), mean=float(evaluate_policy(model, env, 100)[0]))))
"""

SIDES = {"stable-baselines3": (PEER, ""), "lab, host": (OURS, "host"), "lab, compiled": (OURS, "compiled")}


def main() -> None:
    """Measure all sides in turn and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--first-seed", type=int, default=40)
    parser.set_defaults(pairs=10, threads=2)
    parser.add_argument("--sides", nargs="+", choices=tuple(SIDES), default=list(SIDES), help="ratios are to the first")
    parser.add_argument("--steps", type=int, default=50_000, help="at which a run ends unsolved")
    options = parser.parse_args()
    rows: dict[str, list[dict[str, Any]]] = {side: [] for side in options.sides}
    for seed in range(options.first_seed, options.first_seed + options.pairs):
        for side in options.sides:
            script, lane = SIDES[side]
            python = sys.executable if side.startswith("lab") else options.peer_python
            # The interpreter's own start counts too.
            names = {
                "seed": seed,
                "lane": lane,
                "most": options.steps,
                "threads": options.threads,
                "began": time.time(),
            }
            row = paired.run(f"{side}, seed {seed}", python, script.format(**names), options.threads)
            rows[side].append(row)
            print(
                f"seed {seed} {side:20} {row['seconds']:7.1f} s {row['steps']:7d} steps   "
                f"solved {row['solved']}   fresh mean {row['mean']:.1f}",
                flush=True,
            )
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs, "rows": rows}
    print("all of it")
    first = options.sides[0]
    result["seconds"] = paired.table({s: [r["seconds"] for r in v] for s, v in rows.items()}, first, "s")
    result["processor seconds"] = paired.table({s: [r["processor"] for r in v] for s, v in rows.items()}, first, "s")
    if "stable-baselines3" in rows:
        print("without the peer's evaluations")
        without = {s: [r["seconds"] - r["evaluating"] for r in v] for s, v in rows.items()}
        result["without its evaluations"] = paired.table(without, first, "s")
    for side, found in rows.items():
        steps = paired.spread([row["steps"] for row in found])
        print(f"{side}: solved {sum(r['solved'] for r in found)} of {len(found)}; steps {steps}")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
