"""Changed copies of rows, made as training goes on."""
