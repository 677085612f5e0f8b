"""How offline learners are set in `offline.py`, where not by their defaults, and how each choice was made."""

from __future__ import annotations

# Updates, and settings that differ from the defaults, by task and learner.
# Weights are the latest in tasks whose results are of before averages were the default.
MIXED = {"stochastic": "true", "temperature": "0.5", "average_decay": "0"}
# Where small differences of returns matter, some of them rare: without waves of the return all falls into the pit of
# GridWorld were alike.
FINE = {**MIXED, "return_octaves": "6", "sampling": "return", "batch_size": "128", "learning_rate": "0.003"}
SWING = {
    "sampling": "episode",
    "stochastic": "true",
    "temperature": "0.5",
    "return_octaves": "4",
    "encoder_sizes": "256,256",
    "batch_size": "128",
    "learning_rate": "0.003",
}
WIDE_SWING = (8_000, {**SWING, "sampling": "return", "temperature": "0.75"})
# Small networks, so that five seeds of all learners take minutes. Chosen on recording 1901 and seeds 11 and 12, by the
# mean return after 20,000 updates; of two seeds: TD3BC with alpha 2.5 -669, 10 -281 and 40 -153, IQL with a temperature
# of 3 and an expectile of 0.8 -173 and with 1 and 0.9 -157, AWAC with 3 -195 and with 1 -167.
SWINGING = {"hidden_sizes": "64,64", "batch_size": "128", "learning_rate": "0.001"}
CHOSEN: dict[str, dict[str, tuple[int, dict[str, str]]]] = {
    "gridworld": {"decision_transformer": (2_000, FINE)},
    # By length most steps were of episodes that never swing up. Averaged weights, a wider encoder and twice the updates
    # come nearer to the best players; waves of the return and a higher temperature obtain lesser returns as well.
    # Chosen on recordings 1901 to 1905, after others gave 0.92 of the range, and is reported on others again.
    "acrobot": {"decision_transformer": (4_000, SWING)},
    # A lower temperature makes lesser players out to be those that never swing up, and with each episode as often as
    # any other they hide the few that obtain what lies between. Chosen on recordings 1901 and 1903, where they obtained
    # as much of the range as those of "acrobot"; on those reported they obtain less.
    "acrobot_wide": {"decision_transformer": WIDE_SWING},
    "acrobot_rest": {"decision_transformer": WIDE_SWING},
    # The best players push as hard as can be, which tanh came only near to: of what was tried with it on recording
    # 1901, where their mean is -37.8, most gave -39 to -41 and the best -38.0. Chosen on recordings 1901 to 1903. With
    # sampling by length and no octaves, recordings 2031 to 2035 gave -37.5, three of five below their best tenth: this
    # was chosen after that. With the latest weights recordings 2071 to 2075 gave -38.0: from one 250 updates to the
    # next what they obtain jumps. Averaged ones hardly do.
    "pointmass": {
        "decision_transformer": (
            2_500,
            {
                "bound": "clip",
                "sampling": "episode",
                "return_octaves": "2",
                "batch_size": "128",
                "learning_rate": "0.003",
            },
        ),
    },
    "pendulum": {
        "behavior_cloning": (20_000, SWINGING),
        "percent_bc": (20_000, SWINGING),
        "iql": (20_000, {**SWINGING, "temperature": "1", "expectile": "0.9"}),
        "awac": (20_000, {**SWINGING, "temperature": "1"}),
        "td3bc": (20_000, {**SWINGING, "alpha": "40"}),
    },
    # Where few episodes are good, as in recording 1902, 1,000 updates obtained 338, these 495. With 1,000, five
    # recordings that were kept for reporting gave 474: this was chosen after that, and is reported on others.
    # IQL and AWAC have their own temperatures here, not chosen ones.
    "cartpole": {"decision_transformer": (2_500, MIXED), "iql": (2_500, SWINGING), "awac": (2_500, SWINGING)},
    "keydoor": {
        "percent_bc": (300, {"fraction": "0.06", "weight_decay": "3"}),
        "decision_transformer": (
            300,
            {
                "average_decay": "0",
                "context_length": "28",
                "max_episode_length": "28",
                "width": "32",
                "dropout": "0.5",
                "encoder_sizes": "",
                "learning_rate": "0.003",
                "batch_size": "64",
                "sampling": "return",
                "stochastic": "true",
                "temperature": "0.25",
            },
        ),
    },
}


# How `search_target_return` looks for the return to ask for, where not by its defaults: episodes for each return tried,
# and shares of the recording's episodes that obtained less. In Acrobot the median may be an episode that failed.
GOOD = (100, (0.8, 0.9, 0.95, 0.98, 1.0))
SEARCHES: dict[str, tuple[int, tuple[float, ...]]] = {
    "acrobot": GOOD,
    "acrobot_wide": GOOD,
    "acrobot_rest": GOOD,
    "pointmass": (100, ()),
}
