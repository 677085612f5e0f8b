"""Networks that read sequences: text as ids, spectrograms, and one sequence into another."""
