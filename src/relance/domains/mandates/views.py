"""From rows to responses: labels, available actions, next messages."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.cycles.chase import pace_of
from relance.capabilities.cycles.lifecycle import DELIVERY_LABELS, Delivery
from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.cycles.views import Outlook, next_messages
from relance.capabilities.followups.models import FollowUp
from relance.capabilities.followups.service import Policy
from relance.capabilities.messaging.models import Message
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text
from relance.core.schemas import Reference
from relance.core.security import Caller, Level
from relance.domains.mandates.asking import CYCLE_MAILS
from relance.domains.mandates.completeness import missing_codes
from relance.domains.mandates.filling import CIVILITIES
from relance.domains.mandates.lifecycle import (
    CONTACT_LIFECYCLE,
    KIND_LABELS,
    LIFECYCLE,
    PASSTHROUGH_LABELS,
    STATUS_LABELS,
    Facts,
    MandateKind,
    MandateStatus,
    Passthrough,
    TeamRole,
)
from relance.domains.mandates.models import Invitee, Mandate
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.schedule import FREQUENCY_LABELS, SCHEDULE_LABELS, due_dates, rule
from relance.domains.mandates.schemas import (
    Civility,
    ContactRead,
    MandateListed,
    MandateRead,
    ScheduleInput,
    ScheduleRead,
)

_SHOWN_DATES = 5
_SILENCES = {
    "draft": Text("Le mandat est un brouillon ; soumettez-le.", "The mandate is a draft; submit it."),
    "active": Text("La PME a accepté.", "The company has accepted."),
    "internal": Text("Un mandat interne n’invite personne.", "An internal mandate invites nobody."),
    "invitation_expired": Text("L’invitation est expirée ; renvoyez-la.", "The invitation has expired; renew it."),
    "declined": Text("La PME a refusé.", "The company has declined."),
    "disabled": Text("Le mandat est désactivé.", "The mandate is disabled."),
    "cancelled": Text("Le mandat est annulé.", "The mandate is cancelled."),
    "undeliverable": Text("L’adresse est injoignable.", "The address cannot be reached."),
    "waiting": Text("L’invitation attend le relais de courrier.", "The invitation waits for the mail relay."),
    "nothing_planned": Text("Aucun envoi n’est prévu.", "No mail is planned."),
}


def owner_for(row: MandateRow, caller: Caller) -> UUID:
    """Whose the mandate is, as a permission's level asks: the caller's own, else their group's, else its maker's."""
    if caller.user_id in row.people:
        return caller.user_id
    return next(iter(row.people & caller.group_ids), row.mandate.created_by)


def reaches(row: MandateRow, caller: Caller, permission: str) -> bool:
    """Whether the caller's `permission` reaches the mandate: beyond their own ones, within their organisations."""
    owner = owner_for(row, caller)
    if owner == caller.user_id:
        return caller.level(permission) > Level.NONE
    return row.mandate.issuing_organisation_id in caller.organisation_ids and caller.reaches(permission, owner)


def facts_of(row: MandateRow, now: datetime, *, forced: bool = False) -> Facts:
    """What the lifecycle's guards ask about this row."""
    return Facts(pace_of(row, now, forced=forced), MandateKind(row.mandate.kind), missing_codes(row))


def actions_of(row: MandateRow, caller: Caller, now: datetime) -> list[AvailableAction]:
    """What `caller` may do with this row now."""
    return available_actions(LIFECYCLE, row.mandate.status, facts_of(row, now), caller, owner_for(row, caller))


def _contact(invitee: Invitee) -> ContactRead:
    title = Civility(invitee.contact_title) if invitee.contact_title else None
    return ContactRead(
        title=title,
        title_label=CIVILITIES[title].in_locale() if title else None,
        first_name=invitee.contact_first_name,
        last_name=invitee.contact_last_name,
        email=invitee.contact_email,
        phone=invitee.contact_phone,
    )


def _people(row: MandateRow, role: TeamRole) -> list[Reference]:
    return [Reference(id=member.user_id, name=member.name) for member in row.members(role)]


def _summary(row: MandateRow) -> dict[str, object]:
    mandate = row.mandate
    status, kind, passthrough = (
        MandateStatus(mandate.status),
        MandateKind(mandate.kind),
        Passthrough(mandate.passthrough),
    )
    delivery = Delivery(mandate.delivery) if mandate.delivery else None
    return {
        "id": mandate.id,
        "company": Reference(id=mandate.company_id, name=row.company.name),
        "issuing_organisation": Reference(id=mandate.issuing_organisation_id, name=row.organisation_name),
        "external_id": mandate.external_id,
        "kind": kind,
        "kind_label": KIND_LABELS[kind].in_locale(),
        "contact": _contact(mandate),
        "status": status,
        "status_label": STATUS_LABELS[status].in_locale(),
        "owners": _people(row, TeamRole.OWNER),
        "agents": _people(row, TeamRole.AGENT),
        "passthrough": passthrough,
        "passthrough_label": PASSTHROUGH_LABELS[passthrough].in_locale(),
        "last_sent_at": mandate.last_sent_at,
        "reminders_count": mandate.reminders_count,
        "delivery": delivery,
        "delivery_label": DELIVERY_LABELS[delivery].in_locale() if delivery else None,
        "expires_at": mandate.expires_at,
        "next_delivery_on": mandate.next_delivery_on,
        "created_at": mandate.created_at,
    }


def listed(row: MandateRow, actions: list[AvailableAction] | None) -> MandateListed:
    """One row of the list, with its actions where they were asked for."""
    return MandateListed.model_validate({**_summary(row), "available_actions": actions})


def schedule_of(mandate: Mandate, today: date) -> ScheduleRead | None:
    """The schedule in words, with its next dates."""
    if mandate.schedule is None:
        return None
    wanted = ScheduleInput.model_validate(mandate.schedule)
    coming = (day for day in due_dates(wanted.frequency, wanted.starts_on) if day >= today)
    return ScheduleRead(
        kind=wanted.kind,
        kind_label=SCHEDULE_LABELS[wanted.kind].in_locale(),
        frequency=wanted.frequency,
        frequency_label=FREQUENCY_LABELS[wanted.frequency].in_locale(),
        starts_on=wanted.starts_on,
        remind_before=wanted.remind_before,
        remind_after=wanted.remind_after,
        rrule=rule(wanted.frequency, wanted.starts_on),
        next_due_on=list(islice(coming, _SHOWN_DATES)),
    )


def coming(
    row: MandateRow, now: datetime, queued: Sequence[Message], planned: Sequence[FollowUp], policy: Policy
) -> list[NextMessage]:
    """What will leave to whoever is asked, when the worker will let it."""
    invitee = row.invitee
    outlook = Outlook(policy, pace_of(row, now).gap_ends_at, invitee.expires_at)
    return next_messages(CYCLE_MAILS, invitee.contact_email or "", now, queued, planned, outlook)


def detail(row: MandateRow, caller: Caller, now: datetime, messages: Sequence[NextMessage]) -> MandateRead:
    """One mandate in full."""
    mandate = row.mandate
    submitter = Reference(id=mandate.submitted_by, name=row.submitter_name or "") if mandate.submitted_by else None
    return MandateRead.model_validate(
        {
            **_summary(row),
            "version": mandate.version,
            "cycle": mandate.cycle,
            "locale": mandate.locale,
            "schedule": schedule_of(mandate, now.astimezone(ZoneInfo(row.zone)).date()),
            "created_by": Reference(id=mandate.created_by, name=row.creator_name),
            "submitted_by": submitter,
            "submitted_at": mandate.submitted_at,
            "accepted_at": mandate.accepted_at,
            "declined_at": mandate.declined_at,
            "decline_reason": mandate.decline_reason,
            "cancelled_at": mandate.cancelled_at,
            "cancel_reason": mandate.cancel_reason,
            "available_actions": actions_of(row, caller, now),
            "next_messages": list(messages),
            "no_message_reason": None if messages else _silence(row),
        }
    )


def guest_actions(row: MandateRow, caller: Caller, now: datetime) -> list[AvailableAction]:
    """What `caller` may do with this further contact now."""
    status = row.invitee.status
    return available_actions(CONTACT_LIFECYCLE, status, facts_of(row, now), caller, owner_for(row, caller))


def guest(row: MandateRow, messages: Sequence[NextMessage]) -> dict[str, object]:
    """A further contact, but for its actions."""
    contact = row.further
    assert contact is not None  # the row is about one
    status, delivery = MandateStatus(contact.status), Delivery(contact.delivery) if contact.delivery else None
    return {
        "id": contact.id,
        "mandate_id": contact.mandate_id,
        "contact": _contact(contact),
        "status": status,
        "status_label": STATUS_LABELS[status].in_locale(),
        "last_sent_at": contact.last_sent_at,
        "reminders_count": contact.reminders_count,
        "delivery": delivery,
        "delivery_label": DELIVERY_LABELS[delivery].in_locale() if delivery else None,
        "expires_at": contact.expires_at,
        "accepted_at": contact.accepted_at,
        "declined_at": contact.declined_at,
        "decline_reason": contact.decline_reason,
        "created_at": contact.created_at,
        "version": contact.version,
        "cycle": contact.cycle,
        "next_messages": list(messages),
        "no_message_reason": None if messages else _silence(row),
    }


def _silence(row: MandateRow) -> Silence:
    invitee = row.invitee
    code: str = invitee.status
    if code == MandateStatus.INVITED:
        undeliverable = invitee.delivery == Delivery.UNDELIVERABLE
        code = "undeliverable" if undeliverable else "nothing_planned" if invitee.last_sent_at else "waiting"
    elif code == MandateStatus.ACTIVE and row.further is None and row.mandate.kind == MandateKind.INTERNAL:
        code = "internal"
    return Silence(code=code, message=_SILENCES[code].in_locale())
