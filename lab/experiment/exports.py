"""Where an experiment's exports go."""

from __future__ import annotations

import os
from pathlib import Path

from lab.errors import check_whole
from lab.experiment.base import ExperimentBase
from lab.exporting.exported import Exported
from lab.exporting.exporting import export
from lab.exporting.formats import format_named
from lab.files.links import make_folder
from lab.runtime.signals.interruption import stoppable


def export_from(
    experiment: ExperimentBase, path: str | os.PathLike[str] | None, format: str, episodes: int | None
) -> Exported:
    """Export an experiment's learner; see `Experiment.export`."""
    check_whole("episodes", episodes, optional=True)
    kind, directory = format_named(format), experiment.directory
    target = Path(path if path is not None else kind.file_name(experiment.learner.name))
    if path is None and directory is not None:
        experiment.claim()
        make_folder(directory.exports, directory.path)
        target = directory.exports / target
    with stoppable():
        return export(experiment.learner, experiment.task, target, kind, episodes)
