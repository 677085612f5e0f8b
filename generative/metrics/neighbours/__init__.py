"""Metrics by nearest neighbours."""
