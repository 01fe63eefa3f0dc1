"""HTTP of identity; `routers` is what the application includes."""

from fastapi import APIRouter

from relance.capabilities.identity.router import (
    api_keys,
    auth,
    me,
    organisations,
    roles,
    security_events,
    users,
    workspace,
)

routers: tuple[APIRouter, ...] = (
    auth.tokens,
    auth.sessions,
    me.router,
    workspace.router,
    organisations.router,
    users.router,
    roles.router,
    api_keys.router,
    security_events.router,
)
