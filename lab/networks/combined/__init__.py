"""Networks made of networks, and perceptrons for rows of a table."""
