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
    """How long rows stay tied to people: `identified_days`, then deleted or sealed."""

    identified_days: int = 31
    then: Literal["delete", "seal"] = "delete"


class Canaries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People who do not exist: `file` lists them ("": none), at most `most`; `docs/canaries.md`.

    `sha256` is what the activated text says of the list; what a file says there is replaced when it is loaded.
    """

    file: str = ""
    most: int = 10_000
    sha256: str = ""


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is run for a new finding: `command` is split like a shell does, but no shell runs it.

    The finding is JSON on standard input. At most `queue` findings wait; a run ends after `timeout_s`.
    """

    command: str = ""
    timeout_s: int = 30
    queue: int = 100


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
    is for. `spoe_listen` is where HAProxy asks the authority over SPOE ("": nowhere), from loopback and the networks
    `spoe_from`.
    """

    listen: str = "127.0.0.1:8080"
    upstream: str = "http://127.0.0.1:8000"
    socket: str = "himaya.sock"
    secret_file: str = ""
    key_file: str = ""
    appeal: str = ""
    buffer_bytes: int = 1024 * 1024
    max_header_bytes: int = 64 * 1024
    max_connections: int = 2000
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0
    idle_timeout_s: float = 75.0
    forecast: Literal["warn", "required"] = "warn"
    spoe_listen: str = ""
    spoe_from: tuple[str, ...] = ()


class LedgerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the ledger lies, and the key that opens its map of identities ("": beside it, `.key`)."""

    directory: str = "ledger"
    key_file: str = ""


class LogConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How access logs are written: a name, an nginx `log_format` string, or auto.

    `fields` maps the words of himaya to the keys of JSON lines.
    """

    format: str = "auto"
    fields: dict[str, str] = {}
