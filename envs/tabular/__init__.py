"""Finite decision processes given by tables, whatever they are drawn as."""
