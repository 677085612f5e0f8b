"""Series in time: their checks, their parts and the windows that forecasters learn from."""
