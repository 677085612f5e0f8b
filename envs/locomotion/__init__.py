"""Bodies of jointed links that move in a plane, with our own rigid-body physics."""
