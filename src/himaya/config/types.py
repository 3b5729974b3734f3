"""The words of `himaya.toml`: one struct per table, every key with its default.

Budgets, surfaces, ladder, challenge, detectors and bounds are the core's own structs, so that what a
file says is what the engine decides by. `docs/configuration.md` documents every key; a test keeps
both equal.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from himaya.core.policy import Budget, Budgets


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose pages these are. `population` is how many people the site shows (0: not stated)."""

    name: str = ""
    url: str = ""
    population: int = 0


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the policy, and where a refused person can write to."""

    name: str = ""
    contact: str = ""


JwtAlgorithm = Literal[
    "", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"
]


class ActorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the facets of an actor are found; "" switches a way off.

    `account_field` names the log field. `account_header`, `tier_header`, `fingerprint_header`,
    `asn_header` and `address_header` are believed only from `trusted_proxies` (networks).
    `key_header` names the header with the API key, `session_cookie` the cookie of the site's own
    session. `jwt_*` read the account from a token that is verified with `jwt_algorithm` and
    `jwt_key_file`. `account_response` lets the application name the account in a `Himaya-Account`
    response header. An account is new for `new_account_s` seconds. A fingerprint class gets
    another name every `fingerprint_days`, and is blanked in rows that are older.
    """

    account_field: str = "remote_user"
    account_header: str = ""
    account_response: bool = True
    session_cookie: str = ""
    key_header: str = ""
    tier_header: str = ""
    fingerprint_header: str = ""
    asn_header: str = ""
    fingerprint_days: int = 31
    trusted_proxies: tuple[str, ...] = ()
    address_header: str = "X-Forwarded-For"
    jwt_algorithm: JwtAlgorithm = ""
    jwt_key_file: str = ""
    jwt_header: str = "Authorization"
    jwt_cookie: str = ""
    jwt_claim: str = "sub"
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_leeway_s: int = 30
    new_account_s: int = 7 * 86400


class SiteBudgets(Budgets, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The budgets of the site, `tier.NAME` for accounts of a named tier, `surface.ID` for all visitors of a surface."""

    tier: dict[str, Budgets] = {}  # noqa: RUF012  (msgspec copies it)
    surface: dict[str, Budget] = {}  # noqa: RUF012


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long rows stay tied to people: `identified_days`, then deleted or sealed; `docs/retention.md`.

    Rows older than `open_days` are sealed to operators, where they are enrolled; 0: the longest budget window.
    `ordinary`: whether rows of ordinary viewers leave a compact form behind, kept `compact_days`. Rows of members of a
    case that a person confirmed stay `confirmed_days`. No backup of the identity map is older than `backup_days`.
    """

    identified_days: int = 31
    open_days: int = 0
    then: Literal["delete", "seal"] = "delete"
    ordinary: Literal["delete", "compact"] = "delete"
    compact_days: int = 730
    confirmed_days: int = 730
    backup_days: int = 35


class Canaries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People who do not exist: `file` lists them ("": none), at most `most`; `docs/canaries.md`.

    `sha256` is what the activated text says of the list; what a file says there is replaced when it is loaded.
    """

    file: str = ""
    most: int = 10_000
    sha256: str = ""


Severity = Literal["low", "medium", "high"]


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of what needs somebody: `docs/alerts.md`. An alert names nobody; `findings_file` does.

    Channels: `command` is split like a shell does, but no shell runs it; mail through `smtp_*`; `webhook_url` with a
    signature by `webhook_secret_file`. At most `queue` deliveries wait per channel; one ends after `timeout_s`. The
    same thing within `again_s` counts up. What is at least `escalate_from` and nobody acknowledged after `escalate_s`
    (0: never) goes to `escalate_to` (empty: `owner.contact`). `silence_s` without a line of the log, `free_mb` of disk
    and `key_days` of a key file are the bounds past which an alert comes (0: none). `keep` alerts are kept.
    """

    command: str = ""
    timeout_s: int = 30
    queue: int = 100
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    webhook_url: str = ""
    webhook_secret_file: str = ""
    again_s: int = 3600
    escalate_s: int = 900
    escalate_from: Severity = "high"
    escalate_to: tuple[str, ...] = ()
    silence_s: float = 300.0
    free_mb: int = 1024
    key_days: int = 365
    keep: int = 10_000
    findings_file: str = ""

    @property
    def has_channel(self) -> bool:
        """Tell whether anybody is told of an alert."""
        return bool(self.command or self.smtp_host or self.webhook_url)


class GroupsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How actors that work together are looked for in the ledger; `docs/groups.md` explains the tests.

    Asked every `every_s` seconds (0: never). `alpha` bounds the probability that one linking key of people who look at
    people independently is found, `members` is the least number of actors. `authorised` are left out: `tier:NAME`,
    `asn:NUMBER`, `fingerprint:CLASS`.
    """

    every_s: float = 10.0
    alpha: float = 0.0001
    members: int = 3
    authorised: tuple[str, ...] = ()


class GateConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gate: where it listens, what stands behind it, and what a connection may cost.

    `listen` is `host:port` or `unix:/path`; `upstream` is `http://host:port` or `unix:/path`. `socket` is
    the Unix socket of the authority process. `secret_file` holds the secret that a front door shows to the
    authority in `X-Himaya-Secret` (not needed on a Unix socket); `key_file` the key that signs clearances
    ("": beside the socket, `.key`). `forecast`: whether a policy may be enforced that no forecast on record
    is for. `front` is the front door whose words the authority believes; HAProxy asks
    over SPOE at `spoe_listen` ("": nowhere), from loopback and the networks `spoe_from`. `lease_*`: what workers of the
    application may decide by themselves; `docs/workers.md`.
    `max_connections_per_client`: those of one address, or one IPv6 /64. `max_body_bytes`: the largest body of a
    request (0: any). `log_format`: what the process itself writes to standard error.
    """

    listen: str = "127.0.0.1:8080"
    upstream: str = "http://127.0.0.1:8000"
    socket: str = "himaya.sock"
    secret_file: str = ""
    key_file: str = ""
    appeal: str = ""
    buffer_bytes: int = 1024 * 1024
    max_header_bytes: int = 64 * 1024
    max_body_bytes: int = 0
    max_connections: int = 2000
    max_connections_per_client: int = 500
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0
    idle_timeout_s: float = 75.0
    forecast: Literal["warn", "required"] = "warn"
    front: Literal["nginx", "caddy", "traefik", "envoy"] = "nginx"
    spoe_listen: str = ""
    spoe_from: tuple[str, ...] = ()
    lease_people: int = 0
    lease_s: float = 2.0
    lease_weight: float = 1.0
    lease_never: tuple[str, ...] = ()
    lease_settle_s: float = 0.1
    lease_backlog_bytes: int = 8 * 1024 * 1024
    log_format: Literal["text", "ecs"] = "text"


class OperationsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the doors look into requests to endpoints of many operations; `docs/graphql.md`.

    `max_bytes` of a request's body are read, `max_operations` operations and places of people in it, `max_tokens`
    tokens and fields, `max_depth` levels; past one of them it is refused while enforcing. At most `documents` texts are
    remembered. `persisted_file` lists persisted queries ("": none), an object from id to text or Apollo's manifest.
    """

    max_bytes: int = 64 * 1024
    max_operations: int = 20
    max_tokens: int = 1000
    max_depth: int = 15
    documents: int = 1000
    persisted_file: str = ""


class MetricsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gate tells how it is: `listen` is `host:port` or `unix:/path` ("": nowhere).

    Nobody is asked for a secret there, so an address that other machines can reach needs `remote`.
    """

    listen: str = ""
    remote: bool = False


class LedgerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the ledger lies, and the key that opens its map of identities ("": beside it, `.key`).

    Sealed files and the chain are copied to `storage` (a URL; "": nowhere) after each sealing.
    """

    directory: str = "ledger"
    key_file: str = ""
    storage: str = ""


class LogConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How access logs are written: a name, an nginx `log_format` string, or auto.

    `fields` maps the words of himaya to the keys of JSON lines.
    """

    format: str = "auto"
    fields: dict[str, str] = {}
