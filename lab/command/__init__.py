"""The parts of the `lab` command; `lab.cli` chooses among them."""
