"""The files of a link's form: sent with it or before it, named by its answers, shown on its page."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fastapi import UploadFile

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileGone, FileRefused, FileTooLarge, FileTypeNotAccepted
from relance.capabilities.files.kinds import KINDS, kinds_in_words, size_in_words
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.repository import FileRepository
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.files.store import FileStore
from relance.capabilities.files.uploads import on_disk
from relance.capabilities.links.forms import Field, Section, build_form, value_at
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import Fields, Posted
from relance.capabilities.links.recipient import RecipientPage, RecipientView
from relance.capabilities.links.repository import LinkRepository
from relance.core.db import DbSession
from relance.core.errors import FieldError, RelanceError, ValidationFailed
from relance.core.i18n import Locale, current_locale
from relance.core.subjects import SubjectRef

_CHUNK = 256 * 1024


class FormFiles:
    """What a domain asks about the files that the answers to one link name, in the transaction of the answer."""

    def __init__(self, session: DbSession, link: ActionLink) -> None:
        self._attachments = Attachments(session)
        self._link = link

    async def require(
        self, schema: Mapping[str, object], answers: Mapping[str, object], holders: Collection[SubjectRef]
    ) -> set[UUID]:
        """The files that `answers` name, which fit their schema: each sent through this link, or held by `holders`.

        Raises:
            ValidationFailed: one is neither, or not of a kind or size that its field takes; pointers as in `answers`.
        """
        named = list(_named(build_form(schema, current_locale()), answers))
        known = await self._attachments.nameable({id_ for _, _, id_ in named}, self._link.id, holders, lock=True)
        faults: list[FieldError] = []
        for field, pointer, id_ in named:
            refused = FileGone() if id_ not in known else _misfit(field, known[id_])
            if refused is not None:
                faults.append(_fault(pointer, refused))
        if faults:
            raise ValidationFailed(faults)
        return set(known)

    async def held(self, holder: SubjectRef) -> set[UUID]:
        """What `holder` holds now."""
        return {file.id for file in await self._attachments.held([holder])}

    async def hold(self, holder: SubjectRef, ids: Collection[UUID]) -> None:
        """From now on `holder` holds these files, which `require` gave, and no others."""
        await self._attachments.hold(holder, ids)


def _named(form: Section, answers: Mapping[str, object]) -> Iterator[tuple[Field, str, UUID]]:
    """The file ids in `answers`, each with its field and its place."""
    for field in form.fields():
        value = value_at(answers, field.path) if field.is_file else None
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield field, f"{field.pointer}/{index}", UUID(str(one))
        elif value is not None:
            yield field, field.pointer, UUID(str(value))


def _misfit(field: Field, file: StoredFile) -> RelanceError | None:
    if file.media_type not in {KINDS[code].media_type for code in field.accept}:
        return FileTypeNotAccepted(name=file.name, accepted=kinds_in_words(field.accept))
    if field.max_bytes is not None and file.size > field.max_bytes:
        return FileTooLarge(name=file.name, limit=size_in_words(field.max_bytes), max_bytes=field.max_bytes)
    return None


def _fault(pointer: str, error: RelanceError) -> FieldError:
    return FieldError(pointer, error.code, error.detail.format(error.data))


class Receiving:
    """Takes the files that are sent through one link, in a transaction; those sent through one link take turns."""

    def __init__(self, session: DbSession, store: FileStore, link: ActionLink, max_bytes: int) -> None:
        self._session = session
        self._store = store
        self._link = link
        self._max_bytes = max_bytes

    async def one(self, upload: UploadFile, field: Field | None = None) -> StoredFile:
        """Keep a file; for `field`, only what it takes.

        Raises:
            FileRefused: see `Attachments.receive`.
        """
        await LinkRepository(self._session).lock(self._link.id)
        most = min(self._max_bytes, field.max_bytes or self._max_bytes) if field else self._max_bytes
        accept = KINDS if field is None else field.accept
        async with on_disk(upload) as path:
            name = upload.filename or ""
            return await Attachments(self._session).receive(self._store, self._link.id, path, name, most, accept)

    async def posted(self, form: Section, posted: Posted, *, is_open: bool) -> tuple[Posted, list[FieldError]]:
        """Keep the files of a posted form before its answers are looked at, so that a fault elsewhere loses none.

        Args:
            form: what was posted.
            posted: its fields and files.
            is_open: whether the link waits for answers. Otherwise nothing is kept any more, and files that were sent
                before are known again: a form that is sent twice is the same form.

        Returns:
            What was posted, the files as their ids; and what was refused.
        """
        fields: dict[str, list[str]] = dict(posted.fields or {})
        by_name = {field.name: field for field in form.fields() if field.is_file}
        faults: list[FieldError] = []
        for sent in posted.uploads:
            field = by_name.get(sent.name)
            if field is None:
                continue
            try:
                file = await (self.one(sent.upload, field) if is_open else self._again(sent.upload))
            except FileRefused as refused:
                faults.append(_fault(field.pointer, refused))
            else:
                if file is not None:
                    _choose(fields, field, str(file.id))
        return replace(posted, fields=fields, uploads=()), faults

    async def _again(self, upload: UploadFile) -> StoredFile | None:
        async with on_disk(upload) as path:
            return await Attachments(self._session).find_sent(self._link.id, path, upload.filename or "")


def _choose(fields: dict[str, list[str]], field: Field, id_: str) -> None:
    """A file replaces the one of its field, or joins several; chosen again after it was removed, it is there."""
    before = [] if field.widget == "file" else fields.get(field.name, [])
    fields[field.name] = [*before, id_]
    fields[field.removal_name] = [other for other in fields.get(field.removal_name, []) if other != id_]


def with_uploads(refused: ValidationFailed, faults: Sequence[FieldError]) -> ValidationFailed:
    """Both what was wrong with the files and with the answers; a refused file is not also a missing one."""
    known = {fault.pointer for fault in faults}
    return ValidationFailed([*faults, *(error for error in refused.errors if error.pointer not in known)])


async def page_of(
    session: DbSession, link: ActionLink, view: RecipientView, posted: Fields | None = None
) -> RecipientPage:
    """The view with the facts of the files that its answers name, or that are posted and may be named."""
    files: dict[UUID, StoredFile] = {}
    if view.form is not None:
        form = build_form(view.form.json_schema, current_locale())
        # What the domain recorded was checked when it was; what is posted is checked now.
        recorded = {id_ for _, _, id_ in _named(form, view.form.answers)}
        typed = {id_ for field in form.fields() if field.is_file for id_ in _ids((posted or {}).get(field.name, []))}
        if recorded:
            files |= {file.id: file for file in await FileRepository(session).of_ids(recorded)}
        files |= await Attachments(session).nameable(typed - set(files), link.id)
    facts = [FileFacts.of(file) for _, file in sorted(files.items())]
    return RecipientPage(**{name: getattr(view, name) for name in RecipientView.model_fields}, files=facts)


def _ids(values: Sequence[str]) -> Iterator[UUID]:
    for value in values:
        try:
            yield UUID(value)
        except ValueError:
            continue


async def digest_of(upload: UploadFile) -> str:
    """Name and content in one number, for comparing requests."""
    digest = hashlib.sha256(f"{upload.filename}\n".encode("utf-8", "replace"))
    while piece := await upload.read(_CHUNK):
        digest.update(piece)
    await upload.seek(0)
    return digest.hexdigest()


def field_rule(field: Field, max_bytes: int, locale: Locale) -> str:
    """What a file field takes, in words: “PDF, PNG ou JPEG, 10 Mo au plus”."""
    most = size_in_words(min(max_bytes, field.max_bytes or max_bytes), locale)
    kinds = kinds_in_words(field.accept, locale)
    return f"{kinds} – {most} maximum"
