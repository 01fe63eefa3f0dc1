"""What the links of invitations and password resets show, and what an answer does."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from relance.capabilities.identity.accounts.asking import KIND
from relance.capabilities.identity.accounts.fields import NAME, PASSWORD, account_form
from relance.capabilities.identity.accounts.joining import join
from relance.capabilities.identity.accounts.lifecycle import InvitationStatus, UserStatus
from relance.capabilities.identity.accounts.notices import Way, tell_password_changed
from relance.capabilities.identity.accounts.repository import AccountRepository, InvitedUser, ResetOfUser
from relance.capabilities.identity.accounts.resets import RESET, is_open
from relance.capabilities.identity.errors import AlreadyUsed
from relance.capabilities.identity.models import User
from relance.capabilities.identity.passwords import hash_password, require_strong
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.errors import LinkExpired
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef

_JOIN_TITLE = Text("Votre compte {workspace}", "Your {workspace} account")
_JOIN_STATES: Mapping[LinkState, Text] = {
    "open": Text("En attente de votre réponse", "Waiting for your answer"),
    "answered": Text("Compte activé", "Account activated"),
    "expired": Text("Invitation expirée", "Invitation expired"),
    "closed": Text("Invitation close", "Invitation closed"),
}
_JOIN_MESSAGES: Mapping[LinkState, Text] = {
    "open": Text(
        "{inviter} vous a ouvert un compte. Choisissez un mot de passe pour l’activer.",
        "{inviter} has opened an account for you. Choose a password to activate it.",
    ),
    "answered": Text(
        "Votre compte est activé : connectez-vous avec l’adresse {email}.",
        "Your account is activated: sign in with the address {email}.",
    ),
    "expired": Text(
        "Cette invitation a expiré. Demandez à {inviter} de vous la renvoyer.",
        "This invitation has expired. Ask {inviter} to send it again.",
    ),
    "closed": Text("Cette invitation est close.", "This invitation is closed."),
}
_JOIN = Text("Activer mon compte", "Activate my account")

_RESET_TITLE = Text("Nouveau mot de passe {workspace}", "New {workspace} password")
_RESET_STATES: Mapping[LinkState, Text] = {
    "open": Text("En attente de votre nouveau mot de passe", "Waiting for your new password"),
    "answered": Text("Mot de passe changé", "Password changed"),
    "expired": Text("Demande expirée", "Request expired"),
    "closed": Text("Demande close", "Request closed"),
}
_RESET_MESSAGES: Mapping[LinkState, Text] = {
    "open": Text(
        "Choisissez le nouveau mot de passe du compte {email}. Toutes vos sessions ouvertes prendront fin.",
        "Choose the new password of the account {email}. Every open session of yours will end.",
    ),
    "answered": Text(
        "Votre mot de passe est changé et vos sessions sont closes : connectez-vous de nouveau.",
        "Your password is changed and your sessions are closed: sign in again.",
    ),
    "expired": Text(
        "Cette demande a expiré : faites-en une autre depuis la page de connexion.",
        "This request has expired: make another from the sign-in page.",
    ),
    "closed": Text("Cette demande est close.", "This request is closed."),
}
_CHANGE = Text("Changer le mot de passe", "Change the password")
_VERSION = 1


def _option(name: str, label: Text, locale: Locale) -> AnswerOption:
    return AnswerOption(name=name, label=label.in_locale(locale), method="POST", uses_form=True, takes_reason=False)


async def _take_password(session: DbSession, user: User, answers: Mapping[str, object]) -> None:
    """Give a user, whose row is locked, the password of a form."""
    password = str(answers["password"])
    await require_strong(password, "/answers/password", (user.name, user.email))
    user.password_hash = await hash_password(password)
    await IdentityRepository(session).revoke_sessions(user.id, system_now())


class UserInvitationRecipient:
    """Registered for the subject kind `user_invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language of the user."""
        row = (await AccountRepository(session).invited([link.subject_id])).get(link.subject_id)
        return as_locale(row.user.locale) if row is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The invitation as the invited user sees it; changes nothing.

        Raises:
            NotFound: the invitation is gone.
        """
        row = (await AccountRepository(session).invited([link.subject_id])).get(link.subject_id)
        if row is None:
            raise NotFound()
        return self._view(row, link, locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Take up the account: name and password.

        Raises:
            NotFound: there is no such answer.
            LinkExpired: the invitation expired.
            AlreadyUsed: the account was taken up before.
            StaleVersion: the page showed another version.
            ValidationFailed: the name or the password does not fit.
        """
        rows = AccountRepository(session)
        row = (await rows.invited([link.subject_id])).get(link.subject_id)
        if answer != "accept" or row is None:
            raise NotFound()
        # Order of the locks: the user, then their invitation (see UserInvitations).
        user = await IdentityRepository(session).user(row.user.id, lock=True)
        row = (await rows.lock_all([link.subject_id])).get(link.subject_id)
        if user is None or row is None:
            raise NotFound()
        _refuse_unless_open(_invitation_state(row, self._runtime.clock.now()))
        require_version(payload, _VERSION)
        answers = validate_answers(self._form(row, locale).json_schema, payload.get("answers"), locale)
        await self._join(session, user, answers, ActorRef("recipient", link.id))
        return self._view((await rows.invited([link.subject_id]))[link.subject_id], link, locale)

    async def _join(self, session: DbSession, user: User, answers: Mapping[str, object], actor: ActorRef) -> None:
        user.name = " ".join(str(answers["name"]).split())
        await _take_password(session, user, answers)
        await join(session, self._runtime.clock, user, Actor.RECIPIENT, actor)

    def _form(self, row: InvitedUser, locale: Locale) -> RecipientForm:
        return account_form(_VERSION, _JOIN, locale, {"name": NAME, "password": PASSWORD}, {"name": row.user.name})

    def _view(self, row: InvitedUser, link: ActionLink, locale: Locale) -> RecipientView:
        state, expires = _invitation_state(row, self._runtime.clock.now()), row.invitation.expires_at
        words = {
            "workspace": row.workspace_name,
            "inviter": row.inviter_name or row.workspace_name,
            "email": row.user.email,
        }
        shown = expires if state in ("open", "expired") else None
        return RecipientView(
            kind=KIND,
            state=state,
            state_label=_JOIN_STATES[state].in_locale(locale),
            title=_JOIN_TITLE.format(words, locale),
            message=_JOIN_MESSAGES[state].format(words, locale),
            asked_by=AskedBy(
                organisation=row.workspace_name, requester_name=row.inviter_name, requester_email=row.inviter_email
            ),
            recipient=link.recipient,
            reason=None,
            deadline=Deadline.of(shown, ZoneInfo(row.zone), locale) if shown else None,
            version=_VERSION,
            answers=[_option("accept", _JOIN, locale)] if state == "open" else [],
            form=self._form(row, locale) if state == "open" else None,
            answered_at=None,
            answered_label=None,
        )


def _invitation_state(row: InvitedUser, now: datetime) -> LinkState:
    """What the link is now; an answer received before `expires_at` wins, whenever the sweep comes by."""
    invitation = row.invitation
    if invitation.status == InvitationStatus.ACCEPTED:
        return "answered"
    if invitation.status == InvitationStatus.CANCELLED or row.user.status != UserStatus.INVITED:
        return "closed"
    passed = invitation.expires_at is not None and invitation.expires_at <= now
    return "expired" if invitation.status == InvitationStatus.EXPIRED or passed else "open"


def _refuse_unless_open(state: LinkState) -> None:
    if state == "expired":
        raise LinkExpired()
    if state != "open":
        raise AlreadyUsed()


class PasswordResetRecipient:
    """Registered for the subject kind `password_reset` by the composition root."""

    kind = RESET

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language of the user."""
        row = (await AccountRepository(session).resets([link.subject_id])).get(link.subject_id)
        return as_locale(row.user.locale) if row is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The reset as its user sees it; changes nothing.

        Raises:
            NotFound: the reset is gone.
        """
        row = (await AccountRepository(session).resets([link.subject_id])).get(link.subject_id)
        if row is None:
            raise NotFound()
        return _reset_view(row, link, locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Change the password, once; every session of the user ends.

        Raises:
            NotFound: there is no such answer.
            LinkExpired: the request is more than an hour old.
            AlreadyUsed: it was used before.
            StaleVersion: the page showed another version.
            ValidationFailed: the password does not fit.
        """
        rows = AccountRepository(session)
        row = (await rows.resets([link.subject_id])).get(link.subject_id)
        if answer != "change" or row is None:
            raise NotFound()
        # Under the user's lock every request of theirs is opened, used and closed: of two answers one finds it open.
        user = await IdentityRepository(session).user(row.user.id, lock=True)
        row = (await rows.resets([link.subject_id])).get(link.subject_id)
        if user is None or row is None:
            raise NotFound()
        _refuse_unless_open(_reset_state(row))
        require_version(payload, _VERSION)
        form = account_form(_VERSION, _CHANGE, locale, {"password": PASSWORD}, {})
        answers = validate_answers(form.json_schema, payload.get("answers"), locale)
        await _take_password(session, user, answers)
        row.reset.used_at = row.reset.closed_at = system_now()
        journal = Journal(session, self._runtime.clock)
        journal.record("user.password_reset", SubjectRef("user", user.id), ActorRef("recipient", link.id))
        await session.flush()
        await tell_password_changed(session, self._runtime.clock, user, Way.LINK, user.email)
        return _reset_view(row, link, locale)


def _reset_state(row: ResetOfUser) -> LinkState:
    if row.reset.used_at is not None:
        return "answered"
    if is_open(row):
        return "open"
    return "expired" if row.reset.closed_at is None and row.user.status == UserStatus.ACTIVE else "closed"


def _reset_view(row: ResetOfUser, link: ActionLink, locale: Locale) -> RecipientView:
    state, zone, used = _reset_state(row), ZoneInfo(row.zone), row.reset.used_at
    words = {"workspace": row.workspace_name, "email": row.user.email}
    return RecipientView(
        kind=RESET,
        state=state,
        state_label=_RESET_STATES[state].in_locale(locale),
        title=_RESET_TITLE.format(words, locale),
        message=_RESET_MESSAGES[state].format(words, locale),
        asked_by=AskedBy(organisation=row.workspace_name, requester_name=None, requester_email=None),
        recipient=link.recipient,
        reason=None,
        deadline=Deadline.of(row.reset.expires_at, zone, locale) if state in ("open", "expired") else None,
        version=_VERSION,
        answers=[_option("change", _CHANGE, locale)] if state == "open" else [],
        form=account_form(_VERSION, _CHANGE, locale, {"password": PASSWORD}, {}) if state == "open" else None,
        answered_at=used,
        answered_label=long_datetime(used, zone, locale) if used else None,
    )
