"""The fixtures of tests/accounts.py."""

from tests.accounts import (
    accounts_client,
    accounts_runtime,
    accounts_settings,
    elsewhere,
    world,
)

__all__ = [
    "accounts_client",
    "accounts_runtime",
    "accounts_settings",
    "elsewhere",
    "world",
]
