"""What a report's curves are drawn from: numbers by step, made few enough for a page."""
