"""Actions that an environment forbids for now: its masks, and what is chosen among the others."""
