"""Everything on one machine: SQLite, threads and folders."""
