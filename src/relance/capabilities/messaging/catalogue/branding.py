"""Use cases of branding: name, address for answers, colour and logo of a workspace's or an organisation's mails."""

import hashlib
from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.catalogue.models import MailBranding, MailLogo
from relance.capabilities.messaging.catalogue.owners import require_owner
from relance.capabilities.messaging.catalogue.pictures import picture_of
from relance.capabilities.messaging.catalogue.repository import CatalogueRepository
from relance.capabilities.messaging.catalogue.schemas import BrandingRead, BrandingWrite, LogoRead
from relance.capabilities.messaging.catalogue.wardrobe import logo_url
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef

_UNKNOWN_LOGO = Text("Ce logo est inconnu.", "This logo is unknown.")


class Branding:
    """The look of the mails of the session's workspace."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = CatalogueRepository(session)

    async def get(self, organisation_id: UUID | None) -> BrandingRead:
        """What the owner has set.

        Raises:
            NotFound: there is no such organisation.
        """
        await require_owner(self._rows, self._caller, organisation_id)
        return await self._read(organisation_id, await self._rows.branding(organisation_id))

    async def put(
        self, organisation_id: UUID | None, wanted: BrandingWrite, precondition: Precondition
    ) -> BrandingRead:
        """Set all of it.

        Raises:
            NotFound: there is no such organisation.
            PermissionDenied: it is not the caller's to change.
            PreconditionFailed: somebody else has changed it since.
            ValidationFailed: the logo is unknown.
        """
        await require_owner(self._rows, self._caller, organisation_id, write=True)
        branding = await self._rows.branding(organisation_id, lock=True)
        precondition.check(branding.number if branding is not None else 0)
        if wanted.logo_id is not None and await self._rows.logo(wanted.logo_id) is None:
            raise ValidationFailed.at("/logo_id", "unknown_logo", _UNKNOWN_LOGO)
        if branding is None:
            branding = MailBranding(
                workspace_id=self._session.workspace_id, id=new_id(), organisation_id=organisation_id, number=0
            )
            self._session.add(branding)
        for name, value in wanted.model_dump().items():
            setattr(branding, name, value)
        branding.number += 1
        self._record("email_branding.changed", branding.id, organisation_id)
        await self._session.flush()
        return await self._read(organisation_id, branding)

    async def add_logo(self, content: bytes) -> LogoRead:
        """Store a picture at its public address; the same picture twice is one.

        Raises:
            PermissionDenied: the caller may change no templates.
            LogoRefused: mail clients do not show it, or it is too large.
        """
        picture, digest = picture_of(content), hashlib.sha256(content).hexdigest()
        logo = await self._rows.logo_like(digest)
        if logo is None:
            logo = MailLogo(
                workspace_id=self._session.workspace_id,
                id=new_id(),
                digest=digest,
                media_type=picture.media_type,
                width=picture.width,
                height=picture.height,
                content=content,
                created_at=self._runtime.clock.now(),
            )
            self._session.add(logo)
            self._record("email_branding.logo_added", logo.id, None)
            await self._session.flush()
        return LogoRead(
            id=logo.id,
            url=logo_url(self._runtime.settings.public_url, logo),
            media_type=logo.media_type,
            width=logo.width,
            height=logo.height,
        )

    async def _read(self, organisation_id: UUID | None, branding: MailBranding | None) -> BrandingRead:
        logo = await self._rows.logo(branding.logo_id) if branding is not None and branding.logo_id else None
        return BrandingRead(
            organisation_id=organisation_id,
            sender_name=branding.sender_name if branding else None,
            reply_to=branding.reply_to if branding else None,
            colour=branding.colour if branding else None,
            logo_id=logo.id if logo else None,
            logo_url=logo_url(self._runtime.settings.public_url, logo) if logo else None,
            version=branding.number if branding else 0,
        )

    def _record(self, action: str, id_: UUID, organisation_id: UUID | None) -> None:
        after = {"organisation_id": str(organisation_id) if organisation_id else None}
        journal = Journal(self._session, self._runtime.clock)
        journal.record(action, SubjectRef("email_branding", id_), ActorRef.of(self._caller), after=after)
