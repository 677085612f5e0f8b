"""What a sweep has found, as figures and a page; its files are only read."""
