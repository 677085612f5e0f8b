"""Pictures of rows, and ways between latents."""
