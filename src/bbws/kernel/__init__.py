"""What every service of BBWS shares. Imports nothing else of ours."""
