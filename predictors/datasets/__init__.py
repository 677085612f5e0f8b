"""Data sets that predictors alone learn from: made by formulas, or shipped by packages; none is downloaded."""
