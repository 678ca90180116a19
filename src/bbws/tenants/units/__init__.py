"""How a tenant is organised: divisions, groups within them, teams within those."""
