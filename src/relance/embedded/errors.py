"""What stops `relance up`, said in one line."""


class StartError(Exception):
    """The one command cannot start; the message is the line that the person reads."""
