"""Who belongs to a tenant, and in which role."""
