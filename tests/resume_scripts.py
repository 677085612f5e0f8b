"""Run as a process that the kill tests kill: python -m tests.resume_scripts LEARNER RUN [resume]."""

import sys

SMALL_DQN = {"hidden_sizes": (16,), "batch_size": 16, "learning_starts": 200, "replay_capacity": 3_000}
JOBS = {
    "q_learning": ("agents", "QLearning", {"epsilon_steps": 5_000}, "lab/GridWorld-v0", 40_000, 1_500),
    "dqn": ("agents", "DQN", SMALL_DQN, "CartPole-v1", 9_000, 600),
    "dqn_compiled": ("agents", "DQN", SMALL_DQN, "CartPole-v1", 60_000, 1_200),
    "autoencoder": ("generative", "Autoencoder", {"hidden_sizes": (16,), "batch_size": 32}, "digits", 3_000, 130),
}


def main(name: str, run: str, mode: str = "train") -> None:
    import importlib

    from lab import Experiment

    module, learner, settings, source, steps, every = JOBS[name]
    if mode == "resume":
        importlib.import_module(module)
        experiment = Experiment.resume(run)
        if experiment.step < experiment.target_step:
            experiment.train()
    else:
        made = getattr(importlib.import_module(module), learner)(**settings)
        experiment = Experiment(
            made,
            source,
            seed=11,
            run_dir=run,
            checkpoint_every=every,
            evaluate_every=steps // 3,
            log_every=every // 3,
            lane="compiled" if name == "dqn_compiled" else "host" if name == "dqn" else "auto",
        )
        experiment.train(steps)
    print("finished", experiment.step, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
