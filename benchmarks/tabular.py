"""What each tabular rule learns, beside the exact optimum: seeds, interquartile means with intervals, worst seeds.

Each run trains one rule in one environment in the host lane, with the settings of `SHARED` and nothing tuned for a rule
or an environment. Its score is exact: the greedy policy of the table, ties shared, is followed through the
environment's own model for as many steps as an episode has at most (200 where it has no limit), so no luck of episodes
is in it. Beside it stand the best stationary policy (value iteration) and uniform play, scored alike. `on the way` is
the mean return of the episodes of the last half of training, exploration included.

    python benchmarks/tabular.py [--rules sarsa,q_lambda] [--environments Taxi-v4] [--seeds 5] [--output FILE]

Reported are seeds 0 to 4. Seed 100 was looked at before: with epsilon falling from 1, SARSA learnt in the grid world
that it is best to jump into a pit at once, which its exploring policy was right about. So epsilon is 0.1 throughout.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np

from agents import SARSA, DoubleQLearning, DynaQ, ExpectedSARSA, NStepSARSA, QLambda, QLearning
from agents.tabular import Model, value_iteration
from agents.tabular.parts.arithmetic import ties
from agents.tabular.planning.iteration import backup
from lab import Experiment
from lab.results.statistics import over_runs

SHARED = {"learning_rate": 0.5, "learning_rate_end": 0.02, "epsilon_start": 0.1, "epsilon_end": 0.1}
RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "q_learning, replay of 4": (QLearning, {}),
    "q_learning": (QLearning, {"replay_updates": 0}),
    "double_q_learning": (DoubleQLearning, {}),
    "sarsa": (SARSA, {}),
    "expected_sarsa": (ExpectedSARSA, {}),
    "n_step_sarsa, 4 steps": (NStepSARSA, {}),
    "n_step_sarsa, greedy tree of 4": (NStepSARSA, {"backup": "tree", "target_policy": "greedy"}),
    "q_lambda": (QLambda, {}),
    "dyna_q, prioritised": (DynaQ, {}),
    "dyna_q, uniform": (DynaQ, {"sweeping": "uniform"}),
    "q_learning, ucb": (QLearning, {"replay_updates": 0, "exploration": "ucb"}),
    "q_learning, softmax": (QLearning, {"replay_updates": 0, "exploration": "softmax"}),
}
# Steps of training, steps of an episode, discount.
ENVIRONMENTS = {
    "lab/GridWorld-v0": (10_000, 100, 0.99),
    "CliffWalking-v1": (10_000, 200, 0.99),
    "FrozenLake-v1": (20_000, 100, 0.99),
    "Taxi-v4": (40_000, 200, 0.99),
    "Blackjack-v1": (20_000, 20, 1.0),
}


def blackjack() -> Model:
    """Return the model of Gymnasium's Blackjack-v1 as its documentation and source have it: cards are put back.

    States are numbered as an agent numbers the observation (player's sum, dealer's card, usable ace).
    """
    chances = {card: (4 if card == 10 else 1) / 13 for card in range(1, 11)}

    def after(total: int, ace: int, card: int) -> tuple[int, int]:
        raw = total - 10 * ace + card
        usable = int((ace or card == 1) and raw + 10 <= 21)
        return raw + 10 * usable, usable

    def stopped(total: int, ace: int) -> dict[int, float]:
        if total >= 17:
            return {0 if total > 21 else total: 1.0}
        found: dict[int, float] = {}
        for card, chance in chances.items():
            for end, share in stopped(*after(total, ace, card)).items():
                found[end] = found.get(end, 0.0) + chance * share
        return found

    def number(total: int, card: int, ace: int) -> int:
        return (total * 11 + card) * 2 + ace

    outcomes: dict[int, Any] = {s: {a: [(1.0, s, 0.0, True)] for a in (0, 1)} for s in range(32 * 11 * 2)}
    starts = np.zeros(len(outcomes))
    for card in chances:
        begun = after(0, 0, card)
        ends = stopped(*begun)
        for total in range(2, 22):
            for ace in (0, 1):
                place = number(total, card, ace)
                rewards = [(share, place, float(np.sign(total - end)), True) for end, share in ends.items()]
                hits = []
                for drawn, chance in chances.items():
                    new, usable = after(total, ace, drawn)
                    hits.append(
                        (chance, place, -1.0, True) if new > 21 else (chance, number(new, card, usable), 0.0, False)
                    )
                outcomes[place] = {0: rewards, 1: hits}
        for first, chance in chances.items():
            for second, other in chances.items():
                total, ace = after(*after(0, 0, first), second)
                starts[number(total, card, ace)] += chances[card] * chance * other
    return Model.from_lists(outcomes, starts)


def score(model: Model, policy: Any, steps: int) -> float:
    """Return the mean return of a policy, float64 (states, actions), over so many steps, from the model's starts."""
    values = np.zeros(len(policy))
    for _ in range(steps):
        values = (policy * backup(model, values, 1.0)).sum(axis=1)
    return float(values @ model.starts)


def train(rule: str, name: str, seed: int, model: Model) -> dict[str, Any]:
    """Train one rule in one environment; return its score and how it did on the way."""
    kind, own = RULES[rule]
    steps, longest, discount = ENVIRONMENTS[name]
    settings = {**SHARED, "discount": discount, **own}
    unread = kind(**own).unread_settings()
    agent = kind(**{key: value for key, value in settings.items() if key in own or key not in unread})
    began = time.perf_counter()
    experiment = Experiment(agent, name, seed=seed, lane="host", log_every=steps // 20, progress=False)
    history = experiment.train(steps)
    seconds = time.perf_counter() - began
    # Rows are means over their episodes; a row in which none ended has none.
    late = [row["return"] for row in history.rows[len(history.rows) // 2 :] if "return" in row]
    return {
        "seed": seed,
        "score": score(model, ties(agent.q_table), longest),
        "on_the_way": float(np.mean(late)) if late else None,
        "seconds": seconds,
    }


def main() -> None:
    """Train all rules in all environments, print a table of Markdown, and write the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", default=";".join(RULES), help="separated by semicolons")
    parser.add_argument("--environments", default=",".join(ENVIRONMENTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="also write the JSON object here, and go on where it ended")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine.say(), "shared": SHARED, "environments": {}}
    if options.output and options.output.exists():
        found["environments"] = json.loads(options.output.read_text())["environments"]
    for name in options.environments.split(","):
        steps, longest, discount = ENVIRONMENTS[name]
        model = blackjack() if name == "Blackjack-v1" else Model.of(name)
        plan = value_iteration(model, discount)
        uniform = np.full(plan.action_values.shape, 1.0 / plan.action_values.shape[1])
        best, least = score(model, ties(np.round(plan.action_values, 9)), longest), score(model, uniform, longest)
        entry = found["environments"].setdefault(name, {"steps": steps, "best": best, "uniform": least, "rules": {}})
        print(f"\n{name}: {steps:,} steps; best {best:.3f}, uniform {least:.3f}\n", flush=True)
        print(
            "| rule | IQM of the greedy policy [95 %] | worst seed | on the way, IQM | seconds |\n|---|---|---|---|---|"
        )
        for rule in options.rules.split(";"):
            rows = entry["rules"].setdefault(rule, {"rows": []})["rows"]
            done = {row["seed"] for row in rows}
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                if seed not in done:
                    rows.append(train(rule, name, seed, model))
            scores = over_runs([row["score"] for row in rows])
            entry["rules"][rule]["over_runs"] = dataclasses.asdict(scores)
            ways = [row["on_the_way"] for row in rows if row["on_the_way"] is not None]
            way = f"{over_runs(ways).value:.2f}" if ways else "-"
            worst, seconds = min(row["score"] for row in rows), np.median([row["seconds"] for row in rows])
            print(f"| {rule} | {scores} | {worst:.3f} | {way} | {seconds:.1f} |", flush=True)
            if options.output:
                options.output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
