"""Who is asked to join a tenant, by a mail with a token that works once."""
