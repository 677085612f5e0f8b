"""A stranger's run executes nothing, is followed nowhere and writes nothing to the terminal but text.

The modules that it ships are harmless stand-ins: whoever imports one finds a file called `executed` where it lies.
"""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from PIL import Image

from agents import BehaviorCloning, Episodes, Random
from lab import Experiment, registry
from lab.errors import UnconfirmedSource, UsageError
from lab.messages.terminal import printable_warnings
from lab.runs.directory import RunDirectory
from lab.runs.opening import sources
from tests import contracts
from tests.agents.episodes.made import three
from tests.generative.tiny import Tiny, images

ROOT = Path(__file__).parents[3]
HOSTILE = "a\x1b[2J\x9b31m\u202eb"
STAND_IN = "from pathlib import Path\nPath(__file__).with_name('executed').touch()\n"
REGISTERS = (
    STAND_IN + "import gymnasium\ngymnasium.register('FromModule-v0', 'gymnasium.envs.classic_control:CartPoleEnv')\n"
)


@pytest.fixture
def lab(command):
    return command


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A run of an agent, of an offline agent and of a generator, and the recording."""
    folder = tmp_path_factory.mktemp("originals")
    Experiment(Random(), "CartPole-v1", run_dir=folder / "agent", progress=False).train(40)
    states = np.zeros((6, 4), np.float32)
    env = gymnasium.make("CartPole-v1")
    recorded = three(observations=states, final_observations=states[:3], actions=[0, 1, 0, 1, 0, 1],
                     observation_space=env.observation_space, action_space=env.action_space,
                     environment="CartPole-v1")  # fmt: skip
    recorded.save(folder / "data.npz")
    offline = BehaviorCloning(hidden_sizes=(4,), batch_size=2)
    Experiment(offline, str(folder / "data.npz"), run_dir=folder / "offline", progress=False).train(2)
    Experiment(Tiny(), images(40, (8, 8, 3)), run_dir=folder / "generator", progress=False).train(2)
    return folder


@pytest.fixture
def strangers(originals, tmp_path, monkeypatch):
    """Return a function that copies a run and names another source in it; Python looks where one stands: in the run."""

    def make(which, source):
        run = tmp_path / "run"
        shutil.copytree(originals / which, run)
        rewrite(run, source=source)
        for name in ("shipped.py", "minari.py", "h5py.py"):
            (run / name).write_text(REGISTERS if name == "shipped.py" else STAND_IN)
        info = run / "shipped-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shipped\nVersion: 1.0\n")
        groups = ("lab.agents", "lab.generators", "lab.environments", "lab.datasets")
        (info / "entry_points.txt").write_text("".join(f"[{group}]\nstranger = shipped:thing\n" for group in groups))
        # Looked up before the run stands where Python looks, as by whoever goes there; and kept, also for later tests.
        registry.names(*groups)
        monkeypatch.chdir(run)
        monkeypatch.syspath_prepend(str(run))
        monkeypatch.setattr(sources, "_given", set())
        return run

    yield make
    sys.modules.pop("shipped", None)
    gymnasium.registry.pop("FromModule-v0", None)


def rewrite(run, **entries):
    path = run / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def unharmed(run):
    assert not (run / "executed").exists() and "shipped" not in sys.modules


MODULES = [
    ("agent", "shipped:FromModule-v0"),
    ("agent", "shipped:CartPole-v1"),
    ("agent", "os:CartPole-v1:x"),
    ("generator", "frames:shipped:FromModule-v0,number=20,size=8"),
    ("generator", "frames:shipped:CartPole-v1"),
    ("offline", "shipped:CartPole-v1"),
]


@pytest.mark.parametrize(("which", "source"), MODULES)
def test_no_command_imports_what_a_run_names(lab, strangers, which, source):
    run = strangers(which, source)
    arguments = [("evaluate", run), ("render", run), ("resume", run, "--steps", 2)]
    arguments += [("record", run, "-o", "x.npz")] if which == "agent" else []
    for command in arguments:
        status, out, err = lab(*command)
        assert status == 2 and out == "" and len(err.splitlines()) == 1 and err.startswith("lab: error: "), err
        assert "shipped" in err or "os:CartPole" in err
    assert lab("report", run)[0] == 0
    for call in (Experiment.open, Experiment.resume, lambda r: Experiment.open(r).evaluate()):
        with pytest.raises(UsageError):
            call(run)
    registry.learner(json.loads((run / "config.json").read_text())["learner"]).load(run)
    unharmed(run)


def test_the_users_word_imports_and_the_run_goes_on(lab, strangers):
    run = strangers("agent", "shipped:FromModule-v0")
    rewrite(run, task={**json.loads((run / "config.json").read_text())["task"]})
    status, out, err = lab("evaluate", run, "--episodes", 2)
    assert status == 2 and "would import the module 'shipped'" in err and "--import shipped" in err
    assert "add `--source shipped:FromModule-v0` to the command" in err and "Experiment.open(run, source=" in err
    unharmed(run)
    status, out, err = lab("evaluate", run, "--episodes", 2, "--import", "shipped")
    assert status == 0 and "mean" in out, err
    assert (run / "executed").exists()
    status, out, err = lab("evaluate", run, "--episodes", 2)
    assert status == 0, "what is loaded is registered"
    with pytest.warns(UserWarning, match="learnt from 'shipped:FromModule-v0'; it is shown on 'CartPole-v1'"):
        assert lab("evaluate", run, "--episodes", 2, "--source", "CartPole-v1")[0] == 0
    status, out, err = lab("resume", run, "--source", "CartPole-v1", "--steps", 10)
    assert status == 0 and "trained  50" in out, err


def test_a_module_in_the_users_own_source_is_imported(lab, strangers):
    run = strangers("agent", "CartPole-v1")
    assert lab("evaluate", run, "--episodes", 2)[0] == 0
    unharmed(run)
    status, _, err = lab("train", "random", "shipped:FromModule-v0", "--steps", 4, "--run", run.parent / "own")
    assert status == 0, err
    assert json.loads((run.parent / "own" / "config.json").read_text())["source"] == "shipped:FromModule-v0"
    with pytest.raises(UsageError, match="the module 'nowhere_at_all' cannot be imported.*Fix: install"):
        Experiment(Random(), "nowhere_at_all:CartPole-v1")
    with pytest.raises(UsageError, match="expected a dotted name"):
        Experiment(Random(), "../x:CartPole-v1")


PATHS = [
    ("generator", "folder:{outside}", "is a folder outside the run"),
    ("generator", "folder:../pictures,size=8", "is a folder outside the run"),
    ("generator", "folder:~/pictures", "is a folder outside the run"),
    ("generator", "shapes,train=999999999", "asks for train=999999999"),
    ("offline", "{outside}/data.npz", "is a file of recorded episodes outside the run"),
    ("offline", "../data.npz", "is a file of recorded episodes outside the run"),
    ("offline", "/dev/zero.npz", "is a file of recorded episodes outside the run"),
]


@pytest.mark.parametrize(("which", "source", "words"), PATHS)
def test_no_path_out_of_a_run_is_followed(strangers, tmp_path, which, source, words):
    run = strangers(which, source.format(outside=tmp_path / "pictures"))
    (tmp_path / "pictures").mkdir()
    for call, verb in ((Experiment.open, "open"), (Experiment.resume, "resume")):
        with pytest.raises(UnconfirmedSource, match=words) as raised:
            call(run)
        assert "add `--source " in str(raised.value) and f"Experiment.{verb}(run, source=" in str(raised.value)


def test_the_users_word_opens_a_path_and_so_does_a_folder_for_data(lab, originals, strangers, tmp_path, monkeypatch):
    outside = originals / "data.npz"
    run = strangers("offline", str(outside))
    assert lab("evaluate", run)[0] == 2
    assert lab("evaluate", run, "--source", outside, "--episodes", 2)[0] == 0
    monkeypatch.setattr(sources, "_given", set())
    monkeypatch.setenv("LAB_DATA", os.pathsep.join([str(tmp_path / "elsewhere"), str(originals)]))
    status, out, err = lab("resume", run, "--steps", 2)
    assert status == 0 and "trained  4 updates" in out, err
    monkeypatch.delenv("LAB_DATA")
    monkeypatch.setattr(sources, "_given", set())
    shutil.copy(outside, run / "own.npz")
    rewrite(run, source=str(run / "own.npz"))
    assert lab("evaluate", run, "--episodes", 2)[0] == 0, "what lies within the run is the run's"
    (run / "link.npz").symlink_to(outside)
    rewrite(run, source=str(run / "link.npz"))
    monkeypatch.setattr(sources, "_given", set())
    assert lab("evaluate", run)[0] == 2, "a link out of it is not"


def test_a_folder_in_a_run_whose_pictures_are_links_is_not_followed(strangers, tmp_path):
    from PIL import Image

    run = strangers("generator", "folder:pictures")
    (run / "pictures").mkdir()
    for i, picture in enumerate(images(12, (8, 8, 3))):
        Image.fromarray(picture).save(run / "pictures" / f"{i}.png")
    shutil.copy(run / "pictures" / "0.png", tmp_path / "private.png")
    assert len(Experiment.open(run).evaluate(12)) > 0
    monkey = set(sources._given)
    sources._given.clear()
    (run / "pictures" / "12.png").symlink_to(tmp_path / "private.png")
    with pytest.raises(UnconfirmedSource, match="has the link '12.png' that leads out of the run"):
        Experiment.open(run)
    sources._given.update(monkey)


def test_a_source_of_this_process_needs_no_second_word(originals, tmp_path):
    run = tmp_path / "run"
    data = str(originals / "data.npz")
    Experiment(BehaviorCloning(hidden_sizes=(4,), batch_size=2), data, run_dir=run, progress=False).train(2)
    assert Experiment.open(run).step == 2
    again = Experiment.resume(run, progress=False)
    again.train(1)
    assert again.source == data


def test_the_environment_on_a_card_is_looked_up_and_never_imported(lab, originals, strangers):
    run = strangers("offline", str(originals / "data.npz"))
    loaded = Episodes.load(originals / "data.npz")
    e = Episodes.from_arrays(
        **{k: v for k, v in loaded.columns._asdict().items() if k != "returns"},
        observation_space=loaded.observation_space, action_space=loaded.action_space,
        environment="shipped:CartPole-v1",
    )  # fmt: skip
    e.save(run / "card.npz")
    status, _, err = lab("train", "behavior_cloning", run / "card.npz", "--steps", 2, "--run", run.parent / "own")
    assert (
        status == 2 and "the episodes name the environment 'shipped:CartPole-v1'" in err and "--import shipped" in err
    )
    with pytest.raises(UnconfirmedSource, match="with_environment"):
        Experiment(BehaviorCloning(), Episodes.load(run / "card.npz"))
    unharmed(run)


def test_a_students_file_is_not_followed_to_another_run(originals, tmp_path):
    from generative import ConsistencyDistillation

    settings = ConsistencyDistillation.Settings().to_dict()
    made = ConsistencyDistillation.from_settings({**settings, "teacher": str(originals / "generator")})
    assert made.config.teacher == str(originals / "generator") and not made.follows
    lacking = {name: value for name, value in settings.items() if name != "depth"}
    # Once the teacher's config.json was read for what is lacking.
    ConsistencyDistillation.from_settings({**lacking, "teacher": str(tmp_path / "nowhere")})


def kept(experiment):
    """Write a run's files; what its learner has learnt does not matter."""
    experiment.claim()
    experiment.save_checkpoint()


@pytest.mark.parametrize("label", ["classifier", "consistency_distillation"])
def test_a_copy_of_what_a_file_describes_follows_no_path_of_it_either(label, tmp_path, monkeypatch):
    """A copy is built anew, and the teacher's path that the file names would then have been opened."""
    import copy
    import pickle

    case = next(case for case in contracts.cases() if case.label == label)
    kind, settings = case.kind(), case.settings() if callable(case.settings) else dict(case.settings)
    if label == "classifier":
        kept(case.experiment(tmp_path / "teacher"))
        settings = {**settings, "teacher": str(tmp_path / "teacher")}
    kept(Experiment(kind(**settings), case.given_source(), run_dir=tmp_path / "student", progress=False))
    loaded = kind.load(tmp_path / "student")
    monkeypatch.setattr(RunDirectory, "read_config", lambda run: pytest.fail(f"{run.path} was opened"))
    for copied in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded)), copy.copy(loaded)):
        assert not copied.follows
        assert copied.config == loaded.config


@pytest.mark.parametrize("how", ["-m", "script"])
def test_standing_in_a_strangers_run_python_finds_nothing_of_it(strangers, how):
    run = strangers("agent", "CartPole-v1")
    for name in ("numpy.py", "gymnasium.py", "tensorflow.py"):
        (run / name).write_text(STAND_IN)
    main = ["-m", "lab"] if how == "-m" else ["-c", "import sys; sys.path.remove(''); from lab.cli import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, *main, "list", "environments"], cwd=run, env=environment,
                           capture_output=True, text=True)  # fmt: skip
    assert found.returncode == 0 and "CartPole-v1" in found.stdout, found.stderr
    unharmed(run)


def test_packages_where_the_user_stands_declare_nothing(strangers):
    run = strangers("agent", "CartPole-v1")
    code = "import sys; sys.path.append(sys.path.pop(0)); from lab import registry; registry.load_environments(); " \
           "print(registry.names('lab.agents'))"  # fmt: skip
    found = subprocess.run([sys.executable, "-c", code], cwd=run, env={**os.environ, "PYTHONPATH": str(ROOT)},
                           capture_output=True, text=True)  # fmt: skip
    assert found.returncode == 0 and "stranger" not in found.stdout and "dqn" in found.stdout, found.stderr
    unharmed(run)


# ------------------------------------------------------------------------ the terminal


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", lambda run: json.dumps({**json.loads((run / "config.json").read_text()), "learner": HOSTILE})),
        ("config.json", lambda run: json.dumps({**json.loads((run / "config.json").read_text()), "source": HOSTILE})),
        ("config.json", lambda run: json.dumps({HOSTILE: 1})),
        ("config.json", lambda run: HOSTILE),
        ("metrics.jsonl", lambda run: f'{{"step": 1, "{HOSTILE}": 1}}\n{HOSTILE}\n{{"step": "{HOSTILE}"}}\n'),
        ("evaluations.jsonl", lambda run: json.dumps({"step": 1, HOSTILE: 2, "purpose": HOSTILE}) + "\n"),
    ],
)
def test_no_text_of_a_run_reaches_the_terminal_as_more_than_text(lab, strangers, name, content):
    run = strangers("agent", "CartPole-v1")
    (run / name).write_text(content(run))
    for command in (
        ["evaluate", run, "--episodes", 2],
        ["render", run, "-o", "x.gif"],
        ["resume", run],
        ["report", run],
    ):
        try:
            _, out, err = lab(*command)
        except ValueError:
            # Rows that are no rows are another reader's affair; no text is printed here.
            continue
        assert all(line.isprintable() for line in (out + err).splitlines()), (command, out, err)


def test_sums_of_a_manifest_and_warnings_are_text(lab, strangers):
    run = strangers("agent", "CartPole-v1")
    for manifest in run.glob("checkpoints/*/manifest.json"):
        said = json.loads(manifest.read_text())
        said["files"]["state.json"]["sha256"] = HOSTILE
        manifest.write_text(json.dumps(said))
    with pytest.warns(UserWarning, match="skipped a damaged checkpoint") as warned:
        status, _, err = lab("evaluate", run)
    assert status == 2 and r"\x1b[2J" in err and all(line.isprintable() for line in err.splitlines()), err
    assert all(str(warning.message).isprintable() for warning in warned)


def test_a_warning_of_the_command_is_one_line_of_text():
    before = warnings.formatwarning
    with printable_warnings():
        line = warnings.formatwarning(f"\x1b[33mWARN: {HOSTILE}\n\tx\x1b[0m", UserWarning, "file.py", 3)
    assert line == r"lab: warning: WARN: a\x1b[2J\x9b31m\u202eb x" + "\n"
    assert warnings.formatwarning is before


def test_the_policy_of_a_card_is_printed_as_text(lab, originals, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = Episodes.load(originals / "data.npz")
    columns = {k: v for k, v in loaded.columns._asdict().items() if k != "returns"}
    spaces = {"observation_space": loaded.observation_space, "action_space": loaded.action_space}
    Episodes.from_arrays(**columns, **spaces, environment="CartPole-v1", policy=HOSTILE).save("a.npz")
    status, out, err = lab("record", "random", "CartPole-v1", "-o", "a.npz", "--append", "--episodes", 2)
    assert status == 0 and all(line.isprintable() for line in (out + err).splitlines()), out


def test_the_command_prints_through_one_place():
    import ast

    command = (ROOT / "lab" / "command").rglob("*.py")
    for path in (ROOT / "lab/cli.py", ROOT / "lab/command/demo.py", ROOT / "agents/episodes/command.py", *command):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                assert not node.args, f"{path}, line {node.lineno}: print(...); use lab.messages.terminal.say"


@pytest.mark.thorough
def test_the_commands_that_training_says_come_next_work_in_a_new_process(lab, pictures_run, monkeypatch):
    out, run = pictures_run
    command = next(line for line in out.splitlines() if line.startswith("next ")).split()
    source = command[command.index("--source") + 1]
    monkeypatch.setattr(sources, "_given", set())
    status, _, err = lab("render", run)
    assert status == 2 and f"add `--source {source}` to the command" in err
    status, out, err = lab("render", run, "--source", source)
    assert status == 0 and out.strip().endswith(".png"), err


@pytest.fixture
def pictures_run(lab, tmp_path):
    """Return what training on a folder of pictures printed, and its run."""
    (tmp_path / "pictures").mkdir()
    for i in range(20):
        pixels = np.random.default_rng(i).integers(0, 255, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{i}.png")
    status, out, err = lab(
        "train", "autoencoder", f"folder:{tmp_path}/pictures", "--steps", 2, "--run", tmp_path / "run"
    )
    assert status == 0, err
    return out, tmp_path / "run"
