"""What is said about entries."""
