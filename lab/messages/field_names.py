"""What other libraries call a setting, and what it is called here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lab.errors import nearest

# By names of stable-baselines3, CleanRL, rl-zoo, Dopamine, d3rlpy, Keras, torch and diffusers. Of several names the
# first that the learner has is meant.
FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "adam_eps": ("adam_epsilon",),
    "b1": ("beta_1",),
    "b2": ("beta_2",),
    "base_channels": ("channels",),
    "batch": ("batch_size",),
    "beta1": ("beta_1",),
    "beta2": ("beta_2",),
    "beta_schedule": ("schedule",),
    "buffer_size": ("replay_capacity", "buffer_episodes"),
    "capacity": ("replay_capacity",),
    "cfg_scale": ("guidance",),
    "channel_mult": ("channels",),
    "context_len": ("context_length",),
    "d_model": ("width", "token_size"),
    "dim": ("width", "token_size", "channels"),
    "double_q": ("double",),
    "dropout_rate": ("dropout",),
    "ema": ("average_decay",),
    "ema_decay": ("average_decay",),
    "embed_dim": ("width", "token_size", "latent_size"),
    "embedding_dim": ("latent_size", "width", "token_size"),
    "end_e": ("epsilon_end",),
    "eps": ("adam_epsilon", "epsilon_start"),
    "eps_decay": ("epsilon_steps",),
    "eps_end": ("epsilon_end",),
    "eps_start": ("epsilon_start",),
    "epsilon": ("epsilon_start", "adam_epsilon"),
    "epsilon_decay": ("epsilon_steps",),
    "epsilon_decay_steps": ("epsilon_steps",),
    "epsilon_final": ("epsilon_end",),
    "epsilon_min": ("epsilon_end",),
    "exploration_final_eps": ("epsilon_end",),
    "exploration_fraction": ("epsilon_steps",),
    "exploration_initial_eps": ("epsilon_start",),
    "final_epsilon": ("epsilon_end",),
    "final_lr": ("learning_rate_end",),
    "gamma": ("discount",),
    "gp_lambda": ("gradient_penalty",),
    "gradient_steps": ("updates_per_round",),
    "guidance_scale": ("guidance",),
    "hidden": ("hidden_sizes",),
    "hidden_dim": ("hidden_sizes", "width"),
    "hidden_layers": ("hidden_sizes",),
    "hidden_size": ("hidden_sizes", "width"),
    "hidden_units": ("hidden_sizes",),
    "initial_epsilon": ("epsilon_start",),
    "init_lr": ("learning_rate",),
    "kl_weight": ("beta",),
    "kl_anneal": ("warmup_updates",),
    "l2": ("weight_decay",),
    "lambda_gp": ("gradient_penalty",),
    "latent_dim": ("latent_size",),
    "latent_dims": ("latent_size",),
    "layer_sizes": ("hidden_sizes",),
    "learning_rate_init": ("learning_rate",),
    "lr": ("learning_rate",),
    "lr_d": ("discriminator_learning_rate",),
    "lr_decay_steps": ("learning_rate_steps",),
    "lr_end": ("learning_rate_end",),
    "lr_g": ("learning_rate",),
    "lr_schedule": ("learning_rate_steps",),
    "max_ep_len": ("max_episode_length",),
    "max_grad_norm": ("gradient_clip",),
    "max_length": ("context_length", "max_episode_length"),
    "memory_size": ("replay_capacity",),
    "min_epsilon": ("epsilon_end",),
    "min_replay_history": ("learning_starts",),
    "min_replay_size": ("learning_starts",),
    "mixed_precision": ("precision",),
    "model_channels": ("channels",),
    "n_codes": ("codes",),
    "n_critic": ("discriminator_steps",),
    "n_embd": ("width", "token_size"),
    "n_head": ("heads",),
    "n_heads": ("heads",),
    "n_layer": ("layers", "depth"),
    "n_layers": ("layers", "depth"),
    "net_arch": ("hidden_sizes",),
    "noise_dim": ("latent_size",),
    "noise_schedule": ("schedule",),
    "num_codes": ("codes",),
    "num_embeddings": ("codes",),
    "num_heads": ("heads",),
    "num_hidden_units": ("hidden_sizes",),
    "num_inference_steps": ("steps",),
    "num_layers": ("layers", "depth"),
    "num_sampling_steps": ("steps",),
    "num_timesteps": ("schedule_steps",),
    "num_train_timesteps": ("schedule_steps",),
    "opt_epsilon": ("adam_epsilon",),
    "p_uncond": ("label_dropout",),
    "patch_size": ("patch",),
    "polyak": ("target_decay", "target_update_every"),
    "prediction_type": ("prediction",),
    "q_lr": ("learning_rate",),
    "replay_buffer_size": ("replay_capacity",),
    "replay_size": ("replay_capacity",),
    "start_e": ("epsilon_start",),
    "target_network_frequency": ("target_update_every",),
    "target_update_freq": ("target_update_every",),
    "target_update_interval": ("target_update_every",),
    "target_update_period": ("target_update_every",),
    "tau": ("target_decay", "target_update_every"),
    "timesteps": ("schedule_steps",),
    "train_freq": ("update_every",),
    "train_frequency": ("update_every",),
    "uncond_prob": ("label_dropout",),
    "units": ("hidden_sizes",),
    "update_frequency": ("update_every",),
    "update_period": ("update_every",),
    "warmup_steps": ("warmup_updates", "learning_starts"),
    "z_dim": ("latent_size",),
    "zdim": ("latent_size",),
}
# What is no setting here, but an argument of something else.
ELSEWHERE = {
    "checkpoint_every": "it is an argument of Experiment, or --checkpoint-every",
    "checkpoint_freq": "here it is checkpoint_every, an argument of Experiment, or --checkpoint-every",
    "env_id": "the environment is the source: Experiment(learner, source), or the command's second word",
    "epochs": "here training is counted in updates: train(steps), or --steps",
    "eval_freq": "here it is evaluate_every, an argument of Experiment, or --evaluate-every",
    "evaluate_every": "it is an argument of Experiment, or --evaluate-every",
    "lane": "it is an argument of Experiment, or --set lane=host",
    "log_every": "it is an argument of Experiment, or --set log_every=500",
    "log_interval": "here it is log_every, an argument of Experiment, or --set log_every=500",
    "n_envs": "here it is num_envs, an argument of Experiment, or --set num_envs=8",
    "num_env": "here it is num_envs, an argument of Experiment, or --set num_envs=8",
    "num_envs": "it is an argument of Experiment, or --set num_envs=8",
    "num_epochs": "here training is counted in updates: train(steps), or --steps",
    "num_steps": "here it is steps: train(steps), or --steps",
    "num_updates": "here it is steps: train(steps), or --steps",
    "progress_bar": "here it is progress, an argument of Experiment",
    "random_state": "here it is seed, an argument of Experiment, or --seed",
    "run_dir": "it is an argument of Experiment, or --run",
    "save_freq": "here it is checkpoint_every, an argument of Experiment, or --checkpoint-every",
    "seed": "it is an argument of Experiment, or --seed",
    "tensorboard_log": "here it is run_dir, an argument of Experiment, or --run",
    "total_timesteps": "here it is steps: train(steps), or --steps",
    "verbose": "here it is progress, an argument of Experiment",
    "video_every": "it is an argument of Experiment, or --video-every",
}
MOST_LISTED = 8


def offered(name: str, known: Iterable[str]) -> str:
    """Return a phrase that answers an unknown setting: the field's own name for one of ours, or the nearest ones.

    Args:
        name: What the user wrote.
        known: Every name that would have been right.
    """
    names = list(known)
    wanted = name.strip().lower().replace("-", "_")
    ours = next((found for found in FIELD_NAMES.get(wanted, ()) if found in names), None)
    if ours is not None:
        return f"here it is {ours}"
    if wanted in ELSEWHERE:
        return ELSEWHERE[wanted]
    if len(names) > MOST_LISTED and nearest(name, names).startswith("known"):
        # Far from all of them: those that are least so, in place of a page of names.
        close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.0)
        return f"the nearest are {', '.join(map(repr, close))} (`lab train LEARNER --help` lists all)"
    return nearest(name, names, MOST_LISTED)
