"""Long-running work that any domain can start.

Accepted in one commit, carried out step by step, seen and steered by people.
"""
