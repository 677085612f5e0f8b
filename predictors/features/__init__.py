"""Classifiers whose features the metrics of generators compare images by."""
