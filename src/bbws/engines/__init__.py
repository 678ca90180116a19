"""What differs between one machine and AWS lives here, and nobody else knows which one it is."""
