"""The committed documents that are made from the code: the OpenAPI contract and the table of settings."""

import json
import os
from pathlib import Path

from relance.core.paths import project_root
from relance.core.settings import Settings
from relance.core.settings_docs import table

_START = "<!-- settings: made by `relance settings-doc`; do not edit by hand -->"
_END = "<!-- /settings -->"


def openapi_path() -> Path:
    """The committed contract."""
    return project_root() / "openapi" / "openapi.json"


def openapi_text() -> str:
    """The contract of the whole product, sandbox operations included, whatever this shell's environment says."""
    for name in [name for name in os.environ if name.upper().startswith("RELANCE_")]:
        del os.environ[name]
    from relance.app import create_app

    document = create_app(Settings(environment="development", sandbox=True)).openapi()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def settings_path() -> Path:
    """The page that holds the table of settings."""
    return project_root() / "docs" / "configuration.md"


def settings_page(page: str) -> str:
    """`page` with its table replaced by what the settings class says now.

    Raises:
        ValueError: the marks that surround the table are missing.
    """
    before, start, rest = page.partition(_START)
    _, end, after = rest.partition(_END)
    if not start or not end:
        raise ValueError("the page lacks the marks that surround the table of settings")
    return f"{before}{_START}\n\n{table()}\n{_END}{after}"
