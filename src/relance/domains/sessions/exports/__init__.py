"""The list of sessions, for files."""
