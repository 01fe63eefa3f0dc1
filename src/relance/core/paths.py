"""Where the files that are not Python live: beside `src` in a clone, inside the package in a wheel."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def project_root() -> Path:
    """The clone in an editable install; in a wheel, the `_data` folder that holds the same folders."""
    clone = _PACKAGE.parents[1]
    if (clone / "pyproject.toml").is_file() and (clone / "migrations").is_dir():
        return clone
    return _PACKAGE / "_data"


def migrations_dir() -> Path:
    """The Alembic environment."""
    return project_root() / "migrations"


def templates_dir() -> Path:
    """The e-mail templates of the product."""
    return project_root() / "email_templates"
