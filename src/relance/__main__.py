"""`python -m relance`: the same as the command `relance`."""

from relance.cli import app

if __name__ == "__main__":
    app()
