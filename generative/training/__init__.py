"""How generators are trained: the task, the compiled updates, the optimizer."""
