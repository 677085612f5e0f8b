"""Environments with continuous actions."""
