"""Tenants: organisations, how they are organised, who belongs to them, and who may do what there."""
