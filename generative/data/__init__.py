"""What a data set is: rows, labels, their order in training, and the one range that generators see."""

from generative.data.dataset import Dataset
from generative.spec import DataSpec

__all__ = ["DataSpec", "Dataset"]
