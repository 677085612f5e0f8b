"""Past transitions: how they are stored and sampled, in host memory and inside compiled programs."""
