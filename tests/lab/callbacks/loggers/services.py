"""What the tests of loggers share: loggers that write below a folder, and what services have, read back."""

import json
import os
import signal
import sys
from pathlib import Path

from lab import Callback, Experiment
from lab.callbacks.loggers import LOGGERS
from lab.callbacks.loggers.wandb_offline import records

SERVICES = list(LOGGERS)


def logger(service, folder, every=None):
    """Return a logger that writes below a folder, or where trackio always does."""
    where = {"wandb": {"mode": "offline", "folder": folder}, "mlflow": {"uri": folder}}.get(service, {})
    return LOGGERS[service](every=every, **where)


class Kill(Callback):
    """Kills the process at a row, after those loggers of which it is told have sent what they held back."""

    not_state = ("at", "flushed")

    def __init__(self, at=None, flushed=()):
        super().__init__()
        self.at, self.flushed = at, flushed

    def on_log(self, experiment, row):
        if self.at is not None and row["step"] >= self.at:
            for one in self.flushed:
                one.flush()
            experiment.end_writing()
            os.kill(os.getpid(), signal.SIGKILL)


def train_until_killed(run, services, folder):
    """Train with loggers, a checkpoint at step 80, and be killed at the row of step 100."""
    from agents import QLearning

    given = [logger(service, folder / service) for service in services]
    callbacks = [*given, Kill(100, given)]
    every = {"log_every": 20, "evaluate_every": 20, "checkpoint_every": 40}
    learner = QLearning(epsilon_steps=300)
    Experiment(learner, "lab/GridWorld-v0", seed=5, run_dir=run, callbacks=callbacks, progress=False, **every).train(
        140
    )


# ---------------------------------------------------------------- reading back


def tensorboard(run):
    """Return what TensorBoard shows of a run."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(
        str(run / "tensorboard"), size_guidance={"scalars": 0, "images": 0, "histograms": 0}
    ).Reload()


def wandb_rows(folder, run_id):
    """Return the steps and items of a W&B run's offline parts, in their order."""
    from wandb.proto import wandb_internal_pb2

    found = []
    for path in sorted(folder.glob(f"wandb/offline-run-*-{run_id}/*.wandb")):
        for content in records(path.read_bytes()):
            history = wandb_internal_pb2.Record.FromString(content).history
            items: dict = {}
            for item in history.item:
                *parents, last = [item.key] if item.key else item.nested_key
                inner = items
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[last] = json.loads(item.value_json)
            if items:
                found.append((history.step.num, items))
    return found


def points(service, one, run, folder, name):
    """Return the (step, value) pairs that a service has of a name, in the order in which they came."""
    if service == "tensorboard":
        return [(event.step, event.value) for event in tensorboard(run).Scalars(name)]
    if service == "wandb":
        return [(step, items[name]) for step, items in wandb_rows(folder, one.run_id) if name in items]
    if service == "mlflow":
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
        return sorted((m.step, m.value) for m in client.get_metric_history(one.run_id, name))
    from trackio.sqlite_storage import SQLiteStorage

    return [(v["step"], v["value"]) for v in SQLiteStorage.get_metric_values(one.project, one.run_id, name)]


if __name__ == "__main__":
    train_until_killed(Path(sys.argv[1]), sys.argv[3:], Path(sys.argv[2]))
