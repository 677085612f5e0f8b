"""Exact resume of third-party environments: each is cut at random steps and restored in a fresh process.

For every environment one process takes random actions in a `SameStepVectorEnv`, as the host lane does. At each of the
cuts it writes a checkpoint, takes the pool's next steps and notes what came. A second process reads each checkpoint,
restores a fresh pool and takes the same actions; observations, rewards and ends must be the same bit for bit, or the
run must have said that they will not be. Packages that are not installed are left out and named.

    python benchmarks/resume_packages.py [--cuts 20] [--steps 3000] [--follow 200] [--only WORD] [--output NAME.json]

Needs the packages of the table below, such as `pip install ale-py minigrid highway-env`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
# Package, module that registers, environment, keywords of `make`, how it is wrapped.
TABLE: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    ("gymnasium", "gymnasium", "CartPole-v1", {}, ""),
    ("box2d", "gymnasium", "BipedalWalker-v3", {}, ""),
    ("box2d", "gymnasium", "LunarLander-v3", {}, ""),
    ("box2d", "gymnasium", "CarRacing-v3", {}, ""),
    ("mujoco", "gymnasium", "Hopper-v5", {}, ""),
    ("mujoco", "gymnasium", "Humanoid-v5", {}, ""),
    ("mujoco", "gymnasium", "HalfCheetah-v5", {}, "normalize"),
    ("ale-py", "ale_py", "ALE/Breakout-v5", {}, ""),
    ("ale-py", "ale_py", "ALE/SpaceInvaders-v5", {"obs_type": "ram"}, ""),
    ("minatar", "minatar.gym", "MinAtar/Breakout-v1", {}, ""),
    ("minatar", "minatar.gym", "MinAtar/Seaquest-v1", {}, ""),
    ("minigrid", "minigrid", "MiniGrid-MultiRoom-N6-v0", {}, "image"),
    ("minigrid", "minigrid", "MiniGrid-Dynamic-Obstacles-6x6-v0", {}, "image"),
    ("highway-env", "highway_env", "highway-v0", {}, ""),
    ("highway-env", "highway_env", "intersection-v0", {}, ""),
    ("flappy-bird-gymnasium", "flappy_bird_gymnasium", "FlappyBird-v0", {}, ""),
    ("gym-anytrading", "gym_anytrading", "stocks-v0", {}, ""),
    ("gym-trading-env", "gym_trading_env", "TradingEnv", {}, "prices"),
    ("gym-classics", "gym_classics", "FourRooms-v0", {}, ""),
    ("mo-gymnasium", "mo_gymnasium", "minecart-v0", {}, "linear reward"),
    ("gymnasium-2048", "gymnasium_2048", "gymnasium_2048/TwentyFortyEight-v0", {}, ""),
    ("tetris-gymnasium", "tetris_gymnasium.envs", "tetris_gymnasium/Tetris", {}, "flatten"),
    ("gymnasium-robotics", "gymnasium_robotics", "FetchReach-v4", {}, "flatten"),
    ("panda-gym", "panda_gym", "PandaPush-v3", {}, "flatten"),
    ("gym-pusht", "gym_pusht", "gym_pusht/PushT-v0", {}, ""),
    ("vizdoom", "vizdoom.gymnasium_wrapper", "VizdoomDefendCenter-v1", {}, "screen"),
    ("nle", "nle", "NetHackScore-v0", {}, "blstats"),
    ("gym-simplegrid", "gym_simplegrid", "SimpleGrid-8x8-v0", {}, ""),
    ("gymnasium-search-race", "gymnasium_search_race", "gymnasium_search_race/SearchRaceDiscrete-v3", {}, ""),
    ("popgym", "popgym", "popgym-RepeatPreviousEasy-v0", {}, ""),
    ("popgym", "popgym", "popgym-BattleshipEasy-v0", {}, ""),
    ("PyFlyt", "PyFlyt.gym_envs", "PyFlyt/QuadX-Hover-v4", {}, ""),
    ("boing-gym", "boing_gym", "Boing-v0", {}, ""),
    ("gym-invmgmt", "gym_invmgmt", "GymInvMgmt/Serial-v0", {}, ""),
    ("gym-softrobot", "gym_softrobot", "ContinuumSnake-v0", {}, ""),
    ("gym-electric-motor", "gym_electric_motor", "Cont-CC-PMSM-v0", {}, "flatten"),
    ("metaworld", "metaworld", "Meta-World/MT1", {"env_name": "reach-v3"}, ""),
    ("bluesky-gym", "bluesky_gym", "DescentEnv-v0", {}, "flatten"),
)


def maker(entry: tuple[str, str, str, dict[str, Any], str]) -> Callable[[], Any]:
    """Import what registers an environment and return a function that makes it."""
    import gymnasium
    from gymnasium import wrappers

    package, module, name, keywords, wrapped = entry
    imported = importlib.import_module(module)
    if package in ("gym-classics", "bluesky-gym"):
        getattr(imported, "register_envs", getattr(imported, "register", None))(
            *(["gymnasium"] if package == "gym-classics" else [])
        )
    if module == "minatar.gym":
        imported.register_envs()

    def make() -> Any:
        if wrapped == "prices":
            keywords["df"] = prices()
        env = gymnasium.make(name, disable_env_checker=True, **keywords)
        if wrapped == "flatten":
            return wrappers.FlattenObservation(env)
        if wrapped in ("image", "screen", "blstats"):
            key = wrapped
            return wrappers.TransformObservation(env, lambda o: o[key], env.observation_space[key])
        if wrapped == "linear reward":
            return importlib.import_module("mo_gymnasium.wrappers").LinearReward(env)
        if wrapped == "normalize":
            return wrappers.NormalizeReward(wrappers.NormalizeObservation(env))
        return env

    return make


def prices() -> Any:
    """Return a made-up table of prices for gym-trading-env."""
    import numpy as np
    import pandas

    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 500)))
    columns = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": close * 10}
    table = pandas.DataFrame(columns, index=pandas.date_range("2020-01-01", periods=500, freq="h"))
    table["feature_change"] = table["close"].pct_change().fillna(0)
    return table


class Player:
    """Takes random actions in a pool and remembers what came of each."""

    def __init__(self, make: Callable[[], Any], actions_seed: int) -> None:
        import numpy as np

        from agents.spaces import draw
        from agents.training.vector_env import SameStepVectorEnv
        from lab.seeding import Seeds

        self.pool = SameStepVectorEnv([make()], Seeds(11), make)
        self.rng = np.random.default_rng(actions_seed)
        self.draw = draw

    def step(self) -> str:
        """Take one step and return a hash of its outcome."""
        outcome = self.pool.step(self.draw(self.pool.action_space, 1, self.rng))
        return hashlib.sha256(b"".join(part.tobytes() for part in outcome)).hexdigest()[:16]


def record(entry: Any, folder: Path, cuts: int, steps: int, follow: int, seconds: float) -> dict[str, Any]:
    """Play, write checkpoints at random steps, and note what came after each."""
    import numpy as np

    from lab.runs import checkpoints

    started = time.perf_counter()
    player = Player(maker(entry), 5)
    making = time.perf_counter() - started
    player.pool.start()
    # A slow environment gets fewer steps, so that all can be tried.
    began, probe = time.perf_counter(), 50
    for _ in range(probe):
        player.step()
    speed = probe / (time.perf_counter() - began)
    steps = int(min(steps, max(10 * cuts, seconds * speed)))
    places = sorted(np.random.default_rng(3).choice(np.arange(1, steps), cuts, replace=False).tolist())
    outcomes, notes = [], []
    for step in range(steps + follow):
        if step in places:
            state = {"pool": player.pool.get_state(), "rng": player.rng.bit_generator.state}
            checkpoints.write(folder / f"step-{len(notes):04d}", state)
            notes.append({"step": step, "episode": player.pool.records[0].number})
        outcomes.append(player.step())
    for note in notes:
        note["outcomes"] = outcomes[note["step"] : note["step"] + follow]
    check = player.pool.verification
    return {
        "making": making,
        "steps_per_second": speed,
        "steps": steps,
        "episodes": player.pool.records[0].number,
        "mode": check.mode,
        "reason": check.reason,
        "draws_from_global": player.pool.records[0].guard is not None and player.pool.records[0].guard.used,
        "notes": notes,
    }


def compare(entry: Any, folder: Path, notes: list[dict[str, Any]]) -> list[str]:
    """Restore each checkpoint in a fresh pool and return what became of it."""
    from lab.errors import CheckpointError
    from lab.runs import checkpoints

    make, results = maker(entry), []
    for number, note in enumerate(notes):
        state, _ = checkpoints.read(folder / f"step-{number:04d}")
        player = Player(make, 0)
        player.rng.bit_generator.state = state["rng"]
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                player.pool.set_state(state["pool"])
            said = any("begins its next episode" in str(w.message) for w in caught)
        except CheckpointError as error:
            results.append(f"refused: {error}")
            continue
        if said:
            results.append("said: goes on from the next episode")
        else:
            outcomes = [player.step() for _ in note["outcomes"]]
            results.append("exact" if outcomes == note["outcomes"] else "silently different")
        player.pool.close()
    return results


def verdict(row: dict[str, Any]) -> str:
    """Put an environment's cuts in words."""
    results = row["results"]
    exact = results.count("exact")
    if "silently different" in results:
        return f"SILENTLY DIFFERENT at {results.count('silently different')} of {len(results)} cuts"
    how = {"all episodes": ", playing all episodes since it was made again"}.get(row["mode"], "")
    if exact == len(results):
        return f"exact{how}"
    return f"said not to be exact: {row['reason'] or next(r for r in results if r != 'exact')}"


def child(options: argparse.Namespace) -> None:
    """Do one part of the work for one environment and print it as JSON."""
    sys.path.remove(str(Path(__file__).resolve().parent))
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    entry = TABLE[options.index]
    if options.part == "record":
        done: Any = record(entry, options.folder, options.cuts, options.steps, options.follow, options.seconds)
    else:
        done = compare(entry, options.folder, json.loads((options.folder / "notes.json").read_text()))
    print("\n" + json.dumps(done))


def part(options: argparse.Namespace, index: int, folder: Path, name: str) -> Any:
    """Run one part of the work in a fresh process."""
    command = [
        sys.executable,
        str(Path(__file__).resolve()),
        "--part",
        name,
        "--index",
        str(index),
        "--folder",
        str(folder),
    ]
    for option in ("cuts", "steps", "follow", "seconds"):
        command += [f"--{option}", str(getattr(options, option))]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "SDL_VIDEODRIVER": "dummy", "OMP_NUM_THREADS": "1"}
    # MuJoCo, ViZDoom and others leave files where they run.
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise RuntimeError(lines[-1][:300] if lines else f"status {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def attempt(options: argparse.Namespace, index: int) -> dict[str, Any]:
    """Try one environment of the table."""
    package, _, name, keywords, wrapped = TABLE[index]
    row: dict[str, Any] = {"package": package, "environment": name, "keywords": keywords, "wrapped": wrapped}
    try:
        row["version"] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return {**row, "version": "", "left_out": "not installed"}
    with tempfile.TemporaryDirectory() as folder:
        try:
            row.update(part(options, index, Path(folder), "record"))
            notes = row.pop("notes")
            (Path(folder) / "notes.json").write_text(json.dumps(notes))
            row["results"] = part(options, index, Path(folder), "compare")
        except subprocess.TimeoutExpired as error:
            # Not its own words, which are the whole command with the paths of this machine.
            return {**row, "left_out": f"not done after {error.timeout:g} seconds"}
        except RuntimeError as error:
            return {**row, "left_out": str(error)}
    row["cuts"] = [{k: note[k] for k in ("step", "episode")} for note in notes]
    row["verdict"] = verdict(row)
    return row


def markdown(rows: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """Return the rows as a table."""
    tried = [row for row in rows if "verdict" in row]
    packages = sorted({row["package"] for row in tried})
    lines = [
        "# Third-party environments: exact resume",
        "",
        f"Each environment was cut at {options.cuts} random steps and restored in a fresh process; the next "
        f"{options.follow} steps were compared bit for bit with the uninterrupted ones. "
        f"{len(tried)} environments of {len(packages)} packages. In the probation, the first "
        "2,000 steps and two episodes, all episodes since the environment was made are played again; later the running "
        "one alone, unless a check has found that more is needed.",
        "",
        "| package | version | environment | steps, episodes | played again at the end | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for row in tried:
        name = row["environment"] + (f" ({row['wrapped']})" if row["wrapped"] else "")
        notes = "; draws from the global generators, lent to it" if row.get("draws_from_global") else ""
        lines.append(
            f"| {row['package']} | {row['version']} | {name} | {row['steps']:,}, {row['episodes']:,} | {row['mode']} "
            f"| {row['verdict']}{notes} |"
        )
    lines += ["", "Left out:", ""]
    lines += [
        f"- {row['package']} {row['version']}, {row['environment']}: {row['left_out']}"
        for row in rows
        if "left_out" in row
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Try every environment and write the table as JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3_000, help="steps within which the cuts are drawn")
    parser.add_argument("--follow", type=int, default=200, help="steps compared after each cut")
    parser.add_argument("--seconds", type=float, default=4.0, help="no more steps than an environment takes in this")
    parser.add_argument("--only", default="", help="only rows in whose package or environment this text is")
    parser.add_argument("--output", type=Path, default=RESULTS / "resume_packages.json")
    parser.add_argument("--part", choices=("record", "compare"), help=argparse.SUPPRESS)
    parser.add_argument("--index", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    machine.say()
    if options.part:
        child(options)
        return
    rows = []
    for index, entry in enumerate(TABLE):
        if options.only.lower() in f"{entry[0]} {entry[2]}".lower():
            rows.append(attempt(options, index))
            row = rows[-1]
            print(f"{row['package']:22} {row['version']:9} {row['environment']:44} ", end="")
            print(row.get("verdict") or f"left out: {row['left_out']}", flush=True)
    options.output.write_text(
        json.dumps({"options": {k: getattr(options, k) for k in ("cuts", "steps", "follow")}, "rows": rows}, indent=1)
        + "\n"
    )
    options.output.with_suffix(".md").write_text(markdown(rows, options))


if __name__ == "__main__":
    main()
