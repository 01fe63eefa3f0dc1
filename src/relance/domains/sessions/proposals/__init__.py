"""Proposals of dates: the draft, what was sent, and what was answered."""
