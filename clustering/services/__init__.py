"""What the clustering app does, each write in one transaction."""
