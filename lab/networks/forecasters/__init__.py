"""Networks that go on with a series: all of the horizon at once, for each quantile."""
