"""What agents may give beside their rule, and what their classes are held to."""
