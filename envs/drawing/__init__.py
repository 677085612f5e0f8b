"""Pictures of environments, drawn without a display."""
