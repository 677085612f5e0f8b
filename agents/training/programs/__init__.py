"""Compiled programs of the lane in which environments are TensorFlow functions."""
