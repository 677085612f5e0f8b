"""What runs have come to."""
