"""From what a user has to rows in [-1, 1]: decoding, ranges, labels, splits."""
