"""Forward passes in NumPy over a copy of a network's weights, for acting in microseconds."""
