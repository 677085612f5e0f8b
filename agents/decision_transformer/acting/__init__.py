"""How a Decision Transformer acts."""
