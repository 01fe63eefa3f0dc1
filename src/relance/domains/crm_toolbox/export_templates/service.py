"""Use cases of export templates."""

from collections.abc import Sequence
from importlib.resources import files
from uuid import UUID

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.catalogue.placeholders import Kind, flat, slots_of
from relance.capabilities.messaging.catalogue.views import placeholder
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Locale, Text, as_locale
from relance.core.ids import new_id
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.export_templates.document import ProfileDocument, checked, pictures_in
from relance.domains.crm_toolbox.export_templates.models import ExportTemplate
from relance.domains.crm_toolbox.export_templates.repository import ExportTemplateRepository
from relance.domains.crm_toolbox.export_templates.schemas import (
    ExportTemplateCreate,
    ExportTemplateListed,
    ExportTemplateRead,
    ExportTemplateUpdate,
)
from relance.domains.crm_toolbox.profiles.files import hold_files

KIND = "export_template"
#: Bytes of one picture.
_LARGEST_PICTURE = 1024 * 1024
_SHIPPED = Text("Fiche du produit", "Standard sheet")
_NO_PICTURE = Text("Une image est un fichier PNG ou JPEG.", "A picture is a PNG or JPEG file.")
_UNKNOWN_PICTURE = Text(
    "Ce modèle n’a pas d’image « {picture} » : nommez-la dans « picture_ids ».",
    "This template has no picture “{picture}”: name it in `picture_ids`.",
)


async def install_export_template(session: DbSession, clock: Clock, locale: Locale) -> None:
    """Give a new workspace the template that it begins with."""
    shipped, now = files("relance.domains.crm_toolbox.export_templates").joinpath("shipped"), clock.now()
    css = shipped.joinpath("style.css").read_text("utf-8")
    html = checked(shipped.joinpath(f"{locale}.html").read_text("utf-8"), css)
    name = _SHIPPED.in_locale(locale)
    made = ExportTemplate(id=new_id(), name=name, locale=locale, html=html, css=css, created_at=now, changed_at=now)
    session.add(made)


def holder_of(template_id: UUID) -> SubjectRef:
    """What holds the pictures of a template."""
    return SubjectRef(KIND, template_id)


class ExportTemplates:
    """The export templates of the caller's workspace."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._rows = ExportTemplateRepository(session)

    async def get(self, template_id: UUID, *, lock: bool = False) -> ExportTemplate:
        """The template with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(template_id, lock=lock)
        if found is None:
            raise NotFound()
        return found

    async def create(self, wanted: ExportTemplateCreate) -> ExportTemplate:
        """A new template.

        Raises:
            ValidationFailed: what is wrong with its words, with lines and columns; or a picture is not there.
            FileTooLarge: a picture is.
        """
        values, now = wanted.model_dump(exclude={"picture_ids", "html"}), self._clock.now()
        by = {"created_by": self._caller.user_id, "changed_by": self._caller.user_id}
        html = checked(wanted.html, wanted.css)
        made = ExportTemplate(id=new_id(), html=html, **values, **by, created_at=now, changed_at=now)
        self._session.add(made)
        await self._hold(made.id, html, wanted.css, wanted.picture_ids)
        self._record("export_template.created", made.id)
        await self._session.flush()
        return made

    async def update(
        self, template_id: UUID, wanted: ExportTemplateUpdate, precondition: Precondition
    ) -> ExportTemplate:
        """Change what is sent. PDFs that were made stay as they are.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: what is wrong with its words, with lines and columns; or a picture is not there.
            FileTooLarge: a picture is.
        """
        found = await self.get(template_id, lock=True)
        precondition.check(found.version)
        changes = wanted.changes()
        picture_ids = changes.pop("picture_ids", None)
        if picture_ids is None:
            picture_ids = [file.id for file in await self.pictures(template_id)]
        html, css = changes.get("html", found.html), changes.get("css", found.css)
        if {"html", "css"} & changes.keys():
            html = changes["html"] = checked(html, css)
        await self._hold(template_id, html, css, picture_ids)
        for name, value in changes.items():
            setattr(found, name, value)
        found.changed_by, found.changed_at = self._caller.user_id, self._clock.now()
        self._record("export_template.changed", found.id)
        await self._session.flush()
        return found

    async def delete(self, template_id: UUID, precondition: Precondition) -> None:
        """Delete it; PDFs that were made stay.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
        """
        found = await self.get(template_id, lock=True)
        precondition.check(found.version)
        await Attachments(self._session).hold(holder_of(template_id), ())
        await self._rows.remove(found)
        self._record("export_template.deleted", template_id)

    async def pictures(self, template_id: UUID) -> Sequence[StoredFile]:
        """The pictures of a template."""
        return await Attachments(self._session).held([holder_of(template_id)])

    async def _hold(self, template_id: UUID, html: str, css: str, ids: Sequence[UUID]) -> None:
        held = await hold_files(
            self._session,
            self._caller,
            holder_of(template_id),
            ids,
            pointer="/picture_ids",
            largest=_LARGEST_PICTURE,
        )
        for position, file in enumerate(held):
            if file.media_type not in {"image/png", "image/jpeg"}:
                raise ValidationFailed.at(f"/picture_ids/{position}", "not_a_picture", _NO_PICTURE)
        require_pictures(html, css, held)

    def _record(self, action: str, template_id: UUID) -> None:
        Journal(self._session, self._clock).record(action, holder_of(template_id), ActorRef.of(self._caller))


def require_pictures(html: str, css: str, held: Sequence[StoredFile]) -> None:
    """Refuse words that name a picture that is not there.

    Raises:
        ValidationFailed: they do.
    """
    known = {str(file.id) for file in held}
    for pointer, source in (("/html", html), ("/css", css)):
        for name in pictures_in(source):
            if name not in known:
                words = _UNKNOWN_PICTURE.format({"picture": name})
                raise ValidationFailed.at(pointer, "unknown_picture", Text(words, words))


async def listed(session: DbSession, templates: Sequence[ExportTemplate]) -> list[ExportTemplateListed]:
    """Templates as a list shows them."""
    ids = {one for template in templates for one in (template.created_by, template.changed_by) if one}
    people = await DirectoryRepository(session).people(ids)
    return [_listed(template, people) for template in templates]


def _listed(template: ExportTemplate, people: dict[UUID, str]) -> ExportTemplateListed:
    def person(id_: UUID | None) -> Reference | None:
        return Reference(id=id_, name=people.get(id_, "")) if id_ else None

    return ExportTemplateListed(
        id=template.id,
        name=template.name,
        locale=as_locale(template.locale),
        active=template.active,
        created_at=template.created_at,
        created_by=person(template.created_by),
        changed_at=template.changed_at,
        changed_by=person(template.changed_by),
        version=template.version,
    )


async def read(session: DbSession, template: ExportTemplate) -> ExportTemplateRead:
    """One template."""
    (shown,) = await listed(session, [template])
    pictures = await Attachments(session).held([holder_of(template.id)])
    slots = [slot for slot in flat(slots_of(ProfileDocument)) if slot.kind is not Kind.OBJECT]
    return ExportTemplateRead(
        **dict(shown),
        html=template.html,
        css=template.css,
        pictures=[FileFacts.of(file) for file in pictures],
        documented=[placeholder(slot, ("html",)) for slot in slots],
    )
