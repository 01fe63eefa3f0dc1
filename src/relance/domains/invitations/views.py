"""From rows to responses: labels, available actions, next messages."""

from collections.abc import Sequence
from datetime import datetime

from relance.capabilities.cycles.views import CycleMails, Outlook, next_messages
from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import LocalIdRead
from relance.capabilities.followups.models import FollowUp
from relance.capabilities.followups.service import Policy
from relance.capabilities.messaging.models import Message
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.domains.invitations.creation import known_otherwise
from relance.domains.invitations.emails import CHASING, ExpiredMail, InvitationMail, ReminderMail
from relance.domains.invitations.lifecycle import (
    DELIVERY_LABELS,
    FORM_STATUS_LABELS,
    LIFECYCLE,
    REASON_LABELS,
    STATUS_LABELS,
    Delivery,
    Facts,
    Reason,
    Status,
)
from relance.domains.invitations.repository import InvitationRow
from relance.domains.invitations.schemas import (
    InvitationCreate,
    InvitationListed,
    InvitationRead,
    NextMessage,
    Notice,
    PartnerRead,
    Silence,
)

_MAILS = CycleMails(
    inviting=InvitationMail.key,
    reminding=ReminderMail.key,
    expiring=ExpiredMail.key,
    reminder_why=Text(
        "Relance automatique si le formulaire n’est pas complété.", "Automatic reminder if the form is not completed."
    ),
    expiry_why=Text(
        "Avis d’expiration si le formulaire n’est toujours pas complété.",
        "Expiry notice if the form is still not completed.",
    ),
)
_KNOWN_OTHERWISE = Text(
    "Cet identifiant est celui de « {name} » dans votre annuaire : c’est sous ce nom qu’il est invité.",
    "This identifier is the one of “{name}” in your directory, which is invited under that name.",
)
_SILENCES = {
    "archived": Text("L’invitation est archivée.", "The invitation is archived."),
    "closed": Text("Le partenaire a répondu.", "The partner has answered."),
    "cancelled": Text("L’invitation est annulée.", "The invitation is cancelled."),
    "expired": Text("L’invitation est expirée ; renvoyez-la.", "The invitation has expired; renew it."),
    "undeliverable": Text("L’adresse est injoignable.", "The address cannot be reached."),
    "declined": Text("Le partenaire a décliné.", "The partner has declined."),
    "waiting": Text("L’invitation attend le relais de courrier.", "The invitation waits for the mail relay."),
    "nothing_planned": Text("Aucun envoi n’est prévu.", "No mail is planned."),
}


def facts_of(row: InvitationRow, now: datetime, *, forced: bool = False) -> Facts:
    """What the lifecycle's guards ask about this row."""
    invitation = row.invitation
    return Facts(
        now=now,
        form_status=row.form_status,
        archived=invitation.archived_at is not None,
        declined=invitation.declined_at is not None,
        undeliverable=invitation.delivery == Delivery.UNDELIVERABLE,
        last_asked_at=max(filter(None, (invitation.last_asked_at, invitation.last_sent_at)), default=None),
        forced=forced,
    )


def actions_of(row: InvitationRow, caller: Caller, now: datetime) -> list[AvailableAction]:
    """What `caller` may do with this row now."""
    return available_actions(LIFECYCLE, row.invitation.status, facts_of(row, now), caller, row.invitation.requested_by)


def _summary(row: InvitationRow) -> dict[str, object]:
    invitation, company = row.invitation, row.company
    status, reason = Status(invitation.status), Reason(invitation.reason)
    delivery = Delivery(invitation.delivery) if invitation.delivery else None
    return {
        "id": invitation.id,
        "partner": PartnerRead(
            id=company.id,
            name=company.name,
            local_id=_local_id(company),
            registered=company.registered_at is not None,
        ),
        "email": invitation.email,
        "issuing_organisation": Reference(id=invitation.issuing_organisation_id, name=row.organisation_name),
        "requested_by": Reference(id=invitation.requested_by, name=row.requester_name),
        "last_sent_at": invitation.last_sent_at,
        "reminders_count": invitation.reminders_count,
        "form_status": row.form_status,
        "form_status_label": FORM_STATUS_LABELS[row.form_status].in_locale(),
        "status": status,
        "status_label": STATUS_LABELS[status].in_locale(),
        "reason": reason,
        "reason_label": REASON_LABELS[reason].in_locale(),
        "delivery": delivery,
        "delivery_label": DELIVERY_LABELS[delivery].in_locale() if delivery else None,
        "expires_at": invitation.expires_at,
        "archived_at": invitation.archived_at,
        "created_at": invitation.created_at,
    }


def _local_id(company: Company) -> LocalIdRead | None:
    if company.id_scheme is None:
        return None
    return LocalIdRead.model_validate(
        {"scheme": company.id_scheme, "country": company.country, "value": company.id_value}
    )


def listed(row: InvitationRow, actions: list[AvailableAction] | None) -> InvitationListed:
    """One row of the dashboard, with its actions where they were asked for."""
    return InvitationListed.model_validate({**_summary(row), "available_actions": actions})


def detail(
    row: InvitationRow,
    caller: Caller,
    now: datetime,
    queued: Sequence[Message],
    planned: Sequence[FollowUp],
    policy: Policy,
) -> InvitationRead:
    """One invitation in full."""
    facts = facts_of(row, now)
    messages = _next_messages(row, facts, queued, planned, policy)
    return InvitationRead.model_validate(
        {
            **_summary(row),
            "version": row.invitation.version,
            "cycle": row.invitation.cycle,
            "available_actions": actions_of(row, caller, now),
            "next_messages": messages,
            "no_message_reason": None if messages else _silence(row),
        }
    )


def notices(wanted: InvitationCreate, row: InvitationRow) -> list[Notice]:
    """What the caller may not have meant by what was made."""
    if not known_otherwise(wanted, row):
        return []
    message = _KNOWN_OTHERWISE.format({"name": row.company.name})
    return [Notice(code="known_under_another_name", message=message)]


def _next_messages(
    row: InvitationRow, facts: Facts, queued: Sequence[Message], planned: Sequence[FollowUp], policy: Policy
) -> list[NextMessage]:
    """What will leave: not what the worker will find unwanted when its turn has come."""
    wanted = [message for message in queued if not (facts.quiet and message.mail_key in CHASING)]
    outlook = Outlook(policy, facts.gap_ends_at, row.invitation.expires_at)
    return next_messages(_MAILS, row.invitation.email, facts.now, wanted, planned if facts.chased else (), outlook)


def _silence(row: InvitationRow) -> Silence:
    invitation = row.invitation
    code = "nothing_planned"
    if invitation.status in (Status.CLOSED, Status.CANCELLED, Status.EXPIRED):
        code = invitation.status
    elif invitation.archived_at is not None:
        code = "archived"
    elif invitation.delivery == Delivery.UNDELIVERABLE:
        code = "undeliverable"
    elif invitation.declined_at is not None:
        code = "declined"
    elif invitation.status == Status.QUEUED:
        code = "waiting"
    return Silence(code=code, message=_SILENCES[code].in_locale())
