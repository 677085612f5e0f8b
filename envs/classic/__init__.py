"""Classic control with proven parity to Gymnasium."""
