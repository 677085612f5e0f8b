"""What suggests settings and ends trials early: Optuna, seeded for each trial."""
