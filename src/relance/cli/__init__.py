"""The command `relance`. Each command imports what it needs when it runs, so that the others stay quick."""

from relance.cli.main import app

__all__ = ["app"]
