"""What tells runs from each other."""
