"""The exponential moving average of weights under a name of its own; it stands beside Adam, in `lab.training.adam`."""

from lab.training.adam import WeightAverage, kept

__all__ = ["WeightAverage", "kept"]
