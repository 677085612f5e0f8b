"""What tabular agents are made of: rows of a table, exploration, arithmetic, a figure.

May import agents.parts and structured.
"""
