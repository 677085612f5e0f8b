"""Encoders, decoders and what they hold."""
