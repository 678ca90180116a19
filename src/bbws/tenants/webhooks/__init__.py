"""Webhooks of tenants: what happens to a tenant is told to addresses of its own."""
