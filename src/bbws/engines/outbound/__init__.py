"""Calls to addresses that strangers chose: the same on every engine."""
