"""What playing in environments takes: checks of what they give, limits, statistics and separation."""
