"""What a run is computed with: threads, libraries, processor."""
