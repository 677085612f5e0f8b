"""Reports that follow runs while they go on: in a browser of this machine, and in the terminal."""
