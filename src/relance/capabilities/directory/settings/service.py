"""Use cases of the directory's settings."""

from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from relance.capabilities.directory.errors import AlreadyInDirectory, StatusInUse
from relance.capabilities.directory.models import ContactStatus, CustomFieldSchema, SavedView
from relance.capabilities.directory.schemas import CompanyFilter, ContactFilter
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.capabilities.directory.settings.schemas import (
    CustomFieldsWrite,
    Record,
    StatusCreate,
    StatusUpdate,
    ViewCreate,
    ViewUpdate,
)
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.custom_fields import check_schema
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound, ValidationFailed
from relance.core.etag import Precondition
from relance.core.problems import field_error
from relance.core.subjects import ActorRef, SubjectRef

RowT = TypeVar("RowT")


class DirectorySettings:
    """Statuses, own fields and saved views of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._rows = SettingsRepository(session)

    # --- statuses --------------------------------------------------------------------------------------------------

    async def status(self, status_id: UUID) -> ContactStatus:
        """The status with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        return _found(await self._rows.status(status_id))

    async def add_status(self, wanted: StatusCreate) -> ContactStatus:
        """A new status.

        Raises:
            AlreadyInDirectory: its code is taken.
        """
        made = await self._rows.insert_status(wanted.model_dump())
        if made is None:
            known = await self._rows.status_by_code(wanted.code)
            raise Conflict() if known is None else AlreadyInDirectory(known.id, "/code")
        self._record("contact_status.created", made.id, {"code": made.code})
        return made

    async def change_status(self, status_id: UUID, wanted: StatusUpdate, precondition: Precondition) -> ContactStatus:
        """Change the words or the place of a status.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
        """
        status = _found(await self._rows.status(status_id, lock=True))
        precondition.check(status.version)
        for name, value in wanted.changes().items():
            setattr(status, name, value)
        self._record("contact_status.changed", status.id, {"code": status.code})
        await self._session.flush()
        return status

    async def remove_status(self, status_id: UUID, precondition: Precondition) -> None:
        """Take a status off the list.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            StatusInUse: a contact has it.
        """
        status = _found(await self._rows.status(status_id, lock=True))
        precondition.check(status.version)
        code = status.code
        if not await self._rows.remove_status(status_id):
            raise StatusInUse(code)
        self._record("contact_status.deleted", status_id, {"code": code})

    # --- own fields ------------------------------------------------------------------------------------------------

    async def set_custom_fields(
        self, record: Record, wanted: CustomFieldsWrite, precondition: Precondition
    ) -> CustomFieldSchema:
        """Say which fields the workspace adds. Values that are there stay as they are until they are next changed.

        Raises:
            ValidationFailed: it is no flat schema.
            PreconditionFailed: it has changed since the caller read it.
        """
        schema = check_schema(wanted.json_schema)
        row = await self._rows.custom_fields(record, lock=True)
        precondition.check(row.version if row else 0)
        if row is None:
            row = CustomFieldSchema(record=record, json_schema=schema, changed_at=self._clock.now())
            self._session.add(row)
        else:
            row.json_schema, row.changed_at = schema, self._clock.now()
        await self._session.flush()
        self._record("custom_fields.replaced", row.id, {"record": record})
        return row

    # --- saved views -----------------------------------------------------------------------------------------------

    async def view(self, view_id: UUID, user_id: UUID) -> SavedView:
        """One of the user's views.

        Raises:
            NotFound: the user has none with that id.
        """
        return _found(await self._rows.view(view_id, user_id))

    async def add_view(self, wanted: ViewCreate, user_id: UUID) -> SavedView:
        """Keep a view.

        Raises:
            ValidationFailed: its filters are not those of the list.
            AlreadyInDirectory: the user has one with that name.
        """
        filters = known_filters(wanted.record, wanted.filters)
        values = {"user_id": user_id, "record": wanted.record, "name": wanted.name, "filters": filters}
        made = await self._rows.insert_view({**values, "created_at": self._clock.now()})
        if made is None:
            known = await self._rows.view_named(user_id, wanted.record, wanted.name)
            raise Conflict() if known is None else AlreadyInDirectory(known.id, "/name")
        return made

    async def change_view(
        self, view_id: UUID, user_id: UUID, wanted: ViewUpdate, precondition: Precondition
    ) -> SavedView:
        """Change a view.

        Raises:
            NotFound: the user has none with that id.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: its filters are not those of the list.
            AlreadyInDirectory: the user has another one with that name.
        """
        view = _found(await self._rows.view(view_id, user_id, lock=True))
        precondition.check(view.version)
        changes = wanted.changes()
        if "filters" in changes:
            changes["filters"] = known_filters(view.record, changes["filters"])
        if "name" in changes:
            known = await self._rows.view_named(user_id, view.record, changes["name"])
            if known is not None and known.id != view.id:
                raise AlreadyInDirectory(known.id, "/name")
        for name, value in changes.items():
            setattr(view, name, value)
        await self._session.flush()
        return view

    async def remove_view(self, view_id: UUID, user_id: UUID, precondition: Precondition) -> None:
        """Forget a view.

        Raises:
            NotFound: the user has none with that id.
            PreconditionFailed: it has changed since the caller read it.
        """
        view = _found(await self._rows.view(view_id, user_id, lock=True))
        precondition.check(view.version)
        await self._rows.remove_view(view)

    def _record(self, action: str, row_id: UUID, after: dict[str, object]) -> None:
        subject = SubjectRef(action.partition(".")[0], row_id)
        Journal(self._session, self._clock).record(action, subject, self._actor, after=after)


def known_filters(record: str, given: dict[str, Any]) -> dict[str, Any]:
    """`given` as query parameters of the list of `record`, only those that were given.

    Raises:
        ValidationFailed: one of them is not known, or does not fit.
    """
    model = ContactFilter if record == "contacts" else CompanyFilter
    try:
        found = model.model_validate({name: value for name, value in given.items() if name not in {"cursor"}})
    except ValidationError as refused:
        raw = refused.errors(include_url=False, include_input=False)
        faults = [field_error({**dict(one), "loc": ("filters", *one["loc"])}) for one in raw]
        raise ValidationFailed(faults[:100]) from None
    shown: dict[str, Any] = found.model_dump(mode="json", exclude_unset=True)
    return shown


def _found(row: RowT | None) -> RowT:
    if row is None:
        raise NotFound()
    return row
