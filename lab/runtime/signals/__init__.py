"""Ctrl-C and SIGTERM: heard at the next step, and a second one at once."""
