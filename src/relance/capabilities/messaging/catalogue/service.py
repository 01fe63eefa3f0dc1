"""Use cases of the template catalogue, for one caller."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.catalogue import views
from relance.capabilities.messaging.catalogue.checking import Draft, checked, preview
from relance.capabilities.messaging.catalogue.errors import NoPreviewSubject
from relance.capabilities.messaging.catalogue.models import TemplateOverride, TemplateVersion
from relance.capabilities.messaging.catalogue.owners import require_owner
from relance.capabilities.messaging.catalogue.placeholders import sample_of
from relance.capabilities.messaging.catalogue.repository import CatalogueRepository
from relance.capabilities.messaging.catalogue.schemas import (
    OverrideRead,
    TemplateListed,
    TemplatePreview,
    TemplateRead,
    TemplateTry,
    TestSent,
    VersionQuery,
    VersionRead,
    WordingWrite,
)
from relance.capabilities.messaging.catalogue.styles import Style, Wording
from relance.capabilities.messaging.catalogue.wardrobe import Wardrobe
from relance.capabilities.messaging.delivery.compose import TEST_KIND, sender_of
from relance.capabilities.messaging.handlers import MailExamples
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.capabilities.messaging.templates import Templates
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound
from relance.core.etag import Precondition
from relance.core.i18n import Locale
from relance.core.ids import new_id
from relance.core.pagination import Cursor, PageRequest, Slice
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef

#: Stands for the token of a link that is only shown. No token has an ellipsis.
_REDACTED = "…"
_LARGEST_INT = 2_147_483_647


class Catalogue:
    """The templates of the session's workspace."""

    def __init__(
        self,
        session: DbSession,
        runtime: Runtime,
        caller: Caller,
        templates: Callable[[], Templates],
        examples: Mapping[str, MailExamples],
    ) -> None:
        """
        Args:
            session: of the request.
            runtime: of this process.
            caller: who asks.
            templates: gives the compiled templates.
            examples: who fills each mail from a real row, by key.
        """
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._templates = templates
        self._examples = examples
        self._rows = CatalogueRepository(session)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def page(self, organisation_id: UUID | None, request: PageRequest) -> Slice[TemplateListed]:
        """One page of the mails, by their keys. A mail has no row and no id of its own.

        Raises:
            ValidationFailed, NotFound: see `every`.
        """
        found = sorted(await self.every(organisation_id), key=lambda one: one.key, reverse=request.descending)
        if request.after is not None:
            last = str(request.after.value)
            found = [one for one in found if (one.key < last if request.descending else one.key > last)]
        shown, more = found[: request.limit], len(found) > request.limit
        return Slice(shown, Cursor(request.sort, shown[-1].key, UUID(int=0)) if more else None)

    async def every(self, organisation_id: UUID | None) -> list[TemplateListed]:
        """Every mail of the product, with what the owner has edited.

        Raises:
            NotFound: there is no such organisation.
        """
        await require_owner(self._rows, self._caller, organisation_id)
        overrides = await self._rows.overrides(None, organisation_id)
        versions = await self._versions(overrides)
        return [
            views.listed(mail, views.by_locale(mail, organisation_id, overrides, versions))
            for mail in self._templates().mails.values()
        ]

    async def detail(self, key: str, organisation_id: UUID | None) -> TemplateRead:
        """One mail with all that its editor needs.

        Raises:
            NotFound: there is no such mail or organisation.
        """
        mail = self._mail(key)
        await require_owner(self._rows, self._caller, organisation_id)
        overrides = await self._rows.overrides(key, organisation_id)
        found = views.by_locale(mail, organisation_id, overrides, await self._versions(overrides))
        return views.detail(self._templates(), mail, found)

    async def get(self, key: str, locale: Locale, organisation_id: UUID | None) -> OverrideRead:
        """The owner's words of a mail in one language.

        Raises:
            NotFound: there is no such mail or organisation.
        """
        mail = self._mail(key)
        await require_owner(self._rows, self._caller, organisation_id)
        return await self._read(mail, locale, organisation_id, await self._rows.override(key, locale, organisation_id))

    async def versions(
        self, key: str, locale: Locale, wanted: VersionQuery, request: PageRequest
    ) -> tuple[list[VersionRead], str | None]:
        """One page of what the owner's words were, and the cursor of the next.

        Raises:
            NotFound: there is no such mail or organisation.
        """
        self._mail(key)
        await require_owner(self._rows, self._caller, wanted.organisation_id)
        override = await self._rows.override(key, locale, wanted.organisation_id)
        if override is None:
            return [], None
        page = await self._rows.version_page(override.id, request)
        next_cursor = self._runtime.cursors.encode(page.next) if page.next else None
        return [views.version_read(one) for one in page.rows], next_cursor

    # --- changing --------------------------------------------------------------------------------------------------

    async def save(
        self, key: str, locale: Locale, organisation_id: UUID | None, wanted: WordingWrite, precondition: Precondition
    ) -> OverrideRead:
        """Use these words from now on.

        Raises:
            NotFound: there is no such mail or organisation.
            PermissionDenied: it is not the caller's to change.
            PreconditionFailed: somebody else has changed it since.
            ValidationFailed: the words do not fit the mail.
        """
        mail = self._mail(key)
        override = await self._changeable(mail, locale, organisation_id, precondition)
        wording = self._checked(mail, locale, wanted)
        return await self._change(mail, override, "saved", wording)

    async def restore(
        self, key: str, locale: Locale, organisation_id: UUID | None, number: int, precondition: Precondition
    ) -> OverrideRead:
        """Use the words of an earlier version again.

        Raises:
            NotFound: there is no such version, or it has no words.
            ValidationFailed: they do not fit the mail any more.
        """
        mail = self._mail(key)
        override = await self._changeable(mail, locale, organisation_id, precondition)
        version = await self._rows.version(override.id, number) if number <= _LARGEST_INT else None
        old = views.wording_of(version) if version is not None else None
        if old is None:
            raise NotFound()
        wording = checked(self._templates(), mail, locale, Draft(old.subject, old.html, old.text))
        return await self._change(mail, override, "restored", wording)

    async def reset(
        self, key: str, locale: Locale, organisation_id: UUID | None, precondition: Precondition
    ) -> OverrideRead:
        """Go back to the words of the next owner. The versions stay.

        Raises:
            NotFound: there is no such mail or organisation.
            PermissionDenied: it is not the caller's to change.
            PreconditionFailed: somebody else has changed it since.
        """
        mail = self._mail(key)
        override = await self._changeable(mail, locale, organisation_id, precondition)
        if override.current_id is None:
            return views.override_read(mail, locale, organisation_id, None if not override.number else override, None)
        return await self._change(mail, override, "reset", None)

    # --- trying ----------------------------------------------------------------------------------------------------

    async def preview(
        self, key: str, locale: Locale, organisation_id: UUID | None, wanted: TemplateTry
    ) -> TemplatePreview:
        """A mail as it would leave.

        Raises:
            NotFound: there is no such mail, organisation or subject.
            NoPreviewSubject: this mail is shown on samples only.
            ValidationFailed: the draft does not fit the mail.
        """
        mail = self._mail(key)
        await require_owner(self._rows, self._caller, organisation_id)
        values, name, answers = await self._values(mail, locale, wanted.subject_id)
        style = await self._style(mail, locale, organisation_id, wanted.draft)
        link = f"{self._runtime.settings.public_url}/r/{_REDACTED}"
        found = preview(self._templates(), mail, locale, style, values, link)
        sender, reply_to = sender_of(style.brand, name, answers)
        return TemplatePreview(
            sender_name=sender or None, reply_to=reply_to, subject=found.subject, text=found.text, html=found.html
        )

    async def test(self, key: str, locale: Locale, organisation_id: UUID | None, wanted: TemplateTry) -> TestSent:
        """Send it to the caller, marked as a test, by the way of every mail. Its link leads nowhere.

        Raises:
            NotFound: there is no such mail, organisation or subject.
            PermissionDenied: it is not the caller's to change.
            ValidationFailed: the draft does not fit the mail.
        """
        mail = self._mail(key)
        await require_owner(self._rows, self._caller, organisation_id, write=True)
        values, name, answers = await self._values(mail, locale, wanted.subject_id)
        wording_id = self._keep_draft(self._checked(mail, locale, wanted.draft)) if wanted.draft else None
        subject = SubjectRef(TEST_KIND, new_id())
        message_id = await Outbox(self._session, self._runtime.clock).enqueue(
            Envelope(
                subject=subject,
                mail=values,
                recipient=self._caller.email,
                locale=locale,
                # Well made and bound to no row: whoever follows it is told that it is unknown.
                link_id=new_id() if mail.link_fields() else None,
                sender_name=name,
                reply_to=answers,
                priority=50,
                organisation_id=organisation_id,
                wording_id=wording_id,
            )
        )
        assert message_id is not None  # the subject is new, so is the mail
        self._record("email_template.test_sent", subject.id, mail.key, locale, organisation_id, None)
        await self._session.flush()
        return TestSent(message_id=message_id, recipient=self._caller.email)

    def _keep_draft(self, wording: Wording) -> UUID:
        version = self._version(None, 0, "tested", wording)
        self._session.add(version)
        return version.id

    async def _values(
        self, mail: type[Mail], locale: Locale, subject_id: UUID | None
    ) -> tuple[Mail, str | None, str | None]:
        if subject_id is None:
            return sample_of(mail, locale), None, None
        examples = self._examples.get(mail.key)
        if examples is None:
            raise NoPreviewSubject()
        return await examples.example(self._session, self._caller, mail.key, subject_id, locale)

    async def _style(
        self, mail: type[Mail], locale: Locale, organisation_id: UUID | None, draft: WordingWrite | None
    ) -> Style:
        wardrobe = Wardrobe(self._runtime.settings.public_url)
        place = (self._session.workspace_id, organisation_id, mail.key, locale)
        style = (await wardrobe.styles(self._session, {place}))[place]
        return Style(self._checked(mail, locale, draft), style.brand) if draft is not None else style

    # --- rows ------------------------------------------------------------------------------------------------------

    def _mail(self, key: str) -> type[Mail]:
        mail = self._templates().mails.get(key)
        if mail is None:
            raise NotFound()
        return mail

    def _checked(self, mail: type[Mail], locale: Locale, wanted: WordingWrite) -> Wording:
        return checked(self._templates(), mail, locale, Draft(wanted.subject, wanted.html, wanted.text))

    async def _versions(self, overrides: Sequence[TemplateOverride]) -> dict[UUID, TemplateVersion]:
        found = await self._rows.versions([one.current_id for one in overrides if one.current_id is not None])
        return {one.id: one for one in found}

    async def _read(
        self, mail: type[Mail], locale: Locale, organisation_id: UUID | None, override: TemplateOverride | None
    ) -> OverrideRead:
        versions = await self._versions([override]) if override is not None else {}
        current = versions.get(override.current_id) if override is not None and override.current_id else None
        return views.override_read(mail, locale, organisation_id, override, current)

    async def _changeable(
        self, mail: type[Mail], locale: Locale, organisation_id: UUID | None, precondition: Precondition
    ) -> TemplateOverride:
        """The override, locked; a new one, not yet stored, where there was none."""
        await require_owner(self._rows, self._caller, organisation_id, write=True)
        override = await self._rows.override(mail.key, locale, organisation_id, lock=True)
        precondition.check(override.number if override is not None else 0)
        return override or TemplateOverride(
            workspace_id=self._session.workspace_id,
            id=new_id(),
            organisation_id=organisation_id,
            mail_key=mail.key,
            locale=locale,
            number=0,
        )

    async def _change(
        self, mail: type[Mail], override: TemplateOverride, action: str, wording: Wording | None
    ) -> OverrideRead:
        """Write one more version, and make it the one in use."""
        if override.number >= _LARGEST_INT:
            raise Conflict()
        before = override.number
        version = self._version(override.id, before + 1, action, wording)
        override.number = before + 1
        override.current_id = version.id if wording is not None else None
        override.changed_at = version.created_at
        self._session.add(override)
        await self._session.flush()
        self._session.add(version)
        locale: Locale = "en" if override.locale == "en" else "fr"
        self._record(
            f"email_template.{action}", override.id, mail.key, locale, override.organisation_id, override.number
        )
        await self._session.flush()
        return views.override_read(mail, locale, override.organisation_id, override, version)

    def _version(self, override_id: UUID | None, number: int, action: str, wording: Wording | None) -> TemplateVersion:
        return TemplateVersion(
            workspace_id=self._session.workspace_id,
            id=new_id(),
            override_id=override_id,
            number=number,
            action=action,
            subject=wording.subject if wording else None,
            html=wording.html if wording else None,
            text=wording.text if wording else None,
            created_by=self._caller.user_id,
            created_at=self._runtime.clock.now(),
        )

    def _record(
        self, action: str, id_: UUID, key: str, locale: Locale, organisation_id: UUID | None, number: int | None
    ) -> None:
        after = {
            "key": key,
            "locale": locale,
            "organisation_id": str(organisation_id) if organisation_id else None,
            "version": number,
        }
        journal = Journal(self._session, self._runtime.clock)
        journal.record(action, SubjectRef(TEST_KIND, id_), ActorRef.of(self._caller), after=after)
