"""The API: settings → middleware → error handlers → routers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi_offline import FastAPIOffline

from relance import __version__
from relance.capabilities.directory.router import routers as directory_routers
from relance.capabilities.files.router import router as files_router
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.router import router as follow_up_policies_router
from relance.capabilities.identity.authentication import IdentityAuthenticator
from relance.capabilities.identity.router import routers as identity_routers
from relance.capabilities.identity.throttle import SignInThrottle
from relance.capabilities.jobs.router import router as jobs_router
from relance.capabilities.journal.timeline import Timeline
from relance.capabilities.links.router import router as links_router
from relance.capabilities.messaging.catalogue.branding_router import logos as logos_router
from relance.capabilities.messaging.catalogue.branding_router import router as email_branding_router
from relance.capabilities.messaging.catalogue.router import router as email_templates_router
from relance.capabilities.messaging.reports.router import router as reports_router
from relance.capabilities.messaging.router import router as messages_router
from relance.capabilities.sandbox.router import routers as sandbox_routers
from relance.capabilities.webhooks.deliveries.router import router as webhook_deliveries_router
from relance.capabilities.webhooks.endpoints.router import router as webhook_endpoints_router
from relance.capabilities.webhooks.feed.router import router as events_router
from relance.core import health, telemetry
from relance.core.http import refuse_other_methods
from relance.core.idempotency.http import install_replay
from relance.core.logging import configure_logging
from relance.core.middleware import BodyLimit, RequestContext
from relance.core.problems import install_error_handlers
from relance.core.rate_limits import RateLimits
from relance.core.routes import pass_over_strangers
from relance.core.settings import Settings, get_settings
from relance.domains.avant_vente.routers import routers as avant_vente_routers
from relance.domains.crm_toolbox.export_templates.printing import Printer
from relance.domains.crm_toolbox.exports.router import routers as crm_export_routers
from relance.domains.crm_toolbox.infobox.transfers import export_router as infobox_export_router
from relance.domains.crm_toolbox.routers import routers as crm_toolbox_routers
from relance.domains.invitations.bulk_router import router as invitations_bulk_router
from relance.domains.invitations.forms_router import forms, prequalifications
from relance.domains.invitations.imports_router import router as invitations_imports_router
from relance.domains.invitations.router import router as invitations_router
from relance.domains.mandates.bulk_router import router as mandates_bulk_router
from relance.domains.mandates.contacts.router import router as mandate_contacts_router
from relance.domains.mandates.deliveries.router import router as mandate_deliveries_router
from relance.domains.mandates.router import router as mandates_router
from relance.domains.sessions.bulk_router import router as sessions_bulk_router
from relance.domains.sessions.clients.router import router as session_clients_router
from relance.domains.sessions.feed.router import router as calendar_feed_router
from relance.domains.sessions.proposals.router import router as date_proposals_router
from relance.domains.sessions.router import router as sessions_router
from relance.meta import router as meta_router
from relance.openapi import DESCRIPTION, TAGS, describe
from relance.people import people
from relance.wiring import (
    EVENT_TYPES,
    FOLLOW_UP_DOMAINS,
    INFOBOX_EXPORT,
    PERMISSIONS,
    TIMELINES,
    build_runtime,
    close_runtime,
    identity_watchers,
    job_kinds,
    mail_examples,
    mail_subjects,
    probes,
    recipients,
    template_source,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, its connections not yet opened."""
    settings = settings or get_settings()
    configure_logging(settings)
    runtime = build_runtime(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.sign_in_throttle.close()
        await app.state.rate_limits.close()
        await app.state.authenticator.close()
        await close_runtime(runtime)

    async def see_clock(_request: Request) -> None:
        await runtime.tick()

    app = FastAPIOffline(
        title="Relance",
        version=__version__,
        summary="Work that ends with somebody outside answering an e-mail.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        dependencies=[Depends(see_clock)] if settings.sandbox else [],
        separate_input_output_schemas=False,
    )
    app.state.runtime = runtime
    app.state.authenticator = IdentityAuthenticator(runtime)
    app.state.sign_in_throttle = SignInThrottle(settings)
    app.state.rate_limits = RateLimits(settings)
    app.state.permissions = PERMISSIONS
    app.state.event_types = EVENT_TYPES
    app.state.recipients = recipients(runtime)
    app.state.mail_subjects = mail_subjects(runtime)
    app.state.mail_examples = mail_examples(runtime)
    app.state.templates = template_source(runtime)
    app.state.probes = probes(runtime)
    app.state.identity_watchers = identity_watchers(runtime)
    app.state.timeline = Timeline(TIMELINES)
    app.state.follow_up_domains = FOLLOW_UP_DOMAINS
    app.state.file_store = FileStore(settings)
    app.state.printer = Printer()
    app.state.people = people(runtime, app.state.file_store)
    app.state.departure_watchers = (app.state.people,)
    app.state.job_kinds = job_kinds(runtime, app.state.file_store)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    install_replay(app)
    routers = [
        health.router,
        meta_router,
        *identity_routers,
        follow_up_policies_router,
        # Before the ones that take an id where these have a word.
        *crm_export_routers,
        *directory_routers,
        invitations_bulk_router,
        invitations_imports_router,
        invitations_router,
        forms,
        prequalifications,
        mandates_bulk_router,
        mandates_router,
        mandate_contacts_router,
        mandate_deliveries_router,
        infobox_export_router(INFOBOX_EXPORT),
        *crm_toolbox_routers,
        sessions_bulk_router,
        calendar_feed_router,
        sessions_router,
        session_clients_router,
        date_proposals_router,
        *avant_vente_routers,
        jobs_router,
        files_router,
        links_router,
        reports_router,
        messages_router,
        events_router,
        webhook_endpoints_router,
        webhook_deliveries_router,
        email_templates_router,
        email_branding_router,
        logos_router,
        telemetry.router,
    ]
    if settings.sandbox:
        routers.extend(sandbox_routers)
    for router in routers:
        app.include_router(router)
    app.state.routers = routers
    refuse_other_methods(app, routers)
    pass_over_strangers(app)
    describe(app, PERMISSIONS, EVENT_TYPES)
    return app
