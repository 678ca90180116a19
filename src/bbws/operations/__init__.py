"""Long-running work that any domain can start: accepted in one commit, carried out step by step, seen and steered by people."""
