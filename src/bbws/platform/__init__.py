"""What an operator needs: health, metrics, queues, backup, and the pages that explain the API."""
