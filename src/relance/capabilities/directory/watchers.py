"""Who is told that a company is not the one it was, in the transaction of the change. The directory knows no domain.

A company's identity is its identifier and its name. A SIRET for its SIREN, other capitals, accents or punctuation are
the same identity; so is an identifier where none was known.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from relance.capabilities.directory.models import Company, Contact
from relance.core.db import DbSession
from relance.core.subjects import ActorRef

Part = Literal["local_id", "name"]


def name_key(name: str) -> str:
    """A company's name as it is compared: its letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum())


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a company is, as far as it is compared."""

    match_key: str | None
    name: str

    @classmethod
    def of(cls, company: Company) -> "Identity":
        """The identity of `company` as it is now."""
        return cls(company.match_key, name_key(company.name))

    def parts_changed(self, now: "Identity") -> frozenset[Part]:
        """What makes `now` somebody else; empty where it is the same company."""
        found: set[Part] = set()
        if self.match_key not in (None, now.match_key):
            found.add("local_id")
        if self.name != now.name:
            found.add("name")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A company whose identity has changed; its row is locked and already as it is to be."""

    company_id: UUID
    parts: frozenset[Part]


class IdentityWatcher(Protocol):
    """What a domain does about it. Registered by the composition root."""

    async def identity_changed(self, session: DbSession, change: IdentityChange, actor: ActorRef) -> None:
        """Act in the caller's transaction. Locks are taken after the company's, never the other way round."""
        ...


class DepartureWatcher(Protocol):
    """What is to be done before a contact is deleted. Registered by the composition root."""

    async def departing(self, session: DbSession, contacts: Sequence[Contact], actor: ActorRef) -> None:
        """Act in the caller's transaction; the rows of `contacts` are locked, and still as they were."""
        ...
