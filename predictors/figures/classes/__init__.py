"""Figures of predicted classes beside true ones."""
