"""What may stand in the fields of an entry: a status of the list, a user, values that fit the workspace's schema."""

from collections.abc import Mapping
from typing import Any

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.capabilities.directory.settings.schemas import Record
from relance.core.custom_fields import check_values, merged
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

UNKNOWN_STATUS = Text("Ce statut n’est pas dans la liste.", "This status is not in the list.")
UNKNOWN_USER = Text("Cet utilisateur est inconnu.", "This user is not known.")


class Fields:
    """The checks that need the workspace's rows. Keeps what it has read, for the next entry of the same transaction."""

    def __init__(self, session: DbSession, record: Record) -> None:
        self._rows = DirectoryRepository(session)
        self._settings = SettingsRepository(session)
        self._record = record
        self._schema: Mapping[str, Any] | None = None
        self._statuses: frozenset[str] | None = None

    async def check(self, values: Mapping[str, Any]) -> None:
        """Make sure that the fields among `values` can be kept as they are.

        Raises:
            ValidationFailed: one of them cannot.
        """
        if values.get("assigned_to") is not None and not await self._rows.people([values["assigned_to"]]):
            raise ValidationFailed.at("/assigned_to", "unknown_user", UNKNOWN_USER)
        if values.get("status") is not None and values["status"] not in await self.statuses():
            raise ValidationFailed.at("/status", "unknown_status", UNKNOWN_STATUS)
        if "custom_fields" in values:
            check_values(await self.schema(), values["custom_fields"], "/custom_fields")

    async def merge(self, known: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """Make `custom_fields` of a merge patch what is kept, checked."""
        if "custom_fields" in changes:
            changes["custom_fields"] = merged(known, changes["custom_fields"] or {})
        await self.check(changes)

    async def statuses(self) -> frozenset[str]:
        """The codes of the list."""
        if self._statuses is None:
            self._statuses = frozenset(status.code for status in await self._settings.statuses())
        return self._statuses

    async def schema(self) -> Mapping[str, Any]:
        """The workspace's own fields; empty where there are none."""
        if self._schema is None:
            row = await self._settings.custom_fields(self._record)
            self._schema = row.json_schema if row else {}
        return self._schema
