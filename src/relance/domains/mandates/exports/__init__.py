"""The list of mandates as rows of a file."""
