"""A lander above a planet's ground, with our own rigid-body physics."""
