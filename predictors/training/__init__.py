"""How predictors are trained and evaluated."""
