"""What training in environments that step in Python is made of."""
