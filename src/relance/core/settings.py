"""Configuration: every value comes from the environment as `RELANCE_*` and is checked once, at start."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEVELOPMENT_SECRET = "insecure-development-secret-change-me"  # noqa: S105 - refused in production, see below


class OidcIssuer(BaseModel):
    """An OpenID Connect issuer whose tokens sign users in to one workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str
    workspace: str
    email_claim: str = "email"
    #: The claim that must be true for the address to count; null for issuers that vouch for every address.
    email_verified_claim: str | None = "email_verified"


class Settings(BaseSettings):
    """The one settings object. The table in docs/configuration.md is generated from these fields."""

    model_config = SettingsConfigDict(env_prefix="RELANCE_", extra="ignore", frozen=True)

    environment: Literal["production", "development"] = Field(
        "production", description="`production` refuses unsafe settings; `development` allows them."
    )
    database_url: str = Field(
        "postgresql://relance@127.0.0.1:5432/relance",
        description="PostgreSQL 15 or later. `DATABASE_URL` is read too.",
        validation_alias=AliasChoices("RELANCE_DATABASE_URL", "DATABASE_URL", "database_url"),
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis or Valkey: only wakes the worker. `REDIS_URL` is read too.",
        validation_alias=AliasChoices("RELANCE_REDIS_URL", "REDIS_URL", "redis_url"),
    )
    smtp_url: str = Field(
        "smtp://127.0.0.1:1025",
        description="Mail relay: `smtp://user:password@host:port`, `smtp+starttls://` or `smtps://`. "
        "`SMTP_URL` is read too.",
        validation_alias=AliasChoices("RELANCE_SMTP_URL", "SMTP_URL", "smtp_url"),
    )
    smtp_ca_file: Path | None = Field(
        None,
        description="Certificates (PEM) of the authority that signed the relay's, where the system does not know it.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Address under which recipients and clients reach the API."
    )
    secret_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (DEVELOPMENT_SECRET,),
        description="Secrets of at least 32 characters, separated by commas, newest first: the first signs, "
        "all verify. Links, access tokens and API keys derive their keys from them.",
    )
    sandbox: bool = Field(False, description="Test clock and test mailbox for front-end teams. Refused in production.")
    smtp_is_catcher: bool = Field(
        False,
        description="The relay is the sandbox's own mail catcher: it can be asked what it took, so that no mail stays "
        "uncertain. `relance up` sets it.",
    )
    mail_from: str = Field(
        "Relance <no-reply@relance.example>",
        description="Sender of every mail, unless a workspace has its own.",
    )
    smtp_connections: int = Field(4, ge=1, le=50, description="SMTP connections kept by a worker process.")
    smtp_timeout_seconds: float = Field(30, gt=0, le=300, description="Longest wait for one answer of the mail relay.")
    handoff_batch: int = Field(
        10, ge=1, le=100, description="Most mails that one crash can leave uncertain, per connection."
    )
    resend_uncertain: bool = Field(
        False,
        description="Send a mail again when nobody can know whether the relay took it. Off: it is held and listed.",
    )
    lease_seconds: int = Field(
        120, ge=5, description="How long a worker may hold a claimed mail before another takes it."
    )
    sweep_seconds: float = Field(
        2,
        gt=0,
        le=60,
        description="Longest wait for due work when no bell rings (Redis away, process killed).",
    )
    access_token_minutes: int = Field(60, ge=1, description="Life of an access token.")
    refresh_token_days: int = Field(30, ge=1, le=400, description="Life of a refresh token that is not used.")
    oidc_issuers: tuple[OidcIssuer, ...] = Field(
        (),
        description="OpenID Connect issuers as JSON: "
        '`[{"issuer": "https://…", "audience": "…", "workspace": "<slug>"}]`; '
        "`email_claim` (`email`) and `email_verified_claim` (`email_verified`, null to trust every address) may be "
        "given. Their tokens sign in the user of that workspace with that address. RS256 and ES256.",
    )
    sign_in_attempts: int = Field(
        10, ge=0, description="Failed sign-ins allowed to one address on one account, per window; 0: no limit."
    )
    sign_in_attempts_per_address: int = Field(
        100, ge=0, description="Failed sign-ins allowed to one address on all accounts, per window; 0: no limit."
    )
    sign_in_window_minutes: int = Field(15, ge=1, le=1440, description="Window of the two limits above.")
    rate_limit_per_caller: int = Field(
        6000, ge=0, description="Requests a minute allowed to one user or API key; 0: no limit."
    )
    rate_limit_token: int = Field(
        300, ge=0, description="Token requests a minute allowed to one address, good ones included; 0: no limit."
    )
    rate_limit_recipient: int = Field(
        300, ge=0, description="Requests a minute to the pages of links allowed to one address; 0: no limit."
    )
    rate_limit_password_reset: int = Field(
        20, ge=0, description="Requests of a password reset an hour allowed to one address; 0: no limit."
    )
    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="Largest request body accepted, in bytes.")
    max_upload_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="Largest file accepted, in bytes.")
    max_form_bytes: int = Field(
        50 * 1024 * 1024, ge=1024, description="Largest form with files that a recipient may send, in bytes."
    )
    import_max_rows: int = Field(100_000, ge=1, le=1_000_000, description="Most rows of one imported file.")
    files_url: str = Field(
        "file:///var/lib/relance/files",
        description="Where uploads and exports are kept, shared by the API and the workers: `file:///a/folder` or "
        "`s3://bucket/prefix` (credentials and endpoint from the usual `AWS_*` variables). Of this deployment alone: "
        "what the database does not know is deleted after a day.",
    )
    files_keep_days: int = Field(7, ge=1, le=365, description="Days after which uploads and exports are deleted.")
    webhook_connections: int = Field(
        20, ge=1, le=500, description="Conversations with webhook endpoints at a time, of one worker process."
    )
    webhook_connections_per_endpoint: int = Field(
        8, ge=1, le=100, description="The same with one endpoint, of all worker processes together."
    )
    webhook_timeout_seconds: float = Field(
        15,
        gt=0,
        le=60,
        description="Longest wait for a webhook endpoint, from the connection to the end of its answer.",
    )
    webhook_log_days: int = Field(30, ge=1, le=400, description="Days after which finished deliveries are forgotten.")
    webhook_allow_private: bool = Field(
        False,
        description="Let webhook endpoints have `http` addresses and private ones, this machine's included. For "
        "development and sandboxes; refused in production. `relance up` sets it.",
    )
    database_pool_size: int = Field(10, ge=1, description="Database connections of one process.")
    reports_secret: str | None = Field(
        None,
        min_length=16,
        repr=False,
        description="Secret of the mail system that posts delivery reports; unset, none are taken by HTTP.",
    )
    reports_maildir: Path | None = Field(
        None, description="Maildir in which delivery reports arrive; the worker reads it. Unset: none."
    )
    metrics_token: str | None = Field(
        None,
        min_length=16,
        repr=False,
        description="Bearer token of `/metrics`. Unset: open in development, refused in production.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level logged.")
    log_format: Literal["json", "console"] = Field("json", description="`json` a line an event; `console` for people.")
    templates_dir: Path | None = Field(
        None, description="Folder of the e-mail templates; unset, the ones of the product."
    )

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("public_url must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if not self.secret_keys:
            raise ValueError("RELANCE_SECRET_KEYS is empty: give at least one secret")
        if self.environment == "development":
            return self
        if self.sandbox:
            raise ValueError("RELANCE_SANDBOX=1 is refused in production: set RELANCE_ENVIRONMENT=development")
        if self.webhook_allow_private:
            raise ValueError("RELANCE_WEBHOOK_ALLOW_PRIVATE=1 is refused in production")
        if DEVELOPMENT_SECRET in self.secret_keys:
            raise ValueError("RELANCE_SECRET_KEYS still holds the development secret: refused in production")
        if any(len(key) < 32 for key in self.secret_keys):
            raise ValueError("RELANCE_SECRET_KEYS holds a secret of fewer than 32 characters: refused in production")
        if any(not one.issuer.startswith("https://") for one in self.oidc_issuers):
            raise ValueError("RELANCE_OIDC_ISSUERS names an issuer without https: refused in production")
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database address with the async driver named, whatever scheme it was given with."""
        scheme, _, rest = self.database_url.partition("://")
        if scheme not in {"postgres", "postgresql", "postgresql+asyncpg"}:
            raise ValueError(f"DATABASE_URL must be a PostgreSQL address, not {scheme}://")
        return f"postgresql+asyncpg://{rest}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read from the environment at the first call."""
    return Settings()
