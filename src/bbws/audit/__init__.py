"""A record of every change that nobody can alter unseen. Source: design §2, specification products, Decision 2."""
