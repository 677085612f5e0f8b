"""Figures of a Decision Transformer."""
