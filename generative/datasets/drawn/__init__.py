"""Data sets that are drawn by formulas."""
