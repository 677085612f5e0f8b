"""Decision Transformer: a training step against Hugging Face's, and acting with a cache against computing all anew.

Training: the paper's Gym settings (3 layers, 1 head, width 128, context 20, batch 64, dropout 0.1, AdamW, gradients
clipped) on Hopper's shapes (11 observed numbers, 3 actions). Both sides make whole updates; data lie ready in memory.
Sides take turns in fresh processes, each with its own start and warm-up left out.
Acting: the same network plays with one environment and with ten, whose steps cost nothing, the first 20 steps of
episodes (while the context fills) and long episodes (whose context slides). Sides take turns in one process. "compiled"
keeps its cache in a compiled call, as agents do for many environments; for as few as here they decode in NumPy.
Ratios are taken pair by pair. With one thread the clock is the processor's time, so that others' work does not count.

    python benchmarks/transformer.py [--pairs 5] [--threads 1] [--peer-python PYTHON] [--output FILE]

Needs `pip install torch transformers` in the peer's Python. `--threads 0` lets both sides use every processor.
"""

from __future__ import annotations

import sys
from typing import Any

import paired

DATA = """
import json, os, time
import numpy as np
clock = time.process_time if {threads} == 1 else time.perf_counter
rng = np.random.default_rng({seed})
episodes, length = 64, 200
states = rng.normal(size=(episodes * length, 11)).astype(np.float32)
actions = rng.uniform(-1, 1, size=(episodes * length, 3)).astype(np.float32)
rewards = rng.normal(size=episodes * length)
"""

OURS = """
import tensorflow as tf
if {threads} == 0:
    # An agent would ask for one.
    tf.config.threading.set_intra_op_parallelism_threads(os.cpu_count())
from gymnasium.spaces import Box
from agents import DecisionTransformer, Episodes
from lab import Experiment
data = Episodes.from_arrays(
    observations=states, actions=actions, rewards=rewards, lengths=np.full(episodes, length),
    terminated=np.ones(episodes, bool), truncated=np.zeros(episodes, bool),
    final_observations=np.zeros((episodes, 11), np.float32),
    observation_space=Box(-np.inf, np.inf, (11,), np.float32), action_space=Box(-1, 1, (3,), np.float32))
settings = dict(context_length=20, layers=3, heads=1, width=128, dropout=0.1, batch_size=64, learning_rate=1e-4,
                encoder_sizes=(), gradient_clip=0.25, max_episode_length=1000, return_scale=1000.0,
                average_decay=0.0)
"""

TRAIN = """
experiment = Experiment(DecisionTransformer(**settings), data, progress=False)
experiment.train(10)
began = clock()
experiment.train({updates})
print(json.dumps({updates} / (clock() - began)))
"""

PEER_SCRIPT = """
import torch
torch.set_num_threads({threads} or os.cpu_count())
from transformers import DecisionTransformerConfig, DecisionTransformerModel
model = DecisionTransformerModel(DecisionTransformerConfig(
    state_dim=11, act_dim=3, hidden_size=128, max_ep_len=1000, n_layer=3, n_head=1, n_positions=1024,
    resid_pdrop=0.1, attn_pdrop=0.1, embd_pdrop=0.1, activation_function="relu")).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-4)
to_go = np.cumsum(rewards.reshape(episodes, length)[:, ::-1], axis=1)[:, ::-1].reshape(-1).astype(np.float32) / 1000
def update():
    begins = rng.integers(length - 19, size=64)
    rows = (rng.integers(episodes, size=64) * length + begins)[:, None] + np.arange(20)
    times = torch.from_numpy(begins[:, None] + np.arange(20))
    taken = torch.from_numpy(actions[rows])
    predicted = model(
        states=torch.from_numpy(states[rows]), actions=taken, returns_to_go=torch.from_numpy(to_go[rows])[..., None],
        timesteps=times, attention_mask=torch.ones(64, 20), return_dict=False)[1]
    loss = ((predicted - taken) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
    optimizer.step()
for _ in range(10):
    update()
began = clock()
for _ in range({updates}):
    update()
print(json.dumps({updates} / (clock() - began)))
"""

ACT = """
def player(settings, mirrored):
    agent = Experiment(DecisionTransformer(**settings), data, progress=False).learner
    agent.most_mirrored_rows = mirrored
    return agent
players = {{side: player({{**settings, "cache": cache, "slide_steps": slide}}, mirrored)
           for side, (cache, slide, mirrored) in {sides}.items()}}
def speed(agent, rows, steps, rounds):
    began = clock()
    for _ in range(rounds):
        agent.begin_episodes(np.arange(rows), rows)
        for i in range(steps):
            agent.act_batch(states[i * rows : (i + 1) * rows])
            agent.observe_rewards(np.ones(rows))
        agent.end_episodes()
    return rounds * steps / (clock() - began)
speeds = {{}}
for rows in {rows}:
    for part, (steps, rounds) in {acting}.items():
        for agent in players.values():
            speed(agent, rows, steps, 1)
        turns = [{{side: speed(agent, rows, steps, rounds) for side, agent in players.items()}}
                 for _ in range({pairs})]
        speeds[f"acting, {{rows}} environments, {{part}}"] = {{side: [t[side] for t in turns] for side in players}}
print(json.dumps(speeds))
"""

PEER = "Hugging Face"
# Steps of an episode, and episodes a turn.
ACTING = {"while the context fills": (20, 10), "while it slides": (200, 1)}
# Whether there is a cache, the steps that slide at once, and for how many rows NumPy decodes.
SIDES = {
    "anew": (False, None, 32),
    "cache, slide 1": (True, 1, 32),
    "cache, compiled": (True, None, 0),
    "cache": (True, None, 32),
}


def main() -> None:
    """Measure all sides in turn and print tables and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--only", choices=("training", "acting"))
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "pairs": options.pairs}
    names: dict[str, Any] = {"threads": options.threads, "updates": options.updates}
    if options.only != "acting":
        speeds: dict[str, list[float]] = {PEER: [], "lab": []}
        for seed in range(options.pairs):
            for side, values in speeds.items():
                script = DATA + (PEER_SCRIPT if side == PEER else OURS + TRAIN)
                python = options.peer_python if side == PEER else sys.executable
                speed: Any = paired.run(side, python, script.format(**names, seed=seed), options.threads)
                values.append(speed)
        print("training")
        result["training"] = paired.table(speeds, PEER, "updates/s")
    if options.only != "training":
        script = (DATA + OURS + ACT).format(
            **names, seed=0, sides=SIDES, acting=ACTING, rows=(1, 10), pairs=options.pairs
        )
        for part, measured in paired.run("acting", sys.executable, script, options.threads).items():
            print(part)
            result[part] = paired.table(measured, "anew", "steps/s")
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
