"""The networks of value and policy learners: by name, one encoder an entry, or a user's own."""
