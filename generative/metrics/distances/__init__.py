"""Distances between two samples."""
