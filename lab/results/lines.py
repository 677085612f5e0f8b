"""The closing lines of a command that trained several runs."""

from __future__ import annotations

from collections.abc import Mapping

from lab.results.evaluation import Evaluation
from lab.results.statistics import LEAST_RUNS, over_runs


def line_over_runs(found: Mapping[str, Evaluation]) -> str:
    """Return one setting's line: the IQM over its runs of each one's best checkpoint, and the ends.

    Args:
        found: The evaluation of each run, by what tells the runs apart.
    """
    first = next(iter(found.values()))
    metric, count = first.main, len(found)
    scores = {name: evaluation[metric] for name, evaluation in found.items()}
    low, high = min(scores, key=lambda name: scores[name]), max(scores, key=lambda name: scores[name])
    worst, best = (low, high) if first.higher_is_better(metric) else (high, low)
    of = f"the mean over {len(first.returns)} episodes" if first.returns and metric == "mean" else metric
    ends = f"worst {scores[worst]:.4g} ({worst}), best {scores[best]:.4g} ({best})"
    if count == 1:
        return f"best checkpoint, {of}: {scores[worst]:.4g} (one run; no interval over runs)"
    estimate = over_runs(list(scores.values()))
    shown = f"{estimate.value:.4g}"
    if estimate.low is None:
        shown += f" (no interval over fewer than {LEAST_RUNS} runs)"
    else:
        shown += f" [{estimate.low:.4g}, {estimate.high:.4g}]"
    return f"best checkpoint, IQM over {count} runs of {of}: {shown}; {ends}"
