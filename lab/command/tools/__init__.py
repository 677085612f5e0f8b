"""Commands about runs and names: what there is, how two runs differ, what may be deleted, completion."""
