"""Updates on data at hand: the loop that compiles them, Adam and moving averages."""
