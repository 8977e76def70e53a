"""What the annotation app does, each write in one transaction."""
