"""API keys: who may call, what they may do, how often. The secret is shown once and kept only as a hash."""
