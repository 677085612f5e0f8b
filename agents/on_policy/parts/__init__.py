"""What the base of on-policy agents is put together of."""
