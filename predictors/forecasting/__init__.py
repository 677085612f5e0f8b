"""What a forecaster is made of: settings, scales of a window, networks, going on step by step, and its scores."""
