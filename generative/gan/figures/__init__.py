"""Figures of a GAN's training."""
