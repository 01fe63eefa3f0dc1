"""Training sessions: clients confirm the dates."""
