"""What the command line does to accounts: workspaces, users, and the roles after an upgrade."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import available_timezones

from email_validator import EmailNotValidError

from relance.capabilities.identity.models import FEATURES
from relance.capabilities.identity.passwords import require_strong
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service import create_user, synchronise_roles
from relance.capabilities.journal.service import Journal
from relance.core.addresses import normalise_address
from relance.core.i18n import LOCALES, Locale, as_locale
from relance.core.logging import configure_logging
from relance.core.runtime import Runtime
from relance.core.settings import Settings
from relance.core.subjects import SYSTEM, SubjectRef
from relance.wiring import PERMISSIONS, build_runtime, close_runtime, provision_workspace

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_LEAST_PASSWORD = 12


class RefusedError(Exception):
    """The arguments do not fit what is there; the message says why."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to make; without a password they are invited by mail."""

    workspace: str
    email: str
    name: str
    role: str
    locale: str
    password: str | None


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[Runtime]:
    # What a command has to say is on stdout; what it logs (no Redis to wake a worker through) is not.
    configure_logging(settings)
    runtime = build_runtime(settings)
    try:
        await runtime.tick()
        yield runtime
    finally:
        await close_runtime(runtime)


async def bring_roles_up_to_date(settings: Settings) -> int:
    """Give the built-in roles of every workspace the permissions that this version has brought; how many changed."""
    async with _running(settings) as runtime, runtime.db.transaction(None) as session:
        return await synchronise_roles(session, PERMISSIONS)


async def subscribe(settings: Settings, slug: str, features: Sequence[str]) -> str:
    """Give a workspace the options of its subscription; they are told in their order.

    Raises:
        RefusedError: the workspace or an option is not known.
    """
    unknown = sorted(set(features) - set(FEATURES))
    if unknown:
        raise RefusedError(f"{unknown[0]!r} is not one of the options: {', '.join(FEATURES)}")
    async with _running(settings) as runtime, runtime.db.transaction(None) as session:
        workspace = await IdentityRepository(session).workspace_by_slug(slug)
        if workspace is None:
            raise RefusedError(f"there is no workspace {slug!r}")
        session.enter_workspace(workspace.id)
        workspace.features = [feature for feature in FEATURES if feature in features]
        subject = SubjectRef("workspace", workspace.id)
        after = {"features": workspace.features}
        Journal(session, runtime.clock).record("workspace.subscribed", subject, SYSTEM, after=after)
        return " ".join(workspace.features)


async def add_workspace(settings: Settings, slug: str, name: str, zone: str, locale: str) -> str:
    """Make a workspace; its id.

    Raises:
        RefusedError: the slug is taken or malformed, or the zone or the language is not known.
    """
    if not _SLUG.fullmatch(slug):
        raise RefusedError(f"{slug!r} is no slug: lower-case letters, digits and hyphens, at most 50")
    if not name.strip():
        raise RefusedError("the name is empty")
    if zone not in available_timezones():
        raise RefusedError(f"{zone!r} is no IANA zone")
    async with _running(settings) as runtime, runtime.db.transaction(None) as session:
        if await IdentityRepository(session).workspace_by_slug(slug) is not None:
            raise RefusedError(f"there is a workspace {slug!r} already")
        workspace = await provision_workspace(session, runtime, slug, name.strip(), zone=zone, locale=_locale(locale))
        Journal(session, runtime.clock).record("workspace.created", SubjectRef("workspace", workspace.id), SYSTEM)
        return str(workspace.id)


async def add_user(settings: Settings, wanted: NewUser) -> str:
    """Make a user; their id.

    Raises:
        RefusedError: the workspace or the role is not known, or the address is malformed or taken.
        ValidationFailed: the password is too easy to guess.
    """
    try:
        email = normalise_address(wanted.email)
    except EmailNotValidError:
        raise RefusedError(f"{wanted.email!r} is no e-mail address") from None
    if not wanted.name.strip():
        raise RefusedError("the name is empty")
    if wanted.password is not None:
        if len(wanted.password) < _LEAST_PASSWORD:
            raise RefusedError(f"the password has fewer than {_LEAST_PASSWORD} characters")
        await require_strong(wanted.password, "/password", (wanted.name, email))
    async with _running(settings) as runtime, runtime.db.transaction(None) as session:
        workspace = await IdentityRepository(session).workspace_by_slug(wanted.workspace)
        if workspace is None:
            raise RefusedError(f"there is no workspace {wanted.workspace!r}")
        session.enter_workspace(workspace.id)
        if await IdentityRepository(session).user_by_email(email) is not None:
            raise RefusedError(f"{email} is a user of this workspace already")
        try:
            user = await create_user(
                session,
                email,
                wanted.name.strip(),
                role=wanted.role,
                password=wanted.password,
                locale=_locale(wanted.locale),
                invite=wanted.password is None,
                clock=runtime.clock,
            )
        except LookupError as unknown:
            raise RefusedError(str(unknown)) from None
        Journal(session, runtime.clock).record("user.created", SubjectRef("user", user.id), SYSTEM)
        return str(user.id)


def _locale(value: str) -> Locale:
    if value not in LOCALES:
        raise RefusedError(f"{value!r} is not one of the languages: {', '.join(LOCALES)}")
    return as_locale(value)
