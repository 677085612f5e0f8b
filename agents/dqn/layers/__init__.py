"""Last layers of a DQN's network: dueling, noisy, and those that take a fraction."""
