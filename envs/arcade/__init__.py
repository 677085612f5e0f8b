"""Games on a grid of cells, observed as pictures."""
