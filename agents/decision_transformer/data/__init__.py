"""What a Decision Transformer learns from: windows of recorded episodes."""
