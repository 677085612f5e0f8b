"""Pictures, videos and figures: arrays in, files out. Imports no learner and no experiment."""
