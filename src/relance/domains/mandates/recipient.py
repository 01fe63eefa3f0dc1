"""What the link of a mandate shows its contact, and what accepting and declining do."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from relance.capabilities.cycles.service import Cycles
from relance.capabilities.directory.schemas import Phone
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.identity.accounts.clients import ClientAccounts
from relance.capabilities.identity.accounts.fields import PASSWORD, account_form
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.models import User
from relance.capabilities.links.errors import LinkExpired
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import given_reason, require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef
from relance.domains.mandates import views
from relance.domains.mandates.asking import CONTACT_KIND, KIND, chase_of, subject_of
from relance.domains.mandates.contacts.repository import ContactRepository
from relance.domains.mandates.deliveries.planning import DeliveryPlans
from relance.domains.mandates.errors import AccountDeactivated, MandateAnswered
from relance.domains.mandates.filling import CIVILITIES
from relance.domains.mandates.lifecycle import MandateStatus
from relance.domains.mandates.repository import MandateRepository, MandateRow
from relance.domains.mandates.service import set_contact

_TITLE = Text("Mandat proposé par {organisation}", "Mandate offered by {organisation}")
_STATES: Mapping[LinkState, Text] = {
    "open": Text("En attente de votre réponse", "Waiting for your answer"),
    "answered": Text("Mandat accepté", "Mandate accepted"),
    "expired": Text("Invitation expirée", "Invitation expired"),
    "closed": Text("Invitation close", "Invitation closed"),
}
_MESSAGES: Mapping[LinkState, Text] = {
    "open": Text(
        "{organisation} souhaite représenter {company} et vous invite à rejoindre son portail. Pour accepter ce "
        "mandat, ouvrez votre compte ci‑dessous.",
        "{organisation} would like to represent {company} and invites you to join its portal. To accept this mandate, "
        "open your account below.",
    ),
    "answered": Text(
        "Merci : le mandat de {company} est accepté. Connectez-vous avec l’adresse {email}.",
        "Thank you: the mandate of {company} is accepted. Sign in with the address {email}.",
    ),
    "expired": Text(
        "Cette invitation a expiré le {expired_on}. Pour y répondre encore, écrivez à {requester} ({requester_email}), "
        "qui peut vous la renvoyer.",
        "This invitation expired on {expired_on}. To answer it still, write to {requester} ({requester_email}), who "
        "can send it again.",
    ),
    "closed": Text("Cette invitation est close.", "This invitation is closed."),
}
_SIGN_IN = Text(
    "{organisation} souhaite représenter {company}. L’adresse {email} a déjà un compte : pour accepter ce mandat, "
    "donnez-en le mot de passe.",
    "{organisation} would like to represent {company}. The address {email} has an account already: to accept this "
    "mandate, give its password.",
)
_DECLINED = Text("Vous avez refusé ce mandat ; {requester} en est informé.", "You declined; {requester} was told.")
_DECLINED_STATE = Text("Mandat refusé", "Mandate declined")
_REGISTER = Text("Accepter et ouvrir mon compte", "Accept and open my account")
_ACCEPT = Text("Accepter ce mandat", "Accept this mandate")
_NEW_ACCOUNT = Text("Votre compte", "Your account")
_KNOWN = Text("Connectez-vous pour accepter", "Sign in to accept")
_DECLINE = Text("Refuser ce mandat", "Decline this mandate")
_NO_PHONE = Text("Ce numéro de téléphone n’est pas valide.", "This telephone number is not valid.")
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_OVER = {MandateStatus.DECLINED, MandateStatus.CANCELLED, MandateStatus.DISABLED}
#: The page that opens an account, and the one that signs in to a known account: an answer fits the one it was made on.
_VERSION_OPEN, _VERSION_SIGN_IN = 1, 2


def _field(fr: str, en: str, autocomplete: str, **more: object) -> dict[str, object]:
    titles = {"x-title": {"fr": fr, "en": en}, "x-autocomplete": autocomplete}
    return {"type": "string", "maxLength": 200, **titles, **more}


_TITLE_FIELD: Mapping[str, object] = {
    "type": "string",
    "x-title": {"fr": "Civilité", "en": "Title"},
    "oneOf": [{"const": code.value, "x-title": {"fr": words.fr, "en": words.en}} for code, words in CIVILITIES.items()],
}
_ACCOUNT: Mapping[str, Mapping[str, object]] = {
    "title": _TITLE_FIELD,
    "first_name": _field("Prénom", "First name", "given-name", minLength=1),
    "last_name": _field("Nom", "Last name", "family-name", minLength=1),
    "phone": _field("Téléphone", "Telephone", "tel", maxLength=40, **{"x-inputmode": "tel"}),
    "password": PASSWORD,
}
_KNOWN_ACCOUNT: Mapping[str, object] = {
    name: value for name, value in PASSWORD.items() if name not in {"minLength", "x-hint"}
} | {"minLength": 1, "x-autocomplete": "current-password"}


class MandateRecipient:
    """Registered for the subject kind `mandate` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def _row(self, session: DbSession, link: ActionLink, *, lock: bool = False) -> MandateRow | None:
        rows = MandateRepository(session)
        found = await (rows.lock_all([link.subject_id]) if lock else rows.rows([link.subject_id]))
        return found.get(link.subject_id)

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language the mandate was written in."""
        row = await self._row(session, link)
        return as_locale(row.mandate.locale) if row is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The mandate as its contact sees it; changes nothing.

        Raises:
            NotFound: the mandate is gone.
        """
        row = await self._row(session, link)
        if row is None:
            raise NotFound()
        return self._view(row, await self._account(session, row), locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Accept, decline, or stop the reminders.

        Raises:
            NotFound: there is no such answer, or the mandate is gone.
            LinkExpired: the invitation is over.
            MandateAnswered: it was answered otherwise, or withdrawn.
            StaleVersion: an account was opened meanwhile: sign in to it.
            AccountDeactivated: the account of this address is closed.
            ValidationFailed: the answers do not fit.
        """
        actions = {"accept": self._accept, "decline": self._decline, "unsubscribe": self._unsubscribe}
        if answer not in actions:
            raise NotFound()
        row = await self._row(session, link, lock=True)
        if row is None:
            raise NotFound()
        await actions[answer](session, row, link, payload, locale)
        return await self.view(session, link, locale)

    async def _accept(
        self, session: DbSession, row: MandateRow, link: ActionLink, payload: Mapping[str, object], locale: Locale
    ) -> None:
        invitee, now, chase = row.invitee, self._runtime.clock.now(), chase_of(row, self._runtime)
        if invitee.accepted_at is not None:
            return  # the second tab
        self._require_open(row, now)
        account = await self._account(session, row)
        form = self._form(row, account, locale)
        require_version(payload, form.version)
        answers = validate_answers(form.json_schema, payload.get("answers"), locale)
        actor = ActorRef("recipient", link.id)
        user = await self._enter(session, row, account, answers, actor)
        step = chase.lifecycle.require(invitee.status, "accept", Actor.RECIPIENT, views.facts_of(row, now))
        before, invitee.status = invitee.status, chase.lifecycle.target(step, invitee.status)
        invitee.accepted_at, invitee.contact_user_id = now, user.id
        cycles = Cycles(session, self._runtime, chase, actor)
        await cycles.stop(row, "accepted")
        await session.flush()
        await chase.tell_accepted(session, row, now)
        cycles.record(row, step.journal, before, user_id=str(user.id))
        await session.flush()
        if row.further is None:
            await DeliveryPlans(session, self._runtime.clock, actor).begin(row)

    async def _enter(
        self,
        session: DbSession,
        row: MandateRow,
        account: User | None,
        answers: Mapping[str, object],
        actor: ActorRef,
    ) -> User:
        """The account behind the answer: signed in to, or opened with what was answered."""
        accounts, pointer = ClientAccounts(session, self._runtime.clock), "/answers/password"
        password = str(answers["password"])
        if account is not None and account.status == UserStatus.DEACTIVATED:
            raise AccountDeactivated()
        if account is not None and account.status == UserStatus.ACTIVE:
            await accounts.sign_in(account, password, pointer)
            return account
        given = {name: " ".join(str(answers.get(name) or "").split()) for name in ("first_name", "last_name")}
        set_contact(row, {**given, "title": answers.get("title") or None, **_phone(answers)})
        name = f"{given['first_name']} {given['last_name']}"
        locale = as_locale(row.mandate.locale)
        return await accounts.open(row.invitee.contact_email_key or "", name, password, locale, actor, pointer)

    async def _decline(
        self, session: DbSession, row: MandateRow, link: ActionLink, payload: Mapping[str, object], locale: Locale
    ) -> None:
        invitee, now, chase = row.invitee, self._runtime.clock.now(), chase_of(row, self._runtime)
        if invitee.status == MandateStatus.DECLINED:
            return
        self._require_open(row, now)
        invitee.decline_reason = given_reason(payload)
        step = chase.lifecycle.require(invitee.status, "decline", Actor.RECIPIENT, views.facts_of(row, now))
        before, invitee.status = invitee.status, chase.lifecycle.target(step, invitee.status)
        invitee.declined_at = now
        cycles = Cycles(session, self._runtime, chase, ActorRef("recipient", link.id))
        await cycles.stop(row, "declined")
        await chase.tell_declined(session, row, now)
        cycles.record(row, step.journal, before)
        await session.flush()

    async def _unsubscribe(
        self, session: DbSession, row: MandateRow, _link: ActionLink, _payload: Mapping[str, object], _locale: Locale
    ) -> None:
        """What a mail client sends by itself (RFC 8058): it ends the reminders, and answers nothing for its reader."""
        follow_ups = FollowUps(session, self._runtime.clock)
        await follow_ups.cancel(subject_of(row), "unsubscribed", (FollowUpKind.REMINDER,))

    async def _account(self, session: DbSession, row: MandateRow) -> User | None:
        address = row.invitee.contact_email_key
        return await ClientAccounts(session, self._runtime.clock).find(address) if address else None

    @staticmethod
    def _require_open(row: MandateRow, now: datetime) -> None:
        state = _state(row, now)
        if state == "expired":
            raise LinkExpired()
        if state != "open":
            raise MandateAnswered()

    def _form(self, row: MandateRow, account: User | None, locale: Locale) -> RecipientForm:
        invitee = row.invitee
        if account is not None and account.status != UserStatus.INVITED:
            return account_form(_VERSION_SIGN_IN, _KNOWN, locale, {"password": _KNOWN_ACCOUNT}, {})
        known = {
            "title": invitee.contact_title,
            "first_name": invitee.contact_first_name,
            "last_name": invitee.contact_last_name,
            "phone": invitee.contact_phone,
        }
        given: dict[str, object] = {name: value for name, value in known.items() if value}
        return account_form(_VERSION_OPEN, _NEW_ACCOUNT, locale, _ACCOUNT, given, optional=("title", "phone"))

    def _view(self, row: MandateRow, account: User | None, locale: Locale) -> RecipientView:
        invitee, zone, now = row.invitee, ZoneInfo(row.zone), self._runtime.clock.now()
        state = _state(row, now)
        expires = invitee.expires_at if state in ("open", "expired") else None
        form = self._form(row, account, locale) if state == "open" else None
        declined = invitee.status == MandateStatus.DECLINED
        return RecipientView(
            kind=self.kind,
            state=state,
            state_label=(_DECLINED_STATE if declined else _STATES[state]).in_locale(locale),
            title=_TITLE.format({"organisation": row.organisation_name}, locale),
            message=_message(row, state, form, locale),
            asked_by=AskedBy(
                organisation=row.organisation_name,
                requester_name=row.submitter_name,
                requester_email=row.submitter_email,
            ),
            recipient=invitee.contact_email or "",
            reason=None,
            deadline=Deadline.of(expires, zone, locale) if expires else None,
            version=form.version if form else _VERSION_OPEN,
            answers=_options(form, locale) if form else [],
            form=form,
            answered_at=invitee.accepted_at or invitee.declined_at,
            answered_label=_answered(invitee.accepted_at or invitee.declined_at, zone, locale),
        )


class ContactRecipient(MandateRecipient):
    """The same for a further contact; registered for the subject kind `mandate_contact`."""

    kind = CONTACT_KIND

    async def _row(self, session: DbSession, link: ActionLink, *, lock: bool = False) -> MandateRow | None:
        rows = ContactRepository(session)
        found = await (rows.lock_all([link.subject_id]) if lock else rows.rows([link.subject_id]))
        return found.get(link.subject_id)


def _options(form: RecipientForm, locale: Locale) -> list[AnswerOption]:
    accept = (_ACCEPT if form.version == _VERSION_SIGN_IN else _REGISTER).in_locale(locale)
    decline = _DECLINE.in_locale(locale)
    return [
        AnswerOption(name="accept", label=accept, method="POST", uses_form=True, takes_reason=False),
        AnswerOption(name="decline", label=decline, method="POST", uses_form=False, takes_reason=True),
    ]


def _answered(at: datetime | None, zone: ZoneInfo, locale: Locale) -> str | None:
    return long_datetime(at, zone, locale) if at is not None else None


def _message(row: MandateRow, state: LinkState, form: RecipientForm | None, locale: Locale) -> str:
    invitee = row.invitee
    words = {
        "organisation": row.organisation_name,
        "company": row.company.name,
        "email": invitee.contact_email or "",
        "requester": row.submitter_name or row.organisation_name,
        "requester_email": row.submitter_email or "",
        "expired_on": _answered(invitee.expires_at, ZoneInfo(row.zone), locale) or "",
    }
    if invitee.status == MandateStatus.DECLINED:
        return _DECLINED.format(words, locale)
    if form is not None and form.version == _VERSION_SIGN_IN:
        return _SIGN_IN.format(words, locale)
    return _MESSAGES[state].format(words, locale)


def _state(row: MandateRow, now: datetime) -> LinkState:
    """What the link is now; an answer received before `expires_at` wins, whenever the sweep comes by."""
    invitee = row.invitee
    if invitee.accepted_at is not None:
        return "answered"
    # A further contact joins nothing that was withdrawn.
    if {invitee.status, row.mandate.status} & _OVER:
        return "closed"
    passed = invitee.expires_at is not None and invitee.expires_at <= now
    return "expired" if invitee.status == MandateStatus.INVITATION_EXPIRED or passed else "open"


def _phone(answers: Mapping[str, object]) -> dict[str, str | None]:
    given = answers.get("phone")
    if not given:
        return {"phone": None}
    try:
        return {"phone": _PHONE.validate_python(given)}
    except ValidationError:
        raise ValidationFailed.at("/answers/phone", "phone", _NO_PHONE) from None
