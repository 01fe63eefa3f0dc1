"""Composition root: which domain answers for which subject kind, and what a process holds."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from relance.capabilities.cycles.handlers import ChasedFollowUps, ChasedMails
from relance.capabilities.directory.events import EVENTS as DIRECTORY_EVENTS
from relance.capabilities.directory.permissions import PERMISSIONS as DIRECTORY
from relance.capabilities.directory.timeline import TIMELINE as DIRECTORY_TIMELINE
from relance.capabilities.directory.watchers import IdentityWatcher
from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.exports.job import ExportJob
from relance.capabilities.files.permissions import PERMISSIONS as FILES
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.handlers import FollowUpHandler
from relance.capabilities.followups.metrics import FollowUpProbe
from relance.capabilities.followups.policies import PolicyDomain
from relance.capabilities.identity.accounts.delivery import PasswordResetMails, UserInvitationMails
from relance.capabilities.identity.accounts.emails import (
    PasswordChangedMail,
    PasswordResetMail,
    UserExpiredMail,
    UserInvitationMail,
    UserReminderMail,
)
from relance.capabilities.identity.accounts.followups import UserInvitationFollowUps
from relance.capabilities.identity.accounts.invitations import DOMAIN as USERS
from relance.capabilities.identity.accounts.lifecycle import INVITATION as USER_INVITATION
from relance.capabilities.identity.accounts.lifecycle import USER
from relance.capabilities.identity.accounts.notices import KIND as ACCOUNT
from relance.capabilities.identity.accounts.recipient import PasswordResetRecipient, UserInvitationRecipient
from relance.capabilities.identity.events import EVENTS as IDENTITY_EVENTS
from relance.capabilities.identity.models import Workspace
from relance.capabilities.identity.permissions import PERMISSIONS as IDENTITY
from relance.capabilities.identity.service import create_workspace
from relance.capabilities.jobs.events import EVENTS as JOB_EVENTS
from relance.capabilities.jobs.handlers import JobKinds
from relance.capabilities.jobs.imports import ImportJob
from relance.capabilities.jobs.lifecycle import LIFECYCLE as JOB
from relance.capabilities.jobs.permissions import PERMISSIONS as JOBS
from relance.capabilities.journal.timeline import Timeline, TimelineSource
from relance.capabilities.links.recipient import RecipientHandler
from relance.capabilities.messaging.delivery.compose import TEST_KIND
from relance.capabilities.messaging.events import EVENTS as MESSAGE_EVENTS
from relance.capabilities.messaging.handlers import MailExamples, MailSubject, Notices
from relance.capabilities.messaging.lifecycle import LIFECYCLE as MESSAGE
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.metrics import OutboxProbe
from relance.capabilities.messaging.permissions import PERMISSIONS as MESSAGING
from relance.capabilities.messaging.templates import Templates, load_templates
from relance.capabilities.sandbox.clock import sandbox_clock
from relance.capabilities.sandbox.permissions import PERMISSIONS as SANDBOX
from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.events import EVENTS as WEBHOOK_EVENTS
from relance.capabilities.webhooks.metrics import WebhookProbe
from relance.capabilities.webhooks.permissions import PERMISSIONS as WEBHOOKS
from relance.core.db import Database, DbSession
from relance.core.doorbell import ArqDoorbell
from relance.core.i18n import Locale, Text
from relance.core.kept_counts import KeptCounts
from relance.core.keys import KeyRing
from relance.core.lifecycle import Lifecycle
from relance.core.runtime import Runtime
from relance.core.settings import Settings
from relance.core.telemetry import Probe
from relance.domains.avant_vente.asking import DOMAIN as AVANT_VENTE
from relance.domains.avant_vente.emails import MAILS as AVANT_VENTE_MAILS
from relance.domains.avant_vente.events import EVENTS as AVANT_VENTE_EVENTS
from relance.domains.avant_vente.followups import RequestFollowUps, RequestSubject
from relance.domains.avant_vente.lifecycle import LIFECYCLE as AVANT_VENTE_REQUEST
from relance.domains.avant_vente.opportunities.imports import OpportunityImport
from relance.domains.avant_vente.permissions import PERMISSIONS as AVANT_VENTE_RIGHTS
from relance.domains.avant_vente.recipient import RequestRecipient
from relance.domains.avant_vente.timeline import TIMELINE as AVANT_VENTE_TIMELINE
from relance.domains.avant_vente.transfers import EXPORT as AVANT_VENTE_EXPORT
from relance.domains.avant_vente.types.service import install_types
from relance.domains.crm_toolbox.emails import MAILS as CRM_MAILS
from relance.domains.crm_toolbox.events import EVENTS as CRM_EVENTS
from relance.domains.crm_toolbox.export_templates.service import install_export_template
from relance.domains.crm_toolbox.exports.transfers import EXPORTS as CRM_EXPORTS
from relance.domains.crm_toolbox.gdpr.emails import MAILS as GDPR_MAILS
from relance.domains.crm_toolbox.gdpr.events import EVENTS as GDPR_EVENTS
from relance.domains.crm_toolbox.gdpr.followups import NOTICE, ConsentFollowUps, ConsentMails
from relance.domains.crm_toolbox.gdpr.lifecycle import LIFECYCLE as CONSENT
from relance.domains.crm_toolbox.gdpr.permissions import PERMISSIONS as GDPR
from relance.domains.crm_toolbox.gdpr.recipient import ConsentRecipient
from relance.domains.crm_toolbox.gdpr.timeline import TIMELINE as CONSENT_TIMELINE
from relance.domains.crm_toolbox.imports.reverting import ImportRevert
from relance.domains.crm_toolbox.imports.source import DirectoryImport
from relance.domains.crm_toolbox.infobox.mails import COMMENT_KIND as INFOBOX_COMMENT
from relance.domains.crm_toolbox.infobox.recording import KIND as INFOBOX_ENTRY
from relance.domains.crm_toolbox.infobox.transfers import timeline_export
from relance.domains.crm_toolbox.permissions import PERMISSIONS as CRM
from relance.domains.crm_toolbox.profiles.permissions import PERMISSIONS as PROFILES
from relance.domains.crm_toolbox.sendings.emails import MAILS as SENDING_MAILS
from relance.domains.crm_toolbox.sendings.events import EVENTS as SENDING_EVENTS
from relance.domains.crm_toolbox.sendings.followups import RecipientMails, SendingFollowUps
from relance.domains.crm_toolbox.sendings.lifecycle import LIFECYCLE as PROFILE_RECIPIENT
from relance.domains.crm_toolbox.sendings.mailing import SENDING_KIND
from relance.domains.crm_toolbox.sendings.permissions import PERMISSIONS as SENDINGS
from relance.domains.invitations.creation import DOMAIN
from relance.domains.invitations.delivery import InvitationMails
from relance.domains.invitations.emails import (
    CompletedMail,
    DeclinedMail,
    ExpiredMail,
    InvitationMail,
    ReminderMail,
    UndeliverableMail,
)
from relance.domains.invitations.events import EVENTS as INVITATION_EVENTS
from relance.domains.invitations.examples import InvitationExamples
from relance.domains.invitations.expiry import PartnerIdentities
from relance.domains.invitations.followups import InvitationFollowUps, PrequalificationFollowUps
from relance.domains.invitations.forms import install_default_form
from relance.domains.invitations.imports import InvitationImport
from relance.domains.invitations.jobs import RemindAll
from relance.domains.invitations.lifecycle import LIFECYCLE as INVITATION
from relance.domains.invitations.models import COUNTS as INVITATION_COUNTS
from relance.domains.invitations.permissions import PERMISSIONS as INVITATIONS
from relance.domains.invitations.recipient import InvitationRecipient
from relance.domains.invitations.timeline import TIMELINE as INVITATIONS_TIMELINE
from relance.domains.invitations.transfers import EXPORT as INVITATIONS_EXPORT
from relance.domains.mandates.asking import DOMAIN as MANDATES
from relance.domains.mandates.asking import ContactChase, MandateChase
from relance.domains.mandates.deliveries.emails import MAILS as DELIVERY_MAILS
from relance.domains.mandates.deliveries.events import EVENTS as DELIVERY_EVENTS
from relance.domains.mandates.deliveries.examples import DeliveryExamples
from relance.domains.mandates.deliveries.followups import DeliveryFollowUps, DeliverySubject
from relance.domains.mandates.deliveries.lifecycle import LIFECYCLE as MANDATE_DELIVERY
from relance.domains.mandates.deliveries.recipient import DeliveryRecipient
from relance.domains.mandates.emails import MAILS as MANDATE_MAILS
from relance.domains.mandates.events import EVENTS as MANDATE_EVENTS
from relance.domains.mandates.examples import MandateExamples
from relance.domains.mandates.lifecycle import CONTACT_LIFECYCLE as MANDATE_CONTACT
from relance.domains.mandates.lifecycle import LIFECYCLE as MANDATE
from relance.domains.mandates.permissions import PERMISSIONS as MANDATE_RIGHTS
from relance.domains.mandates.recipient import ContactRecipient, MandateRecipient
from relance.domains.mandates.timeline import TIMELINE as MANDATES_TIMELINE
from relance.domains.mandates.transfers import EXPORT as MANDATES_EXPORT
from relance.domains.sessions.emails import MAILS as SESSION_MAILS
from relance.domains.sessions.events import EVENTS as SESSION_EVENTS
from relance.domains.sessions.followups import ClientFollowUps, ClientMails, SessionNotices
from relance.domains.sessions.lifecycle import LIFECYCLE as SESSION_CLIENT
from relance.domains.sessions.lifecycle import SESSION_LIFECYCLE as SESSION
from relance.domains.sessions.permissions import PERMISSIONS as SESSION_RIGHTS
from relance.domains.sessions.recipient import SessionClientRecipient
from relance.domains.sessions.timeline import TIMELINE as SESSIONS_TIMELINE
from relance.domains.sessions.transfers import EXPORT as SESSIONS_EXPORT
from relance.people import people

#: Every right of the product, in the order in which an administrator reads them.
PERMISSIONS = (
    *INVITATIONS,
    *MANDATE_RIGHTS,
    *SESSION_RIGHTS,
    *CRM,
    *PROFILES,
    *SENDINGS,
    *GDPR,
    *AVANT_VENTE_RIGHTS,
    *MESSAGING,
    *DIRECTORY,
    *JOBS,
    *FILES,
    *WEBHOOKS,
    *IDENTITY,
    *SANDBOX,
)

#: Every mail of the product; the worker refuses to start when one lacks a template.
MAILS: tuple[type[Mail], ...] = (
    InvitationMail,
    ReminderMail,
    ExpiredMail,
    CompletedMail,
    DeclinedMail,
    UndeliverableMail,
    *MANDATE_MAILS,
    *DELIVERY_MAILS,
    *SESSION_MAILS,
    *AVANT_VENTE_MAILS,
    *GDPR_MAILS,
    *CRM_MAILS,
    *SENDING_MAILS,
    UserInvitationMail,
    UserReminderMail,
    UserExpiredMail,
    PasswordResetMail,
    PasswordChangedMail,
)

#: The domains whose reminders and expiries a workspace sets.
FOLLOW_UP_DOMAINS: tuple[PolicyDomain, ...] = (
    PolicyDomain(DOMAIN, Text("Invitations", "Invitations")),
    PolicyDomain(MANDATES, Text("Mandats", "Mandates")),
    PolicyDomain(AVANT_VENTE, Text("Avant-vente", "Pre-sales"), ()),
    PolicyDomain(USERS, Text("Invitations d’utilisateurs", "Invitations of users")),
)

#: What the history of a company or a contact tells of each domain.
TIMELINES: tuple[TimelineSource, ...] = (
    DIRECTORY_TIMELINE,
    INVITATIONS_TIMELINE,
    MANDATES_TIMELINE,
    SESSIONS_TIMELINE,
    AVANT_VENTE_TIMELINE,
    CONSENT_TIMELINE,
)
INFOBOX_EXPORT = timeline_export(Timeline(TIMELINES))

#: Every list that can leave as a file; its routes are in the router of its domain.
EXPORTS: tuple[ListExport[Any, Any], ...] = (
    INVITATIONS_EXPORT,
    MANDATES_EXPORT,
    SESSIONS_EXPORT,
    AVANT_VENTE_EXPORT,
    *CRM_EXPORTS,
    INFOBOX_EXPORT,
)

#: Every lifecycle of the product, as `GET /v1/meta/lifecycles` prints them.
KEPT_COUNTS: tuple[KeptCounts, ...] = (INVITATION_COUNTS,)

LIFECYCLES: tuple[Lifecycle[Any], ...] = (
    INVITATION,
    MANDATE,
    MANDATE_CONTACT,
    MANDATE_DELIVERY,
    SESSION,
    SESSION_CLIENT,
    AVANT_VENTE_REQUEST,
    PROFILE_RECIPIENT,
    CONSENT,
    MESSAGE,
    JOB,
    USER,
    USER_INVITATION,
)

#: What integrations are told: every transition of every lifecycle, and what else each room lists.
EVENT_TYPES = Catalogue.complete(
    (
        *INVITATION_EVENTS,
        *MANDATE_EVENTS,
        *DELIVERY_EVENTS,
        *SESSION_EVENTS,
        *AVANT_VENTE_EVENTS,
        *GDPR_EVENTS,
        *CRM_EVENTS,
        *SENDING_EVENTS,
        *IDENTITY_EVENTS,
        *DIRECTORY_EVENTS,
        *MESSAGE_EVENTS,
        *JOB_EVENTS,
        *WEBHOOK_EVENTS,
    ),
    LIFECYCLES,
)


def build_runtime(settings: Settings) -> Runtime:
    """What a process holds; the doorbell and the database know each other."""
    doorbell = ArqDoorbell(settings)
    database = Database(settings, doorbell)
    doorbell.fallback = database.engine
    runtime = Runtime(settings, database, KeyRing(settings.secret_keys))
    if settings.sandbox:
        runtime.clock, runtime.refresh_clock = sandbox_clock(database)
    return runtime


async def close_runtime(runtime: Runtime) -> None:
    """Let go of Redis and of the database."""
    if isinstance(runtime.db.doorbell, ArqDoorbell):
        await runtime.db.doorbell.close()
    await runtime.db.dispose()


def probes(runtime: Runtime) -> Sequence[Probe]:
    """What `/metrics` measures."""
    return OutboxProbe(runtime.clock), FollowUpProbe(runtime.clock), WebhookProbe(runtime.clock)


def template_source(runtime: Runtime) -> Callable[[], Templates]:
    """The templates of the product, compiled at the first call: only previews of unsent mails ask for them here."""
    return cache(lambda: load_templates(runtime.settings, MAILS))


def mail_subjects(runtime: Runtime) -> Mapping[str, MailSubject]:
    """Who is asked and told about the mails of each subject kind."""
    handlers: tuple[MailSubject, ...] = (
        InvitationMails(runtime),
        ChasedMails(runtime, MandateChase(runtime)),
        ChasedMails(runtime, ContactChase(runtime)),
        DeliverySubject(runtime),
        ClientMails(runtime),
        SessionNotices(),
        RequestSubject(runtime),
        ConsentMails(),
        Notices(NOTICE),
        UserInvitationMails(runtime),
        PasswordResetMails(runtime),
        Notices(INFOBOX_ENTRY),
        RecipientMails(runtime),
        Notices(SENDING_KIND),
        Notices(INFOBOX_COMMENT),
        Notices(ACCOUNT),
        Notices(TEST_KIND),
    )
    return {handler.kind: handler for handler in handlers}


def mail_examples(runtime: Runtime) -> Mapping[str, MailExamples]:
    """Who fills each mail from a real row, for previews of its template; mails without are shown on samples."""
    every: tuple[MailExamples, ...] = (
        InvitationExamples(runtime),
        MandateExamples(runtime),
        DeliveryExamples(runtime),
    )
    return {key: examples for examples in every for key in examples.keys}


def follow_up_handlers(runtime: Runtime) -> Mapping[str, FollowUpHandler]:
    """Who acts on the follow-ups of each subject kind."""
    handlers: tuple[FollowUpHandler, ...] = (
        InvitationFollowUps(runtime),
        PrequalificationFollowUps(runtime),
        ChasedFollowUps(runtime, MandateChase(runtime)),
        ChasedFollowUps(runtime, ContactChase(runtime)),
        DeliveryFollowUps(runtime),
        ClientFollowUps(runtime),
        RequestFollowUps(runtime),
        SendingFollowUps(runtime),
        ConsentFollowUps(runtime, people(runtime, FileStore(runtime.settings))),
        UserInvitationFollowUps(runtime),
    )
    return {handler.kind: handler for handler in handlers}


def identity_watchers(runtime: Runtime) -> Sequence[IdentityWatcher]:
    """Who is told that a company of the directory is not the one it was."""
    return (PartnerIdentities(runtime),)


def job_kinds(runtime: Runtime, store: FileStore) -> JobKinds:
    """Who works off the jobs of each kind."""
    return JobKinds.of(
        RemindAll(runtime),
        ImportJob(runtime, store, InvitationImport(runtime)),
        ImportJob(runtime, store, DirectoryImport(runtime, "contacts", identity_watchers(runtime))),
        ImportJob(runtime, store, DirectoryImport(runtime, "companies", identity_watchers(runtime))),
        ImportRevert(runtime),
        ImportJob(runtime, store, OpportunityImport(runtime)),
        *(ExportJob(runtime, store, export) for export in EXPORTS),
    )


def recipients(runtime: Runtime) -> Mapping[str, RecipientHandler]:
    """Who shows and takes the answers of the links to each subject kind."""
    handlers: tuple[RecipientHandler, ...] = (
        InvitationRecipient(runtime),
        MandateRecipient(runtime),
        ContactRecipient(runtime),
        DeliveryRecipient(runtime),
        SessionClientRecipient(runtime),
        RequestRecipient(runtime),
        ConsentRecipient(runtime),
        UserInvitationRecipient(runtime),
        PasswordResetRecipient(runtime),
    )
    return {handler.kind: handler for handler in handlers}


async def provision_workspace(
    session: DbSession,
    runtime: Runtime,
    slug: str,
    name: str,
    *,
    zone: str = "Europe/Paris",
    locale: Locale = "fr",
) -> Workspace:
    """A workspace ready for work: built-in roles, the shipped form, the first types. The session is narrowed to it."""
    workspace = await create_workspace(
        session, slug, name, PERMISSIONS, zone=zone, default_locale=locale, clock=runtime.clock
    )
    await install_default_form(session, runtime.clock)
    await install_types(session, runtime.clock)
    await install_export_template(session, runtime.clock, locale)
    return workspace
