"""The API: settings → middleware → error handlers → routers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

from relance import __version__
from relance.capabilities.directory.router import companies, contacts
from relance.capabilities.files.router import router as files_router
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.router import router as follow_up_policies_router
from relance.capabilities.identity.authentication import IdentityAuthenticator
from relance.capabilities.identity.router import routers as identity_routers
from relance.capabilities.identity.throttle import SignInThrottle
from relance.capabilities.jobs.router import router as jobs_router
from relance.capabilities.links.router import router as links_router
from relance.capabilities.messaging.reports.router import router as reports_router
from relance.capabilities.messaging.router import router as messages_router
from relance.capabilities.sandbox.router import routers as sandbox_routers
from relance.core import health, telemetry
from relance.core.idempotency.http import install_replay
from relance.core.logging import configure_logging
from relance.core.middleware import BodyLimit, RequestContext
from relance.core.problems import add_problem_schema, install_error_handlers
from relance.core.rate_limits import RateLimits
from relance.core.settings import Settings, get_settings
from relance.domains.invitations.bulk_router import router as invitations_bulk_router
from relance.domains.invitations.forms_router import forms, prequalifications
from relance.domains.invitations.imports_router import router as invitations_imports_router
from relance.domains.invitations.router import router as invitations_router
from relance.meta import router as meta_router
from relance.wiring import (
    FOLLOW_UP_DOMAINS,
    PERMISSIONS,
    build_runtime,
    close_runtime,
    job_kinds,
    mail_subjects,
    probes,
    recipients,
    template_source,
)

_DESCRIPTION = """\
Ask somebody outside by e-mail, remind them, record the answer.

Every error is an RFC 9457 problem document with a stable `code`; texts are in French, or in English with
`Accept-Language: en`. Lists are read page by page with `next_cursor`. Instants are in UTC.
"""

_TAGS = [
    {"name": "auth", "description": "Signing in: access and refresh tokens."},
    {"name": "invitations", "description": "Prequalification of partners: invite, remind, follow on one dashboard."},
    {"name": "prequalification-forms", "description": "What partners are asked: versions of a JSON Schema."},
    {"name": "prequalifications", "description": "What partners answered, and until when it holds."},
    {"name": "jobs", "description": "Long work: progress, a result per item, cancelling."},
    {"name": "files", "description": "What exports have made, to be downloaded."},
    {"name": "companies", "description": "The directory: companies with checked identifiers."},
    {"name": "contacts", "description": "The directory: people at companies."},
    {"name": "recipients", "description": "What the link of a mail shows, and how it is answered. No account needed."},
    {"name": "messages", "description": "Mails that were sent or will be: look, settle, send again; delivery reports."},
    {"name": "organisations", "description": "The organisations of the workspace that ask (entités émettrices)."},
    {"name": "users", "description": "People of the workspace."},
    {"name": "roles", "description": "Editable sets of permission and level."},
    {"name": "api-keys", "description": "Keys of partner integrations."},
    {"name": "security-events", "description": "The audit of accounts and rights."},
    {"name": "workspace", "description": "The workspace and the caller."},
    {"name": "meta", "description": "Lifecycles, errors and permissions, as data."},
    {"name": "sandbox", "description": "Test clock and test mailbox; only in a sandbox deployment."},
    {"name": "operations", "description": "Health and metrics of the processes."},
]


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
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        dependencies=[Depends(see_clock)] if settings.sandbox else [],
        separate_input_output_schemas=False,
    )
    app.state.runtime = runtime
    app.state.authenticator = IdentityAuthenticator(runtime)
    app.state.sign_in_throttle = SignInThrottle(settings)
    app.state.rate_limits = RateLimits(settings)
    app.state.permissions = PERMISSIONS
    app.state.recipients = recipients(runtime)
    app.state.mail_subjects = mail_subjects(runtime)
    app.state.templates = template_source(runtime)
    app.state.probes = probes(runtime)
    app.state.follow_up_domains = FOLLOW_UP_DOMAINS
    app.state.file_store = FileStore(settings)
    app.state.job_kinds = job_kinds(runtime, app.state.file_store)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    install_replay(app)
    for router in (
        health.router,
        meta_router,
        *identity_routers,
        follow_up_policies_router,
        companies,
        contacts,
        # Before the one that takes an id where these have a word.
        invitations_bulk_router,
        invitations_imports_router,
        invitations_router,
        forms,
        prequalifications,
        jobs_router,
        files_router,
        links_router,
        reports_router,
        messages_router,
        telemetry.router,
    ):
        app.include_router(router)
    if settings.sandbox:
        for router in sandbox_routers:
            app.include_router(router)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            add_problem_schema(found)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way to extend the document
