"""Where the runs of a sweep train: on Ray actors, of one machine or of many (extra `ray`)."""
