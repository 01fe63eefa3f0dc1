"""The calendar that a user subscribes to."""
