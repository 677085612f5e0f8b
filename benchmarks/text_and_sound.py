"""Spoken vowels of unseen speakers and unseen sentences of a grammar, by a classifier that nothing was told.

For each seed a `Classifier()` is trained in a fresh process on one core, as long as `lab train classifier` would, and
tested once; beside it stand the majority class, logistic regression and gradient boosting on the mean spectrum of
sounds and on words and pairs of words weighted by TF-IDF. Of the sentences it is also measured by how much a
probability changes when there is twice as much room for padding.

    python benchmarks/text_and_sound.py [--seeds 5] [--updates 2000] [--sources vowels grammar] [--output FILE]
"""

from __future__ import annotations

import sys
from typing import Any

import paired

FIRST_SEED = 10
METRICS = ("accuracy", "log_loss", "ece")

SCRIPT = """
import dataclasses, json, time
import numpy as np
import predictors.datasets.{source} as source
from lab import Experiment
from predictors import Classifier
from predictors.architectures import encoder
from predictors.heads import head_for

data = source.load()
experiment = Experiment(Classifier(), data, seed={seed}, progress=False)
began = time.process_time()
experiment.train({updates})
seconds = time.process_time() - began
sides = {{"Classifier()": dict(experiment.evaluate())}}
for name, evaluation in (experiment.task.baselines() if {seed} == {first} else {{}}).items():
    sides[name] = dict(evaluation)
sides = {{name: {{key: found[key] for key in {metrics}}} for name, found in sides.items()}}
result = dict(sides=sides, seconds=seconds, updates={updates})
learner = experiment.learner
field = learner.spec.inputs[0]
if field.kind == "text":
    length = field.shape[0]
    roomy = encoder(dataclasses.replace(field, shape=(2 * length,)), learner.config, learner.heads[0].units, 0)
    roomy.set_weights(learner.network.get_weights())
    ids = field.held(data.test.inputs["input"])
    padded = np.pad(ids, ((0, 0), (0, length)))
    head = head_for(data.spec.targets[0])
    both = [head.probabilities(np.asarray(n(i, training=False))) for n, i in ((learner.network, ids), (roomy, padded))]
    result["padding"] = float(np.abs(both[0] - both[1]).max())
print(json.dumps(result))
"""


def summary(source: str, runs: list[dict[str, Any]]) -> None:
    """Print a table of the runs so far; spreads are over seeds."""
    print(f"{source}, {len(runs)} seed(s), accuracy\n{'':24}{'min':>10}{'median':>10}{'max':>10}{'log loss':>10}")
    for side in runs[0]["sides"]:
        having = [run["sides"][side] for run in runs if side in run["sides"]]
        low, middle, high = paired.spread([found["accuracy"] for found in having])
        loss = paired.spread([found["log_loss"] for found in having])[1]
        print(f"{side:24}{low:10.4f}{middle:10.4f}{high:10.4f}{loss:10.3f}")
    seconds = paired.spread([run["seconds"] for run in runs])
    print(f"seconds of one processor  {', '.join(f'{s:.0f}' for s in seconds)} (min, median, max)")
    padding = [run["padding"] for run in runs if "padding" in run]
    if padding:
        print(f"twice the padding changes a probability by {max(padding):.1e} at most")
    sys.stdout.flush()


def main() -> None:
    """Train, and print a table for each source and one JSON object."""
    parser = paired.arguments(__doc__)
    parser.add_argument("--sources", nargs="+", default=["vowels", "grammar"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--updates", type=int, default=2_000)
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for source in options.sources:
            script = SCRIPT.format(
                source=source, seed=seed, first=options.first_seed, updates=options.updates, metrics=METRICS
            )
            run = {"seed": seed, **paired.run(f"{source}, seed {seed}", sys.executable, script, options.threads)}
            found.setdefault(source, []).append(run)
            summary(source, found[source])
            # As they come, because each takes a minute.
            paired.write({"updates": options.updates, "runs": found}, options.output)


if __name__ == "__main__":
    main()
