"""People: from a token that somebody vouches for to an actor."""
