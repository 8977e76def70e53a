"""What the datasets app does, each write in one transaction."""
