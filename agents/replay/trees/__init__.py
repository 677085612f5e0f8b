"""Sum trees over the priorities of a replay's rows, in NumPy and inside programs. May import lab."""
