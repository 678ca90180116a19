"""What can be set from outside. The only place that reads the environment."""

import os
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

PREFIX = "BBWS_"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Of TLS, or of this machine.
_SAFE_URL = r"^(https://[^\s/?#]+(/\S*)?|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?)?$"


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what is allowed."""


class Settings(BaseModel):
    """Every setting with its default. The variable of ``data_dir`` is ``BBWS_DATA_DIR``, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(default=Path("var"), description="The data folder.")
    environment: str = Field(
        default="local", pattern="^[a-z][a-z0-9]{0,15}$", description="Part of every API key's prefix: local, dev, …"
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    write_mode: Literal["direct", "queued"] = Field(
        default="direct", description="Whether product changes are applied at once or through their queue."
    )
    tls_cert: Path | None = Field(default=None, description="PEM file of the certificate chain.")
    tls_key: Path | None = Field(default=None, description="PEM file of its key.")
    insecure_bind: bool = Field(default=False, description="Listen beyond this machine without TLS.")
    new_key: bool = Field(default=False, description="Make a first API key though there are others: where it was lost.")
    trusted_proxies: frozenset[str] = Field(
        default=frozenset(), description="Addresses, comma-separated, whose X-Forwarded-* headers are believed."
    )
    cors_origins: frozenset[str] = Field(default=frozenset(), description="Origins, comma-separated, or *.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")
    webhook_loopback: bool = Field(
        default=False,
        description="On one machine, for trying: webhooks may call this machine itself, in clear text too.",
    )
    drain_seconds: float = Field(default=10.0, ge=0, le=300, description="How long a stop waits for what is held.")
    oidc_issuer: str = Field(
        default="",
        pattern=_SAFE_URL,
        description="On one machine: an issuer of OpenID Connect, whose tokens count too.",
    )
    oidc_audience: str = Field(default="", description="Whom its tokens must be for: the client id.")
    oidc_jwks_url: str = Field(
        default="", pattern=_SAFE_URL, description="Where its keys are, if its own description does not say."
    )
    oidc_admin: str = Field(
        default="", pattern=r"^([^=\s]+=\S.*)?$", description="claim=value that gives the platform role Admin."
    )
    region: str = Field(default="eu-west-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="On AWS: the region.")
    archive_bucket: str = Field(
        default="", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$", description="On AWS: the bucket of the archive."
    )
    user_pool: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_-]{1,55})?$",
        description="On AWS: the id of the pool that people are in.",
    )
    tables: dict[str, str] = Field(
        default_factory=dict, description="On AWS: store=table, comma-separated, where it is not the usual table."
    )
    runs: str = Field(default="", description="On AWS: what a function runs, as the manifest names it.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#/]+(/[^\s?#]*)?)?$",
        description="Where people reach the API, for links in mails; left out: host and port.",
    )
    mail_from: str = Field(
        default="BBWS <no-reply@localhost.localdomain>",
        pattern=r"^([A-Za-z0-9 ]+<)?[^\s<>@,;:\"()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+>?$",
        description="Whom mails are from.",
    )
    smtp_url: str | None = Field(
        default=None,
        repr=False,
        pattern=r"^smtps?://([^\s@/?#]+@)?[^\s@/?#:]+(:[1-9][0-9]{0,4})?/?$",
        description="Mail server, as smtp://HOST:587 or smtps://HOST, with USER:PASSWORD@ before HOST; "
        "left out: mails are files in `mail`.",
    )
    url: str | None = Field(default=None, description="Where the command line finds the server.")
    api_key: str | None = Field(default=None, repr=False, description="The key that the command line sends.")
    token: str | None = Field(default=None, repr=False, description="The token that the command line sends.")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("trusted_proxies", "cors_origins"):
            value = values.get(name)
            if isinstance(value, str):
                values[name] = frozenset(part.strip() for part in value.split(",") if part.strip())
        tables = values.get("tables")
        if isinstance(tables, str):
            pairs = [part.strip().partition("=") for part in tables.split(",")]
            if not all(store and table for store, _, table in pairs):
                msg = f"{PREFIX}TABLES: write store=table, comma-separated, such as products=products-restored"
                raise ValueError(msg)
            values["tables"] = {store: table for store, _, table in pairs}
        return values

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            msg = f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY belong together"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_audience):
            msg = f"{PREFIX}OIDC_ISSUER and {PREFIX}OIDC_AUDIENCE belong together"
            raise ValueError(msg)
        if (self.oidc_jwks_url or self.oidc_admin) and not self.oidc_issuer:
            msg = f"{PREFIX}OIDC_JWKS_URL and {PREFIX}OIDC_ADMIN are of the issuer that {PREFIX}OIDC_ISSUER names"
            raise ValueError(msg)
        return self

    @classmethod
    def of(cls, **values: object) -> "Settings":
        """Settings from values.

        Raises:
            SettingsError: a value is not allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            subject = f"{PREFIX}{name}: " if name else ""
            raise SettingsError(subject + first["msg"].removeprefix("Value error, ")) from error

    @classmethod
    def from_environment(cls, **overrides: object) -> "Settings":
        """Settings from the environment; ``overrides`` that are not None win (the flags of the command line).

        Raises:
            SettingsError: a value is not allowed.
        """
        names = {f"{PREFIX}{name.upper()}": name for name in cls.model_fields}
        found: dict[str, object] = {names[key]: value for key, value in os.environ.items() if key in names and value}
        return cls.of(**found | {name: value for name, value in overrides.items() if value is not None})

    @property
    def scheme(self) -> str:
        """How the server is spoken to."""
        return "http" if self.tls_cert is None else "https"

    @property
    def server_url(self) -> str:
        """Where the command line finds the server."""
        return self.url or f"{self.scheme}://{_in_url(self.host)}:{self.port}"

    @property
    def people_url(self) -> str:
        """Where people reach the API."""
        return self.public_url or f"{self.scheme}://{_in_url(self.host)}:{self.port}"

    @property
    def key_file(self) -> Path:
        """Where the first API key lies."""
        return self.data_dir / "api-key"

    def check_bind(self) -> None:
        """Refuse to listen beyond this machine in clear text unless told to.

        Raises:
            SettingsError: says how to go on.
        """
        if self.host in _LOOPBACK or self.tls_cert is not None or self.insecure_bind:
            return
        msg = (
            f"refusing to listen on {self.host} without TLS: set BBWS_TLS_CERT and BBWS_TLS_KEY, "
            "or pass --insecure-bind behind a proxy that speaks TLS"
        )
        raise SettingsError(msg)


class AwsVariables(NamedTuple):
    """What AWS's own variables say: to the SDK as well, which reads them itself.

    Attributes:
        endpoint: another address than AWS's, such as an emulator's.
        access_key, secret_key, token: credentials, empty where they are to be had otherwise.
    """

    endpoint: str | None
    access_key: str
    secret_key: str
    token: str

    @classmethod
    def read(cls) -> "AwsVariables":
        """As they are now."""
        found = os.environ.get
        return cls(
            found("AWS_ENDPOINT_URL") or None,
            found("AWS_ACCESS_KEY_ID", ""),
            found("AWS_SECRET_ACCESS_KEY", ""),
            found("AWS_SESSION_TOKEN", ""),
        )


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
