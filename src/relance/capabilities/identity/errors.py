"""Errors of identity. Those of the token endpoint carry an OAuth 2 `error` (RFC 6749, 5.2) beside the problem."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from relance.core.errors import DuplicateResource, FieldError, RelanceError, Unauthenticated
from relance.core.i18n import Text
from relance.core.rate_limits import limit_headers

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"


class InvalidGrant(Unauthenticated):
    """The password or the refresh token does not hold; which of them, and why, is not told."""

    code = "invalid_grant"
    title = Text("Identification refusée", "Sign-in refused")
    detail = Text(
        "L’adresse, le mot de passe ou le jeton ne convient pas.",
        "The address, the password or the token does not hold.",
    )
    example = MappingProxyType({"error": "invalid_grant"})

    def __init__(self) -> None:
        RelanceError.__init__(self, error="invalid_grant")


class InvalidTokenRequest(RelanceError):
    """The form of the token endpoint lacks a field, or holds one that cannot be read."""

    code = "invalid_token_request"
    status = 400
    title = Text("Demande de jeton incomplète", "Incomplete token request")
    detail = Text(
        "La demande de jeton ne peut pas être lue ; voir « errors ».",
        "The token request cannot be read; see “errors”.",
    )
    example = MappingProxyType(
        {
            "error": "invalid_request",
            "errors": [{"pointer": "/username", "code": "missing", "message": "Ce champ est obligatoire."}],
        }
    )

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            error="invalid_request",
            errors=[{"pointer": e.pointer, "code": e.code, "message": e.message} for e in errors],
        )


class UnsupportedGrantType(RelanceError):
    """The token endpoint knows the grants `password` and `refresh_token`."""

    code = "unsupported_grant_type"
    status = 400
    title = Text("Type d’autorisation inconnu", "Unsupported grant type")
    detail = Text("Les types acceptés sont : {accepted}.", "The accepted types are: {accepted}.")
    example = MappingProxyType({"error": "unsupported_grant_type", "accepted": "password, refresh_token"})

    def __init__(self) -> None:
        super().__init__(error="unsupported_grant_type", accepted="password, refresh_token")


class WorkspaceRequired(RelanceError):
    """The address and the password hold in several workspaces."""

    code = "workspace_required"
    status = 400
    title = Text("Espace à préciser", "Workspace required")
    detail = Text(
        "Ce compte existe dans plusieurs espaces : précisez « workspace ».",
        "This account exists in several workspaces: give “workspace”.",
    )
    example = MappingProxyType({"error": "invalid_request", "workspaces": ["acme", "globex"]})

    def __init__(self, slugs: Sequence[str]) -> None:
        super().__init__(error="invalid_request", workspaces=list(slugs))


class TooManySignIns(RelanceError):
    """Too many failed sign-ins from this address."""

    code = "too_many_sign_ins"
    status = 429
    title = Text("Trop de tentatives", "Too many attempts")
    detail = Text("Réessayez dans {retry_after} secondes.", "Try again in {retry_after} seconds.")
    example = MappingProxyType({"error": "slow_down", "retry_after": 412})

    def __init__(self, retry_after: int, limit: int, window: int) -> None:
        super().__init__(error="slow_down", retry_after=retry_after)
        self._retry_after = retry_after
        self._limit = limit
        self._window = window

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again, in seconds, and the limit that was met."""
        return {
            "Retry-After": str(self.data["retry_after"]),
            **limit_headers("sign-in", self._limit, self._window, 0, self._retry_after),
        }


class UserSessionRequired(RelanceError):
    """An API key asks for what only somebody who signed in can do."""

    code = "user_session_required"
    status = 403
    title = Text("Session requise", "Session required")
    detail = Text(
        "Cette opération demande le jeton d’accès d’un utilisateur, pas une clé d’API.",
        "This operation needs a user’s access token, not an API key.",
    )


class WrongPassword(RelanceError):
    """The current password, asked before a change, does not hold."""

    code = "wrong_password"
    status = 403
    title = Text("Mot de passe incorrect", "Wrong password")
    detail = Text("Le mot de passe actuel ne convient pas.", "The current password does not hold.")


class NameTaken(DuplicateResource):
    """Another row of the same kind has this name, address or key; the answer names it."""

    detail = Text(
        "Une autre ressource a déjà cette valeur : {existing_id}.",
        "Another resource already has this value: {existing_id}.",
    )
    example = MappingProxyType({"existing_id": _ID, "pointer": "/name"})

    def __init__(self, existing_id: UUID, pointer: str) -> None:
        super().__init__(existing_id=str(existing_id), pointer=pointer)


class LastAdministrator(RelanceError):
    """The change would leave nobody who can manage users and roles."""

    code = "last_administrator"
    status = 409
    title = Text("Dernier administrateur", "Last administrator")
    detail = Text(
        "Il doit rester un utilisateur actif qui gère les utilisateurs et les rôles.",
        "An active user who manages users and roles must remain.",
    )


class KeyNotLive(RelanceError):
    """The API key is revoked or expired."""

    code = "key_not_live"
    status = 409
    title = Text("Clé inactive", "Key not live")
    detail = Text(
        "Cette clé est révoquée ou expirée ; créez-en une autre.", "This key is revoked or expired; create another."
    )


class RotationPending(RelanceError):
    """The key was already rotated and both keys live; there are never three."""

    code = "rotation_pending"
    status = 409
    title = Text("Rotation en cours", "Rotation pending")
    detail = Text(
        "Deux clés sont déjà actives : révoquez d’abord la clé {api_key_id}.",
        "Two keys are already live: revoke the key {api_key_id} first.",
    )
    example = MappingProxyType({"api_key_id": _ID})

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(api_key_id=str(api_key_id))


class AlreadyUsed(RelanceError):
    """The link has done what it was for, or was closed; it works once."""

    code = "link_used"
    status = 409
    title = Text("Lien déjà utilisé", "Link already used")
    detail = Text(
        "Ce lien a déjà servi ou n’est plus valable ; rien n’a été changé.",
        "This link was used before or holds no more; nothing was changed.",
    )
