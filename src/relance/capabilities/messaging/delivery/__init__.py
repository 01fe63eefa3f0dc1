"""Delivery: from claimed rows to what the relay said, and back into the rows."""
