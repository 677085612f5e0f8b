"""Data sets for predictors that are made by formulas: nothing is read or downloaded."""
