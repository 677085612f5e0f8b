"""What tabular agents are made of: rows of a table, exploration, arithmetic for arrays and tensors. May import parts."""
