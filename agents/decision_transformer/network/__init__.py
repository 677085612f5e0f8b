"""The transformer over returns-to-go, states and actions, and its forms for acting."""
