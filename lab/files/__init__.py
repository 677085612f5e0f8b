"""Reading what may be a stranger's files, and writing files whole or not at all."""
