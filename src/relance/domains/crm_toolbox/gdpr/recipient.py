"""What the link of a consent shows the contact, and what accepting, refusing and withdrawing do."""

import hashlib
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from relance.capabilities.directory.consent import STATUS_LABELS, ConsentStatus
from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.personal import CONSENT
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import AnswerOption, AskedBy, Deadline, LinkState, RecipientView
from relance.capabilities.links.service import confirm_link
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_date, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.gdpr.consents import Consents, Proof
from relance.domains.crm_toolbox.gdpr.lifecycle import LIFECYCLE, Facts

_TITLE = Text("Vos données chez {workspace}", "Your data at {workspace}")
_MESSAGES: Mapping[ConsentStatus, Text] = {
    ConsentStatus.PENDING: Text(
        "{workspace} souhaite conserver vos nom, coordonnées et échanges, en tant que contact de {company}. Si vous "
        "acceptez, ils sont conservés jusqu’au {kept_until}, et vous pouvez retirer votre accord à tout moment par "
        "ce même lien. Sans réponse, ils sont effacés.",
        "{workspace} would like to keep your name, contact details and exchanges, as a contact of {company}. If you "
        "accept, they are kept until {kept_until}, and you can withdraw your consent at any time through this same "
        "link. Without an answer they are erased.",
    ),
    ConsentStatus.ACCEPTED: Text(
        "Vous avez accepté que {workspace} conserve vos données jusqu’au {empties_on}. Vous pouvez retirer votre "
        "accord à tout moment : elles sont alors effacées.",
        "You have accepted that {workspace} keeps your data until {empties_on}. You can withdraw your consent at any "
        "time: it is erased then.",
    ),
    ConsentStatus.REFUSED: Text(
        "Vous n’acceptez pas que {workspace} conserve vos données : elles sont effacées le {empties_on}. D’ici là, "
        "vous pouvez changer d’avis.",
        "You do not accept that {workspace} keeps your data: it is erased on {empties_on}. Until then you can change "
        "your mind.",
    ),
}
_NOTHING = Text("Aucun accord ne vous est demandé.", "No consent is asked of you.")
_OPTIONS: Mapping[ConsentStatus, tuple[tuple[str, Text], ...]] = {
    ConsentStatus.PENDING: (("accept", Text("J’accepte", "I accept")), ("refuse", Text("Je refuse", "I refuse"))),
    ConsentStatus.ACCEPTED: (("withdraw", Text("Retirer mon accord", "Withdraw my consent")),),
    ConsentStatus.REFUSED: (("accept", Text("Finalement, j’accepte", "I accept after all")),),
}
#: What stands once an answer is given: given again, it changes nothing.
_GIVES = {
    "accept": ConsentStatus.ACCEPTED,
    "refuse": ConsentStatus.REFUSED,
    "withdraw": ConsentStatus.REFUSED,
}


def wording_of(status: str, locale: Locale) -> str:
    """The version of the words on which an answer is given: another word, another version."""
    shown = [_MESSAGES[ConsentStatus(status)].in_locale(locale)]
    shown += [label.in_locale(locale) for _, label in _OPTIONS[ConsentStatus(status)]]
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()[:12]


class ConsentRecipient:
    """Registered for the subject kind `consent` by the composition root."""

    kind = CONSENT

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The contact's."""
        contact = await DirectoryRepository(session).contact(link.subject_id)
        return as_locale(contact.locale) if contact is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """How the contact stands; changes nothing.

        Raises:
            NotFound: the contact is gone, was emptied, or has another address now.
        """
        contact = await DirectoryRepository(session).contact(link.subject_id)
        return await self._view(session, _required(contact, link), link, locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Accept, refuse, or withdraw. The same answer twice is one.

        Raises:
            NotFound: there is no such answer, or the contact is gone.
            StaleVersion: the page showed an older status.
            TransitionNotAllowed: it cannot be answered so any more.
        """
        if answer not in _GIVES:
            raise NotFound()
        contact = _required(await DirectoryRepository(session).contact(link.subject_id, lock=True), link)
        await confirm_link(session, link)
        if contact.gdpr_status != _GIVES[answer]:
            require_version(payload, contact.gdpr_cycle)
            # Whoever was asked may answer, and withdraw, whatever has become of the workspace's settings.
            facts = Facts(enabled=True, planned=False)
            step = LIFECYCLE.require(contact.gdpr_status, answer, Actor.RECIPIENT, facts)
            proof = Proof("link", wording_of(contact.gdpr_status, locale))
            await Consents(session, self._clock, ActorRef("recipient", link.id)).take(contact, step, proof)
        return await self._view(session, contact, link, locale)

    async def _view(self, session: DbSession, contact: Contact, link: ActionLink, locale: Locale) -> RecipientView:
        workspace = await IdentityRepository(session).workspace()
        zone = await IdentityRepository(session).zone()
        names = await DirectoryRepository(session).company_names([contact.company_id])
        settings = await Consents(session, self._clock).settings()
        status, empties_at = ConsentStatus(contact.gdpr_status), contact.gdpr_empties_at
        words = {
            "workspace": workspace.name,
            "company": names.get(contact.company_id, ""),
            "kept_until": long_date(after(self._clock.now(), settings.accepted_for).astimezone(zone).date(), locale),
            "empties_on": long_date(empties_at.astimezone(zone).date(), locale) if empties_at else "",
        }
        answered = contact.gdpr_since if status in _GIVES.values() else None
        return RecipientView(
            kind=CONSENT,
            state=_state(status),
            state_label=STATUS_LABELS[status].in_locale(locale),
            title=_TITLE.format(words, locale),
            message=_message(contact).format(words, locale),
            asked_by=AskedBy(organisation=workspace.name, requester_name=None, requester_email=None),
            recipient=link.recipient,
            reason=None,
            deadline=_deadline(contact, zone, locale),
            version=contact.gdpr_cycle,
            answers=[_option(name, label, locale) for name, label in _OPTIONS.get(status, ())],
            form=None,
            answered_at=answered,
            answered_label=long_datetime(answered, zone, locale) if answered else None,
        )


def _required(contact: Contact | None, link: ActionLink) -> Contact:
    if contact is None or contact.emptied_at is not None:
        raise NotFound()
    if link.recipient not in {one.lower() for one in (contact.email, *contact.other_emails) if one}:
        raise NotFound()
    return contact


def _state(status: ConsentStatus) -> LinkState:
    if status is ConsentStatus.PENDING:
        return "open"
    return "answered" if status in _GIVES.values() else "closed"


def _message(contact: Contact) -> Text:
    known = _MESSAGES.get(ConsentStatus(contact.gdpr_status), _NOTHING)
    return known if contact.gdpr_empties_at is not None or known is _NOTHING else _KEPT.get(contact.gdpr_status, known)


_KEPT: Mapping[str, Text] = {
    ConsentStatus.ACCEPTED: Text(
        "Vous avez accepté que {workspace} conserve vos données. Vous pouvez retirer votre accord à tout moment : "
        "elles sont alors effacées.",
        "You have accepted that {workspace} keeps your data. You can withdraw your consent at any time: it "
        "is erased then.",
    ),
    ConsentStatus.REFUSED: Text(
        "Vous n’acceptez pas que {workspace} conserve vos données. Vous pouvez changer d’avis.",
        "You do not accept that {workspace} keeps your data. You can change your mind.",
    ),
}


def _deadline(contact: Contact, zone: ZoneInfo, locale: Locale) -> Deadline | None:
    if contact.gdpr_status != ConsentStatus.PENDING or contact.gdpr_empties_at is None:
        return None
    return Deadline.of(contact.gdpr_empties_at, zone, locale)


def _option(name: str, label: Text, locale: Locale) -> AnswerOption:
    return AnswerOption(name=name, label=label.in_locale(locale), method="POST", uses_form=False, takes_reason=False)
