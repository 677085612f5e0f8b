"""What tabular agents learn from as they go on: transitions, windows of steps, traces, a model.

May import parts, replay and transitions.
"""
