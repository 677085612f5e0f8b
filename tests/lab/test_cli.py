"""The command, mostly in this process: a new one for each case would spend its time importing TensorFlow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ["hidden_sizes=8", "batch_size=4", "learning_starts=8", "update_every=4", "updates_per_round=2"]
SETTINGS = [part for item in TINY for part in ("--set", item)]


@pytest.fixture
def lab(command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return command


@pytest.mark.thorough
def test_a_generators_run_says_what_it_left_out_and_shows_its_training(lab, tmp_path):
    tiny = ["--set", "hidden_sizes=8", "--video-every", 4, "--set", "evaluate_every=none"]
    status, out, err = lab("train", "autoencoder", "digits", "--steps", 8, "--run", tmp_path / "run", *tiny)
    assert status == 0 and "left out" not in out, err
    status, out, _ = lab("evaluate", tmp_path / "run", "--episodes", 50)
    left_out = [line for line in out.splitlines() if line.startswith("left out ")]
    assert status == 0 and any("received 50 rows" in line and "at least 100" in line for line in left_out)
    assert len(left_out) == len(set(left_out)) and "\nkid " not in out
    status, out, err = lab("render", tmp_path / "run", "-o", "training.gif")
    assert status == 0 and (tmp_path / "training.gif").stat().st_size > 300, err


def test_the_whole_path_of_a_run(lab, tmp_path):
    run = tmp_path / "run"
    status, out, err = lab("train", "dqn", "CartPole-v1", "--steps", 60, "--seed", 3, "--run", run, *SETTINGS)
    assert status == 0, err
    assert (
        f"run      {run}" in out
        and "last     Evaluation(" in out
        and "best     Evaluation(" in out
        and "lane     compiled" in out
    )
    status, out, err = lab("evaluate", run, "--episodes", 3, "--json")
    result = json.loads(out)
    assert status == 0 and err == ""
    assert {"mean", "std", "iqm", "iqm_low", "iqm_high", "episodes", "returns", "lengths"} <= result.keys()
    assert result["episodes"] == len(result["returns"]) == len(result["lengths"]) == 3
    status, out, _ = lab("evaluate", run, "--episodes", 3)
    assert "mean" in out and "iqm_low" in out
    status, out, _ = lab("resume", run)
    assert status == 0 and "has all of its 60 steps" in out
    status, out, _ = lab("resume", run, "--steps", 40)
    assert status == 0 and "trained  100 environment steps" in out
    for name in ("b.gif", "c.png"):
        status, out, _ = lab("render", run, "-o", name)
        assert status == 0 and (tmp_path / name).stat().st_size > 300, "a name on the command line is where one stands"
    status, out, _ = lab("render", run)
    assert Path(out.strip()).parent == run / "videos" and Path(out.strip()).stat().st_size > 300
    status, out, _ = lab("report", run, "-o", tmp_path / "page.html")
    assert status == 0 and (tmp_path / "page.html").stat().st_size > 10_000


def test_a_run_gets_a_directory_of_its_own_below_runs(lab, tmp_path):
    for expected in ("random-lab-GridWorld-v0-seed0", "random-lab-GridWorld-v0-seed0-2"):
        status, _, err = lab("train", "random", "lab/GridWorld-v0", "--steps", 20, "--set", "evaluate_every=none")
        assert status == 0, err
        assert (tmp_path / "runs" / expected / "config.json").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"runs"}


def test_keywords_of_experiment_are_reached_with_set(lab, tmp_path):
    status, _, err = lab("train", "random", "CartPole-v1", "--steps", 30, "--run", "r", "--set", "num_envs=3", "--set",
                         "log_every=15", "--set", "lane=host")  # fmt: skip
    assert status == 0, err
    config = json.loads((tmp_path / "r" / "config.json").read_text())
    assert (config["num_envs"], config["log_every"], config["lane"]) == (3, 15, "host")


@pytest.mark.thorough
def test_several_seeds_and_settings_become_runs_side_by_side(lab, tmp_path):
    arguments = ["train", "dqn", "CartPole-v1", "--steps", 40, "--evaluate-every", 20, "--seeds", 2, *SETTINGS]
    status, out, err = lab(*arguments, "--seed", 7, "--vary", "learning_rate=1e-3,1e-4")
    assert status == 0, err
    parent = tmp_path / "runs" / "dqn-CartPole-v1-seeds7-8"
    names = [f"learning_rate={rate},seed-{seed}" for rate in (0.001, 0.0001) for seed in (7, 8)]
    assert sorted(p.name for p in parent.iterdir()) == sorted([*names, "runs.json"])
    assert all(f"{name:32} last mean" in out for name in names)
    lines = [line for line in out.splitlines() if "IQM over" in line]
    assert [line.split()[0] for line in lines] == ["learning_rate=0.001", "learning_rate=0.0001"], "no two are pooled"
    for line in lines:
        assert "IQM over 2 runs of the mean over 100 episodes: " in line and "no interval over fewer than 3" in line
        assert "worst " in line and "(seed 7)" in line and "(seed 8)" in line
    status, out, err = lab("resume", parent / names[2], "--steps", 10)
    assert status == 0 and "trained  50 environment steps" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "dqnn", "CartPole-v1"], "no learner is called 'dqnn'; did you mean 'dqn'"),
        (["train", "dqn", "CartPol-v1"], "did you mean 'CartPole-v1'"),
        (["train", "autoencoder", "digit"], "did you mean 'digits'"),
        (["train", "dqn", "Pendulum-v1"], "DQN received the action space"),
        (["train", "q_learning", "CartPole-v1"], "QLearning received the observation space"),
        (["train", "dqn", "CartPole-v1", "--steps", "0"], "expected a whole number > 0"),
        (["train", "dqn", "CartPole-v1", "--steps", "many"], "expected a whole number > 0"),
        (["train", "dqn", "CartPole-v1", "--seed", "-3"], "seed received -3"),
        (["train", "dqn", "CartPole-v1", "--set", "learning_rate=-1"], "learning_rate received -1.0; expected"),
        (["train", "dqn", "CartPole-v1", "--set", "lr=1"], "no setting is called 'lr'; here it is learning_rate"),
        (["train", "dqn", "CartPole-v1", "--set", "n_envs=4"], "here it is num_envs"),
        (["train", "dqn", "CartPole-v1", "--vary", "gamma=0.9,0.99"], "here it is discount"),
        (["train", "dqn", "CartPole-v1", "--vary", "num_envs=1,2"], "it is an argument of Experiment"),
        (["train", "vae", "digits", "--set", "epochs=4"], "counted in updates: train(steps), or --steps"),
        (["train", "dqn", "CartPole-v1", "--set", "seed"], "KEY=VALUE"),
        (["train", "dqn", "CartPole-v1", "--vary", "batch_size"], "KEY=VALUE,VALUE"),
        (["train", "dqn", "CartPole-v1", "--vary", "batch_size=8,x"], "batch_size received 'x'"),
        (["train", "dqn", "CartPole-v1", "--seeds", "0"], "expected a whole number > 0"),
        (["train", "dqn", "CartPole-v0", "--set", "lane=compiled"], "the dynamics of CartPoleEnv are Python"),
        (["train", "dqn", "CartPole-v1", "--run", "/proc/none/run"], "run directory /proc/none/run"),
        (["train", "dqn", "CartPole-v1", "--run", "used"], "is not empty"),
        (["train", "dqn", "LunarLander-v3"], "Box2D is not installed"),
        (["evaluate", "used"], "is not a run"),
        (["resume", "nowhere"], "is not a run"),
        (["render", "nowhere"], "is not a run"),
        (["report", "nowhere"], "nowhere"),
        (["fly"], "invalid choice"),
        ([], "required"),
    ],
)  # fmt: skip
def test_a_usage_error_is_one_line_and_status_2(lab, tmp_path, arguments, message):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("mine")
    if "LunarLander-v3" in arguments:
        pytest.importorskip("gymnasium")
        try:
            import Box2D  # noqa: F401

            pytest.skip("Box2D is installed")
        except ImportError:
            pass
    status, out, err = lab(*arguments)
    assert status == 2 and message in err, err
    assert len(err.strip().splitlines()) == 1, err
    assert "Traceback" not in err and out == ""
    assert {p.name for p in tmp_path.iterdir()} == {"used"}, "nothing half-written"


@pytest.mark.thorough
def test_a_damaged_checkpoint_is_one_line_and_status_2(lab, tmp_path):
    run = tmp_path / "run"
    quiet = ["--set", "evaluate_every=none"]
    assert lab("train", "q_learning", "lab/GridWorld-v0", "--steps", 100, "--run", run, *quiet)[0] == 0
    for path in (run / "checkpoints").rglob("state.safetensors"):
        path.write_bytes(path.read_bytes()[:-4])
    for command in ("resume", "evaluate", "render"):
        with pytest.warns(UserWarning, match="skipped a damaged checkpoint"):
            status, _, err = lab(command, run)
        assert status == 2 and "the file was truncated or edited" in err


def test_listing(lab):
    status, out, _ = lab("list", "--json")
    listed = json.loads(out)
    assert status == 0 and set(listed) == {"agents", "generators", "predictors", "environments", "datasets"}
    assert {"dqn", "q_learning", "random"} <= set(listed["agents"]) and "autoencoder" in listed["generators"]
    assert {"CartPole-v1", "lab/GridWorld-v0"} <= set(listed["environments"]) and "digits" in listed["datasets"]
    assert "dqn" in lab("list", "agents")[1].splitlines()


def test_help_lists_a_learners_settings(lab):
    status, out, _ = lab("train", "dqn", "--help")
    assert status == 0 and "learning_rate=" in out and "target_update_every=" in out


def test_the_start_is_quick_and_brings_no_tensorflow():
    code = "import sys, lab; from lab import cli; from lab.command import arguments; arguments.parser(); "
    code += "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'gymnasium', 'matplotlib', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
    done = subprocess.run([sys.executable, "-m", "lab", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "train" in done.stdout


@pytest.mark.thorough
def test_sigterm_and_sigint_write_a_checkpoint_and_give_their_status(tmp_path):
    import signal
    import time

    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        run = tmp_path / number.name
        command = [
            sys.executable,
            "-m",
            "lab",
            "train",
            "q_learning",
            "FrozenLake-v1",
            "--steps",
            "5000000",
            "--run",
            run,
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.time() + 120
        while not (run / "metrics.jsonl").exists():
            assert process.poll() is None and time.time() < deadline, process.communicate()[1]
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == status, err
        assert any(p.name.startswith("step-") for p in (run / "checkpoints").iterdir())
        assert "Traceback" not in err
    assert os.listdir(tmp_path / "SIGTERM")


@pytest.mark.thorough
def test_nothing_but_its_own_lines_reaches_the_terminal(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "SDL_", "PYGAME_"))}
    command = [
        sys.executable,
        "-m",
        "lab",
        "train",
        "random",
        "CartPole-v1",
        "--steps",
        "10",
        "--run",
        tmp_path / "run",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "" and done.stdout.startswith("run ")


@pytest.mark.thorough
def test_a_program_of_the_users_is_as_quiet(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "SDL_", "PYGAME_"))}
    program = "from lab import Experiment; from agents import DQN; Experiment(DQN(), 'CartPole-v1', lane='host')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_command_knows_every_format_of_export():
    from lab.command import arguments
    from lab.exporting import formats

    assert tuple(formats.FORMATS) == arguments.FORMATS
