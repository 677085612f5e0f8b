"""Pieces of an update: optimizers, schedules, mixing of examples."""
