"""Campaigns: what is offered at which price, from when to when."""
