"""What the business sells. Source: specification products."""
