"""Brings environments back exactly: episodes played again, and proof that the outcome is the same."""
