"""Prequalification forms: the shipped one, the workspace's versions, and what partners answered to them."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.forms import check_schema
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.etag import Precondition
from relance.core.ids import new_id
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.invitations.expiry import PREQUALIFICATION
from relance.domains.invitations.forms_schemas import (
    FormRead,
    FormWrite,
    PrequalificationQuery,
    PrequalificationRead,
)
from relance.domains.invitations.lifecycle import EXPIRY_REASON_LABELS, FORM_STATUS_LABELS, ExpiryReason, FormStatus
from relance.domains.invitations.models import Prequalification, PrequalificationForm
from relance.domains.invitations.repository import PrequalificationRepository

DEFAULT_VALIDITY = "P2Y"


@lru_cache(maxsize=1)
def default_schema() -> dict[str, Any]:
    """The JSON Schema of the shipped form: identity, contacts, insurance, certificates, declarations."""
    text = files("relance.domains.invitations").joinpath("default_form.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


async def install_default_form(session: DbSession, clock: Clock) -> None:
    """Give the session's workspace the shipped form, unless it has one."""
    if await PrequalificationRepository(session).current_form() is not None:
        return
    session.add(
        PrequalificationForm(
            form_version=1,
            title_fr="Formulaire de préqualification",
            title_en="Prequalification form",
            json_schema=default_schema(),
            validity=DEFAULT_VALIDITY,
            created_at=clock.now(),
        )
    )
    await session.flush()


class Forms:
    """What a caller does with forms and answers, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = PrequalificationRepository(session)

    async def versions(self, asked: PageRequest) -> tuple[list[FormRead], str | None]:
        """One page of the versions, newest first, and the cursor of the next."""
        found = await self._rows.form_page(asked)
        items = [FormRead.model_validate(row[0]) for row in found.rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def current(self) -> FormRead:
        """The newest version.

        Raises:
            NotFound: the workspace has no form.
        """
        return _read(await self._rows.current_form())

    async def version(self, form_version: int) -> FormRead:
        """One version.

        Raises:
            NotFound: there is none.
        """
        if form_version > 2_147_483_647:
            raise NotFound()
        return _read(await self._rows.form(form_version))

    async def replace(self, wanted: FormWrite, precondition: Precondition, *, dry_run: bool) -> FormRead:
        """Add a version, which partners are shown from now on.

        Raises:
            FormNotSupported: the schema is none, or cannot be shown.
            PreconditionFailed: somebody else has added a version since.
        """
        check_schema(wanted.json_schema)
        newest = await self._rows.lock_current_form()
        if newest is None:
            raise NotFound()
        precondition.check(newest.form_version)
        form = PrequalificationForm(
            workspace_id=self._session.workspace_id,
            id=new_id(),
            form_version=newest.form_version + 1,
            created_at=self._runtime.clock.now(),
            **wanted.model_dump(),
        )
        if not dry_run:
            self._session.add(form)
            Journal(self._session, self._runtime.clock).record(
                "prequalification_form.replaced",
                SubjectRef("prequalification_form", form.id),
                ActorRef.of(self._caller),
                before={"form_version": newest.form_version},
                after={"form_version": form.form_version},
            )
            await self._session.flush()
        return _read(form)

    async def prequalifications(
        self, wanted: PrequalificationQuery, asked: PageRequest
    ) -> tuple[list[PrequalificationRead], str | None]:
        """One page of what partners answered, and the cursor of the next."""
        found = await self._rows.page(wanted, asked)
        files = await self._files([row[0].id for row in found.rows])
        items = [_answered(row[0], row[1], files) for row in found.rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def prequalification(self, prequalification_id: UUID) -> tuple[PrequalificationRead, int]:
        """What one partner answered, and the version of the row.

        Raises:
            NotFound: there is none.
        """
        row = await self._rows.named(prequalification_id)
        if row is None:
            raise NotFound()
        return _answered(row[0], row[1], await self._files([row[0].id])), row[0].version

    async def file(self, prequalification_id: UUID, file_id: UUID) -> StoredFile:
        """One of the files that the partner's answers name.

        Raises:
            NotFound: there is none: files of drafts are the partner's own.
        """
        held = await Attachments(self._session).held([SubjectRef(PREQUALIFICATION, prequalification_id)])
        for file in held:
            if file.id == file_id:
                return file
        raise NotFound()

    async def _files(self, ids: Sequence[UUID]) -> Mapping[UUID, list[FileFacts]]:
        found: dict[UUID, list[FileFacts]] = {}
        for file in await Attachments(self._session).held([SubjectRef(PREQUALIFICATION, id_) for id_ in ids]):
            if file.subject_id is not None:
                found.setdefault(file.subject_id, []).append(FileFacts.of(file))
        return found


def _read(form: PrequalificationForm | None) -> FormRead:
    if form is None:
        raise NotFound()
    return FormRead.model_validate(form)


def _answered(row: Prequalification, company_name: str, files: Mapping[UUID, list[FileFacts]]) -> PrequalificationRead:
    status = FormStatus(row.form_status)
    why = ExpiryReason(row.expiry_reason) if row.expiry_reason else None
    return PrequalificationRead(
        id=row.id,
        company=Reference(id=row.company_id, name=company_name),
        form_status=status,
        form_status_label=FORM_STATUS_LABELS[status].in_locale(),
        form_version=row.form_version,
        answers=row.answers,
        files=files.get(row.id, []),
        completed_at=row.completed_at,
        valid_until=row.valid_until,
        expiry_reason=why,
        expiry_reason_label=EXPIRY_REASON_LABELS[why].in_locale() if why else None,
    )
