"""The list of requests as rows of a file."""
