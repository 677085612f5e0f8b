"""Raw environment steps per second: compiled dynamics against Gymnasium's SyncVectorEnv, paired.

No agent: random actions, episodes reset as they end. `compiled` steps inside one XLA program, as training does;
`vector` is the same dynamics as a `gymnasium.vector.VectorEnv`, a call a step; `gymnasium` is Gymnasium's own
environment in its SyncVectorEnv (SAME_STEP). Environments that Gymnasium lacks have no ratio. The sides take turns in
fresh processes; building and compiling are left out.

    python benchmarks/environments.py [--pairs 3] [--threads 1] [--num-envs 1024] [--output FILE]
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import paired

COMPILED = """
import json, time
import gymnasium, tensorflow as tf
import envs.registration
from envs import random
envs.registration.register()
env = gymnasium.make("{twin}").unwrapped.tensor_env.limited()
box = env.action_space.shape

@tf.function(jit_compile=True)
def play(carry, key, steps):
    def one(i, carry, total):
        draws = random.uniform(random.fold_in(key, i), ({number}, *box))
        if box:
            action = tf.constant(env.action_space.low) + draws * (env.action_space.high - env.action_space.low)
        else:
            action = tf.cast(draws * float(env.action_space.n), tf.int32)
        carry, step = env.advance(carry, action)
        return i + 1, carry, total + tf.reduce_sum(step.reward)
    start = (tf.constant(0), carry, tf.constant(0.0))
    return tf.while_loop(lambda i, *_: i < steps, one, start)[1:]

carry, key = env.begin(random.key_from_seed(0, {number})), random.key_from_seed(1)
carry, total = play(carry, key, tf.constant(2))
total.numpy()
calls = max(50, {steps} // {number})
began = time.perf_counter()
carry, total = play(carry, key, tf.constant(calls))
total.numpy()
print(json.dumps(calls * {number} / (time.perf_counter() - began)))
"""

VECTOR = """
import json, time
import gymnasium
from gymnasium.vector import AutoresetMode
import envs.registration
envs.registration.register()
vector = {make}
vector.reset(seed=0)
actions = [vector.action_space.sample() for _ in range(16)]
for action in actions[:3]:
    vector.step(action)
calls = max(20, {steps} // {number})
began = time.perf_counter()
for i in range(calls):
    vector.step(actions[i % 16])
print(json.dumps(calls * {number} / (time.perf_counter() - began)))
"""

GYMNASIUM = (
    "gymnasium.make_vec('{original}', {number}, vectorization_mode='sync', "
    "vector_kwargs=dict(autoreset_mode=AutoresetMode.SAME_STEP))"
)
ADAPTER = (
    "__import__('envs.adapters').adapters.TensorVectorEnv(gymnasium.make('{twin}').unwrapped.tensor_env, {number})"
)
TWINS = {
    "lab/CartPole-v1": "CartPole-v1",
    "lab/MountainCar-v0": "MountainCar-v0",
    "lab/MountainCarContinuous-v0": "MountainCarContinuous-v0",
    "lab/Acrobot-v1": "Acrobot-v1",
    "lab/Pendulum-v1": "Pendulum-v1",
    "lab/FrozenLake-v0": "FrozenLake-v1",
    "lab/CliffWalk-v0": "CliffWalking-v1",
    "lab/GridWorld-v0": None,
    "lab/Maze-v0": None,
    "lab/Catch-v0": None,
    "lab/Snake-v0": None,
    "lab/Breakout-v0": None,
    "lab/Asterix-v0": None,
    "lab/KeyDoor-v0": None,
    "lab/PointMass-v0": None,
    "lab/LunarLander-v0": None,
    "lab/LunarLanderContinuous-v0": None,
    "lab/Hopper-v0": None,
    "lab/Walker-v0": None,
}


def sides(twin: str, original: str | None, number: int) -> dict[str, str]:
    """Return each side's script; `steps` is still to be filled in."""
    names = {"twin": twin, "original": original, "number": number, "steps": "{steps}"}
    found = {"compiled": COMPILED.format(**names)}
    found["vector"] = VECTOR.format(**names, make=ADAPTER.format(**names))
    if original:
        found["gymnasium"] = VECTOR.format(**names, make=GYMNASIUM.format(**names))
    return found


# About a second each.
STEPS = {"compiled": 4_000_000, "vector": 400_000, "gymnasium": 60_000}


def main() -> None:
    """Measure all environments and sides and print a table and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--num-envs", type=int, default=1024)
    parser.add_argument("--environments", default=",".join(TWINS), help="ids with commas between")
    options = parser.parse_args()
    result: dict[str, Any] = {"threads": options.threads, "num_envs": options.num_envs, "pairs": options.pairs}
    print(f"{options.num_envs} environments, {options.threads or 'no limit of'} thread(s), median of {options.pairs}")
    print(f"{'':20}{'compiled':>14}{'vector':>14}{'gymnasium':>14}   compiled / gymnasium: min, median, max")
    for twin in options.environments.split(","):
        measured: dict[str, list[float]] = {}
        for _ in range(options.pairs):
            for side, code in sides(twin, TWINS[twin], options.num_envs).items():
                code = code.replace("{steps}", str(STEPS[side]))
                speed: Any = paired.run(f"{twin}, {side}", sys.executable, code, options.threads)
                measured.setdefault(side, []).append(speed)
        row = "".join(f"{statistics.median(v):14,.0f}" for v in measured.values())
        result[twin] = {side: {"values": values} for side, values in measured.items()}
        if "gymnasium" in measured:
            pairs = zip(measured["compiled"], measured["gymnasium"], strict=True)
            ratios = [ours / theirs for ours, theirs in pairs]
            result[twin]["ratios"] = ratios
            row += "   " + ", ".join(f"{r:.1f}" for r in paired.spread(ratios))
        print(f"{twin:20}{row}", flush=True)
    paired.write(result, options.output)


if __name__ == "__main__":
    main()
