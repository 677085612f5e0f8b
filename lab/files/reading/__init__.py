"""Readers of files that may be a stranger's: schemas with limits, checked before anything is made of them."""
