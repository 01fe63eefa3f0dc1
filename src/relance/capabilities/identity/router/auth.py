"""Signing in and out."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security.utils import get_authorization_scheme_param

from relance.capabilities.identity.access_tokens import AccessClaims, AccessTokens
from relance.capabilities.identity.accounts.resets import request_reset
from relance.capabilities.identity.errors import (
    InvalidGrant,
    InvalidTokenRequest,
    TooManySignIns,
    UnsupportedGrantType,
    UserSessionRequired,
    WorkspaceRequired,
)
from relance.capabilities.identity.schemas import PasswordResetRequest, TokenForm, TokenRead
from relance.capabilities.identity.service.sign_in import Grant, SignIn, end_session
from relance.capabilities.identity.throttle import SignInThrottle
from relance.core.errors import FieldError, TooManyRequests, Unauthenticated, ValidationFailed
from relance.core.http import CallerDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.i18n import Text
from relance.core.idempotency.http import EXEMPT
from relance.core.problems import field_error, problem_content, problem_responses
from relance.core.rate_limits import client_address, limited


class TokenRoute(StrictRoute):
    """A form that does not fit is an OAuth error too, not the framework's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its refusals renamed."""
        handle = super().get_route_handler()

        async def renamed(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise InvalidTokenRequest([field_error(raw) for raw in error.errors()[:100]]) from None

        return renamed


tokens = APIRouter(route_class=TokenRoute, prefix="/v1/auth", tags=["auth"])
sessions = APIRouter(route_class=StrictRoute, prefix="/v1/auth", tags=["auth"])

_MISSING = Text("Ce champ est obligatoire.", "This field is required.")


async def get_throttle(request: Request) -> SignInThrottle:
    """The throttle of this process."""
    throttle: SignInThrottle = request.app.state.sign_in_throttle
    return throttle


ThrottleDep = Annotated[SignInThrottle, Depends(get_throttle)]


async def session_claims(request: Request, runtime: RuntimeDep, caller: CallerDep) -> AccessClaims:
    """The claims of the caller's access token.

    Raises:
        UserSessionRequired: the caller is an API key.
    """
    if caller.kind != "user":
        raise UserSessionRequired()
    _scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    try:
        return AccessTokens(runtime.settings, runtime.keys).read(token)
    except Unauthenticated:
        # The caller is known, so the token is another issuer's: its sessions are not ours to end.
        raise UserSessionRequired() from None


SessionClaims = Annotated[AccessClaims, Depends(session_claims)]


@tokens.post(
    "/token",
    operation_id="auth_token",
    summary="Sign in, or renew an access token",
    dependencies=[Depends(limited("token"))],
    responses={
        **problem_responses(
            InvalidTokenRequest,
            UnsupportedGrantType,
            WorkspaceRequired,
            InvalidGrant,
            TooManySignIns,
            TooManyRequests,
        ),
        # Keeps FastAPI from announcing its own 422, which this route never gives.
        "default": {"description": "Any other problem", "content": problem_content()},
    },
    openapi_extra={
        EXEMPT: "There is no caller yet whose key it would be, and a second grant harms nobody: sign in again. A "
        "refresh token that was used is not answered a second time, since that is how theft is noticed."
    },
)
async def issue_token(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    throttle: ThrottleDep,
    form: Annotated[TokenForm, Form()],
) -> TokenRead:
    """OAuth 2 token endpoint with the grants `password` and `refresh_token`.

    Each refresh token is good for one use; one that comes a second time ends the whole session. Failed attempts are
    limited per network address and account; `Retry-After` says for how long.
    """
    grant = await _granted(SignIn(runtime, throttle), form, client_address(request))
    response.headers["Cache-Control"] = "no-store"
    return TokenRead(
        access_token=grant.access_token,
        token_type="bearer",  # noqa: S106 - the kind of token, not a password
        expires_in=int(grant.expires_in.total_seconds()),
        refresh_token=grant.refresh_token,
    )


async def _granted(sign_in: SignIn, form: TokenForm, address: str) -> Grant:
    if form.grant_type == "refresh_token":
        token = _required({"refresh_token": form.refresh_token})["refresh_token"]
        return await sign_in.by_refresh_token(token, address)
    if form.grant_type != "password":
        raise UnsupportedGrantType()
    given = _required({"username": form.username, "password": form.password})
    return await sign_in.by_password(given["username"], given["password"], form.workspace or None, address)


def _required(fields: dict[str, str | None]) -> dict[str, str]:
    missing = [FieldError(f"/{name}", "missing", _MISSING.in_locale()) for name, value in fields.items() if not value]
    if missing:
        raise InvalidTokenRequest(missing)
    return {name: value for name, value in fields.items() if value}


@sessions.post(
    "/password-reset",
    operation_id="auth_request_password_reset",
    summary="Ask for a new password by mail",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(limited("password-reset"))],
    responses=problem_responses(ValidationFailed, TooManyRequests),
    openapi_extra={
        EXEMPT: "There is no caller whose key it would be. An address that asked a moment ago gets no second mail."
    },
)
async def request_password_reset(body: PasswordResetRequest, runtime: RuntimeDep) -> None:
    """Mails a link that is good for one hour and one use. The answer is the same whether the address is known or not.

    An address that asked less than five minutes ago gets no second mail.
    """
    await request_reset(runtime, body.email, body.workspace)


@sessions.post(
    "/logout",
    operation_id="auth_logout",
    summary="Sign out",
    status_code=204,
    responses=problem_responses(Unauthenticated, UserSessionRequired, ValidationFailed),
)
async def log_out(runtime: RuntimeDep, session: WriteDep, claims: SessionClaims) -> None:
    """Ends the session of the access token: its refresh token and its access tokens no longer hold."""
    await end_session(session, runtime, claims)
