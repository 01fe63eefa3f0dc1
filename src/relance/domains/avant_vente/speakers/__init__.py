"""Who intervenes, and when they are taken."""
