"""Append-only record of what happened to whom: feeds timelines, events and the audit. No bodies, no tokens."""
