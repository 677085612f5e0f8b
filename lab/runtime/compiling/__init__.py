"""What is compiled, kept: programs shared by learners, and XLA's results in the user's cache folder."""
