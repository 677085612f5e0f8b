"""Opens runs that may be a stranger's: config.json, sources, and the learner built of them."""
