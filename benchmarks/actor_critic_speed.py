"""Actor-critics against their peers: environment steps per second and the time to build, paired.

A job is one setting on all its sides, CartPole-v1 for PPO and Pendulum-v1 for SAC:

- `ppo compiled`: PureJaxRL's own settings: networks 64-64, 4 environments, rollouts of 512 steps, 4 epochs of 4
  minibatches.
- `ppo host`: stable-baselines3's own settings with 8 environments: networks 64-64, rollouts of 2,048 steps, 10 epochs
  of 32 minibatches.
- `sac`: stable-baselines3's own settings: networks 256-256, batch 256, an update every step, one environment.
- `many`: the time that `Experiment.train_many` takes for eight seeds of the first job, as a multiple of one seed's.

The sides take turns in fresh processes, so that a machine whose speed drifts drifts for all of them; ratios are to a
job's first side, taken pair by pair. Building, compiling and the first steps are left out, and reported apart (without
the cache of compiled programs that a second run finds). `per processor second` divides by the process's own time
instead of the clock's: on a machine that is shared it says more.

    python benchmarks/actor_critic_speed.py [--pairs 5] [--threads 1] [--jobs sac] [--sides "lab, host"]
        [--peer-python PYTHON] [--purejaxrl ppo.py] [--jax-python PYTHON] [--shorter 4] [--output FILE]

Needs `pip install stable-baselines3 sbx-rl` (with torch and jax) in the peer's Python. `--purejaxrl` adds PureJaxRL to
the first job: the path of its `purejaxrl/ppo.py`, run unchanged. It needs gymnax 0.0.8, flax, distrax and six, in a
Python of its own if `--jax-python` names one. `--output` adds to what the file holds of other jobs.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any, NamedTuple

import paired

TIMED = """
import json, os, time
os.environ["LAB_COMPILE_CACHE"] = "off"
def now():
    return time.perf_counter(), time.process_time()
def timed(build, steps):
    '''Time `build()`, which ends with the first steps, and the steps of what it returns.'''
    began = now()
    train = build()
    built = [after - before for before, after in zip(began, now())]
    train(None)
    began = now()
    train(steps)
    wall, own = (after - before for before, after in zip(began, now()))
    print(json.dumps(dict(wall=steps / wall, own=steps / own, built=built[0], built_own=built[1])))
"""

PPO_LAB = """
from agents import PPO
from lab import Experiment
def build():
    agent = PPO(rollout_steps={rollout}, minibatch_size={minibatch}, epochs={epochs}, learning_rate={rate},
                learning_rate_end={rate}, entropy_weight={entropy}, value_clip_range={value_clip})
    experiment = Experiment(agent, "CartPole-v1", num_envs={envs}, seed={seed}, lane="{lane}", progress=False)
    experiment.train({rollout})
    return lambda steps: experiment.train(steps or {rollout})
timed(build, {steps})
"""

PPO_PEER = """
import torch
torch.set_num_threads({threads} or torch.get_num_threads())
from stable_baselines3.common.env_util import make_vec_env
from {package} import PPO
def build():
    clip = {value_clip}
    model = PPO("MlpPolicy", make_vec_env("CartPole-v1", {envs}), n_steps={rollout} // {envs}, batch_size={minibatch},
                n_epochs={epochs}, learning_rate={rate}, ent_coef={entropy}, seed={seed},
                clip_range_vf=clip if clip < 1e9 else None)
    model.learn({rollout})
    return lambda steps: model.learn(steps or {rollout}, reset_num_timesteps=False)
timed(build, {steps})
"""

PUREJAXRL = """
import sys, types
# Its file of wrappers imports what its other files need.
for name in ("brax", "brax.envs", "brax.envs.wrappers", "brax.envs.wrappers.training", "navix"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["brax"].envs = sys.modules["brax.envs"]
training = sys.modules["brax.envs.wrappers.training"]
training.EpisodeWrapper = training.AutoResetWrapper = None
sys.path.insert(0, os.path.dirname({path!r}))
import jax
# The name that gymnax 0.0.8 uses has gone from recent releases of JAX.
jax.tree_map = jax.tree.map
import ppo
config = dict(LR={rate}, NUM_ENVS={envs}, NUM_STEPS={rollout} // {envs}, TOTAL_TIMESTEPS={steps}, ANNEAL_LR=True,
              UPDATE_EPOCHS={epochs}, NUM_MINIBATCHES={rollout} // {minibatch}, GAMMA=0.99, GAE_LAMBDA=0.95,
              CLIP_EPS=0.2, ENT_COEF={entropy}, VF_COEF=0.5, MAX_GRAD_NORM=0.5, ACTIVATION="tanh",
              ENV_NAME="CartPole-v1", DEBUG=False)
key = jax.random.PRNGKey({seed})
def build():
    compiled = jax.jit(ppo.make_train(config)).lower(key).compile()
    return lambda steps: steps and jax.block_until_ready(compiled(key))
timed(build, {steps})
"""

SAC_LAB = """
from agents import SAC
from lab import Experiment
def build():
    agent = SAC(learning_rate=3e-4, replay_capacity=100_000, learning_starts=100)
    experiment = Experiment(agent, "Pendulum-v1", seed={seed}, lane="{lane}", progress=False)
    experiment.train(300)
    return lambda steps: experiment.train(steps or 200)
timed(build, {steps})
"""

SAC_PEER = """
import torch
torch.set_num_threads({threads} or torch.get_num_threads())
from {package} import SAC
def build():
    model = SAC("MlpPolicy", "Pendulum-v1", learning_rate=3e-4, buffer_size=100_000, learning_starts=100, seed={seed})
    model.learn(300)
    return lambda steps: model.learn(steps or 200, reset_num_timesteps=False)
timed(build, {steps})
"""

MANY = """
from agents import PPO
from lab import Experiment
def experiment():
    agent = PPO(rollout_steps={rollout}, minibatch_size={minibatch}, epochs={epochs}, learning_rate={rate},
                learning_rate_end={rate}, entropy_weight={entropy}, value_clip_range={value_clip})
    return Experiment(agent, "CartPole-v1", num_envs={envs}, lane="compiled", progress=False, log_every=100_000,
                      checkpoint_every=10**9)
found, kept = {{}}, []
for number in (1, 8):
    # Compiles it for so many.
    kept += experiment().train_many(range(number), steps=10_240)
    pattern, began = experiment(), now()
    pattern.train_many(range(number), steps={steps})
    found[number] = [after - before for before, after in zip(began, now())]
print(json.dumps(dict(wall=found[8][0] / found[1][0], own=found[8][1] / found[1][1])))
"""


class Side(NamedTuple):
    """How a side is run: its script, the words that fill it in, and the steps that are timed."""

    script: str
    steps: int
    words: dict[str, Any]
    peer: str = ""


PEER = "stable-baselines3"
SB3, SBX = {"package": "stable_baselines3"}, {"package": "sbx"}
HOST, COMPILED = {"lane": "host"}, {"lane": "compiled"}
SETTINGS: dict[str, dict[str, Any]] = {
    "ppo compiled": {
        "envs": 4, "rollout": 512, "minibatch": 128, "epochs": 4,
        "rate": 2.5e-4, "entropy": 0.01, "value_clip": 0.2,
    },
    "ppo host": {
        "envs": 8, "rollout": 2_048, "minibatch": 64, "epochs": 10,
        "rate": 3e-4, "entropy": 0.0, "value_clip": "float('inf')",
    },
    "sac": {},
}  # fmt: skip
# The first side of each job is the one that ratios are to. Steps are whole rollouts.
JOBS: dict[str, dict[str, Side]] = {
    "ppo compiled": {
        PEER: Side(PPO_PEER, 20_480, SB3, PEER),
        "purejaxrl": Side(PUREJAXRL, 1_024_000, {}, "purejaxrl"),
        "lab, compiled": Side(PPO_LAB, 1_024_000, COMPILED),
        "lab, host": Side(PPO_LAB, 61_440, HOST),
    },
    "ppo host": {
        PEER: Side(PPO_PEER, 16_384, SB3, PEER),
        "sbx": Side(PPO_PEER, 16_384, SBX, PEER),
        "lab, host": Side(PPO_LAB, 65_536, HOST),
        "lab, compiled": Side(PPO_LAB, 327_680, COMPILED),
    },
    "sac": {
        PEER: Side(SAC_PEER, 1_000, SB3, PEER),
        "sbx": Side(SAC_PEER, 1_000, SBX, PEER),
        "lab, host": Side(SAC_LAB, 2_000, HOST),
        "lab, compiled": Side(SAC_LAB, 2_000, COMPILED),
    },
}


def main() -> None:
    """Measure the sides of the jobs in turn, and print tables and one JSON object."""
    parser = paired.arguments(__doc__)
    names = list(dict.fromkeys(side for sides in JOBS.values() for side in sides))
    parser.add_argument("--purejaxrl", help="the path of PureJaxRL's ppo.py, to run it as a side")
    parser.add_argument("--jax-python", help="the Python that has what PureJaxRL needs, if not --peer-python")
    parser.add_argument("--jobs", nargs="+", choices=(*JOBS, "many"), default=[*JOBS, "many"])
    parser.add_argument("--sides", nargs="+", choices=names, default=names, help="each job's first one always runs")
    parser.add_argument("--shorter", type=int, default=1, help="divides the steps that are timed")
    options = parser.parse_args()
    result = paired.saved(options.output)
    for job in options.jobs:
        found = many(options) if job == "many" else measured(job, options)
        result[job] = {"threads": options.threads, "pairs": options.pairs, **found}
        paired.write(result, options.output)


def measured(job: str, options: Any) -> dict[str, Any]:
    """Return what the sides of a job came to, turn by turn."""
    pythons = {"": sys.executable, PEER: options.peer_python, "purejaxrl": options.jax_python or options.peer_python}
    first, *others = JOBS[job]
    sides = [first, *(s for s in others if s in options.sides and (s != "purejaxrl" or options.purejaxrl))]
    rows: dict[str, list[Any]] = {name: [] for name in sides}
    for seed in range(options.pairs):
        for name in sides:
            side = JOBS[job][name]
            words = {**SETTINGS[job], **side.words, "threads": options.threads, "path": options.purejaxrl}
            script = TIMED + side.script.format(**words, seed=seed, steps=side.steps // options.shorter)
            rows[name].append(paired.run(f"{job}, {name}", pythons[side.peer], script, options.threads))
    result = {}
    for key, unit in (("wall", "steps/s"), ("own", "per processor second")):
        print(f"\n{job}, {unit}")
        result[key] = paired.table({name: [row[key] for row in found] for name, found in rows.items()}, first, unit)
    for key, unit in (("built", "seconds to build"), ("built_own", "processor seconds to build")):
        result[key] = {name: [row[key] for row in found] for name, found in rows.items()}
        medians = ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in result[key].items())
        print(f"{job}, {unit}: {medians}")
    return result


def many(options: Any) -> dict[str, Any]:
    """Return how many times as long as one seed eight take at once, turn by turn."""
    code = TIMED + MANY.format(**SETTINGS["ppo compiled"], steps=409_600 // options.shorter)
    rows = [paired.run("many", sys.executable, code, options.threads) for _ in range(options.pairs)]
    result = {key: [row[key] for row in rows] for key in ("wall", "own")}
    for key, values in result.items():
        print(f"eight seeds at once, times one seed's time, {key}: min, median, max {paired.spread(values)}")
    return result


if __name__ == "__main__":
    main()
