"""What is said to people: lines on the terminal, and the names that other libraries use. Imports errors alone."""
