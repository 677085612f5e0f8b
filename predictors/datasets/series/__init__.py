"""Series in time: real ones that packages ship, and synthetic ones by formulas."""
