"""What predictors learn from: examples with named inputs and targets, in parts to train, select and test on."""
