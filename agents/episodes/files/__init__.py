"""Files of recorded episodes: written, checked, read, and exchanged with Minari."""
