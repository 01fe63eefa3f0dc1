"""Addresses of action links, built on the configured public address and never on a request's Host."""

from urllib.parse import urlsplit
from uuid import UUID

from relance.capabilities.links.tokens import LinkTokens
from relance.core.settings import Settings


def link_url(settings: Settings, tokens: LinkTokens, link_id: UUID) -> str:
    """The address that a mail carries."""
    return f"{settings.public_url}/r/{tokens.mint(link_id)}"


def recipient_path(settings: Settings, *parts: str) -> str:
    """The path of a recipient page as the browser sees it, below the prefix that a proxy may add."""
    return "/".join((urlsplit(settings.public_url).path.rstrip("/"), "r", *parts))
