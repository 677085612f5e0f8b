"""What keeps a run's directory whole: who may write it, and which runs belong together."""
