"""Profiles: what a person or an offer is, in words and files, to be sent to contacts."""
