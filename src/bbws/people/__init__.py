"""Personal values, and who is known: the only place that holds an address or a name, so that it can be forgotten."""
