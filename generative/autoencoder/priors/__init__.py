"""What new latents and codes are drawn from."""
