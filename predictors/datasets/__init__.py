"""Data sets that predictors alone learn from."""
