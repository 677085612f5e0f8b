"""Finite environments on grid maps, as TensorFlow functions."""
