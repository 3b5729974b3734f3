"""What must hold beyond types and ranges; each check is one function and yields its problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from himaya.config.alerts import alert_problems, hook_problems
from himaya.config.anchor import anchor_problems
from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.config.edge_checks import edge_problems
from himaya.config.endpoints import endpoint_problems
from himaya.config.feed import feed_problems
from himaya.config.locate import Path
from himaya.config.ranges import out_of_range
from himaya.config.response import response_problems
from himaya.config.retention import retention_problems
from himaya.config.surfaces import surface_problems
from himaya.config.words import nearest
from himaya.core.assets import is_counted
from himaya.core.decision import Action
from himaya.core.policy import Budget, Budgets

#: `sun_path` of Linux holds 108 bytes with the closing zero (unix(7)).
MAX_SOCKET_BYTES = 107

#: Actors who may see canaries.
MAX_EXEMPT = 1000

#: A header or cookie name: a token of RFC 9110 section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def problems(config: Config, raw: dict[str, Any], directory: str) -> Iterator[Problem]:
    """Yield everything that is wrong with a configuration whose types are right.

    `raw` is the parsed file (what is written, without defaults), `directory` where it lies.
    """
    yield from out_of_range(config)
    yield from surface_problems(config, raw)
    yield from endpoint_problems(config, raw)
    yield from _budgets(config)
    yield from _assets(config)
    yield from _enforcing(config, raw)
    yield from retention_problems(config, raw)
    yield from _proxies(config)
    yield from _detectors(config)
    yield from _model(config)
    yield from _exempt(config)
    yield from _surge(config)
    yield from _names(config)
    yield from _jwt(config)
    yield from _authorised(config)
    yield from alert_problems(config)
    yield from _response(config)
    found = anchor_problems(config.anchor, config.alerts.smtp_host)
    yield from (Problem(*each) for each in found)
    yield from edge_problems(config)
    yield from _addresses(config)
    yield from _leases(config)
    yield from _feed(config)
    yield from _metrics(config)
    yield from _files(config, directory)


def _response(config: Config) -> Iterator[Problem]:
    told = config.response
    yield from (Problem(*each) for each in response_problems(told))
    yield from hook_problems(
        "response",
        ("revoke_url", told.revoke_url),
        ("revoke_secret_file", told.revoke_secret_file),
    )


def _budgets(config: Config) -> Iterator[Problem]:
    yield from _budget_table(config.budgets, ("budgets",))
    for name, tier in config.budgets.tier.items():
        yield from _budget_table(tier, ("budgets", "tier", name))
    known = {surface.id for surface in config.surfaces}
    for name, budget in config.budgets.surface.items():
        path = ("budgets", "surface", name)
        yield from _windows(budget, path)
        if name not in known:
            yield Problem(path, "no surface has this id.", nearest(name, sorted(known)))
    if not 0 < config.distance.near <= 1:
        yield Problem(("distance", "near"), "is not above 0 and at most 1.", "Write 0.1, or 1.0.")
    if not 0 <= config.reserve.share < 1:
        yield Problem(("reserve", "share"), "is not from 0 to below 1.", "Write 0.2, or 0.")


def _leases(config: Config) -> Iterator[Problem]:
    ids = [surface.id for surface in config.surfaces]
    for at, name in enumerate(config.gate.lease_never):
        if name not in ids:
            path: Path = ("gate", "lease_never", at)
            yield Problem(path, f'no surface has the id "{name}".', nearest(name, ids))


def _budget_table(budgets: Budgets, path: Path) -> Iterator[Problem]:
    for kind in Budgets.__struct_fields__:
        budget = getattr(budgets, kind)
        if budget is not None:
            yield from _windows(budget, (*path, kind))


def _windows(budget: Budget, path: Path) -> Iterator[Problem]:
    """A longer window holds the shorter ones, so its limit cannot be smaller."""
    given = [(name, getattr(budget, name)) for name in ("hour", "day", "month")]
    limits = [(name, limit) for name, limit in given if limit is not None]
    for (short, less), (long, more) in pairwise(limits):
        if more < less:
            yield Problem(
                path,
                f"{long} = {more:g} is below {short} = {less:g}.",
                f"The limit per {short} could never be reached: raise {long} or lower {short}.",
            )


def _assets(config: Config) -> Iterator[Problem]:
    """A path that counts as an asset by nothing would make everybody one who asked for assets."""
    assets = config.assets
    for at, suffix in enumerate(assets.suffixes):
        if len(suffix) < 2:
            path: Path = ("assets", "suffixes", at)
            yield Problem(path, f'"{suffix}" ends too many paths.', 'Example: ".css"')
    for at, start in enumerate(assets.paths):
        if len(start) < 2 or not start.startswith("/"):
            path = ("assets", "paths", at)
            yield Problem(path, f'expected the beginning of a path, got "{start}".', '"/static/"')
    if is_counted(config.policy()) and not (assets.suffixes or assets.paths):
        yield Problem(
            ("assets", "suffixes"),
            "budgets.assetless is set, and nothing counts as an asset.",
            "Name endings or beginnings of the paths of style sheets, scripts and pictures.",
        )


def _enforcing(config: Config, raw: dict[str, Any]) -> Iterator[Problem]:
    """Enforcing turns people away: somebody must answer for it, and say how long rows are kept."""
    if config.mode != "enforce":
        return
    for key in ("name", "contact"):
        if not getattr(config.owner, key).strip():
            yield Problem(
                ("owner", key),
                'mode = "enforce" needs an owner.',
                f"Set [owner] {key}: refused people are told whom to ask.",
                ("mode",),
            )
    if "retention" not in raw:
        yield Problem(
            ("retention",),
            'mode = "enforce" needs a [retention] block.',
            "Write [retention] identified_days = 31, or your own choice.",
            ("mode",),
        )


def _proxies(config: Config) -> Iterator[Problem]:
    lists = (
        (("actor", "trusted_proxies"), config.actor.trusted_proxies),
        (("gate", "spoe_from"), config.gate.spoe_from),
    )
    for key, at, text in ((k, at, text) for k, texts in lists for at, text in enumerate(texts)):
        try:
            ip_network(text)
        except ValueError:
            yield Problem(
                (*key, at),
                f'expected a network, got "{text}".',
                _network_hint(text),
            )


def _network_hint(text: str) -> str:
    try:
        return f'Did you mean "{ip_network(text, strict=False)}"?'
    except ValueError:
        return 'Example: "10.0.0.0/8"'


def _detectors(config: Config) -> Iterator[Problem]:
    """Surfaces and networks that detectors name must be such."""
    ids = [surface.id for surface in config.surfaces]
    for at, name in enumerate(config.detectors.provenance.surfaces):
        if name not in ids:
            path: Path = ("detectors", "provenance", "surfaces", at)
            yield Problem(path, f'no surface has the id "{name}".', "Name the id of a [[surface]].")
    for crawler, networks in config.detectors.impostor.crawlers.items():
        yield from _crawler(crawler, networks)


def _crawler(crawler: str, networks: tuple[str, ...]) -> Iterator[Problem]:
    """A crawler has a name that not every agent string holds, and networks."""
    path: Path = ("detectors", "impostor", "crawlers", crawler)
    if not crawler.strip():
        yield Problem(path, "a crawler has no name.", "Write a word that its agent string holds.")
    for at, text in enumerate(networks):
        try:
            ip_network(text)
        except ValueError:
            yield Problem((*path, at), f'expected a network, got "{text}".', _network_hint(text))


def _model(config: Config) -> Iterator[Problem]:
    """A learned model may ask, and never refuses: its action is a challenge at most, and a challenge is possible."""
    model, path = config.detectors.model, ("detectors", "model", "action")
    if model.action in {Action.REDACT, Action.BLOCK}:
        yield Problem(
            path,
            f'"{model.action}" is refused: a learned model is never the sole ground on which people are shut out.',
            'Write "challenge" at most, and let a rule that anybody can recompute go further.',
        )
    if model.action is Action.CHALLENGE and not config.ladder.challenge:
        yield Problem(
            path,
            '"challenge" needs the challenge of the ladder, which is switched off.',
            'Set [ladder] challenge = true, or write "throttle".',
        )


def _exempt(config: Config) -> Iterator[Problem]:
    """Whoever may see canaries is named one by one, and by few."""
    exempt = config.detectors.canary.exempt
    path: Path = ("detectors", "canary", "exempt")
    if len(exempt) > MAX_EXEMPT:
        yield Problem(path, f"more than {MAX_EXEMPT} actors are exempt.", "Name staff accounts.")
    for at, text in enumerate(exempt):
        kind, _, name = text.partition(":")
        if kind not in {"account", "key", "address"} or not name:
            yield Problem(
                (*path, at), f'expected account:NAME, key:NAME or address:IP, got "{text}".'
            )


def _surge(config: Config) -> Iterator[Problem]:
    surge = config.detectors.surge
    if surge.hours > surge.weeks * 168:
        yield Problem(
            ("detectors", "surge", "hours"),
            f"{surge.hours} hours are never known: weeks = {surge.weeks} are remembered.",
            f"Set it to {surge.weeks * 168} at most, or remember more weeks.",
        )


def _names(config: Config) -> Iterator[Problem]:
    actor = config.actor
    for key in actor.__struct_fields__:
        name = getattr(actor, key)
        if key.endswith(("_header", "_cookie")) and name and not _TOKEN.fullmatch(name):
            yield Problem(("actor", key), f'expected a header or cookie name, got "{name}".')


def _jwt(config: Config) -> Iterator[Problem]:
    actor = config.actor
    if actor.jwt_algorithm and not actor.jwt_key_file:
        yield Problem(
            ("actor", "jwt_algorithm"),
            "a token can be verified with a key only.",
            "Set jwt_key_file: the public key (PEM), or the shared secret for HS256.",
        )
    if actor.jwt_key_file and not actor.jwt_algorithm:
        yield Problem(
            ("actor", "jwt_key_file"),
            "jwt_algorithm is missing.",
            'Name the one algorithm that is accepted, such as "RS256".',
        )
    if actor.jwt_algorithm and not (actor.jwt_header or actor.jwt_cookie):
        yield Problem(
            ("actor", "jwt_algorithm"), "set jwt_header or jwt_cookie to read a token from."
        )


def _authorised(config: Config) -> Iterator[Problem]:
    for at, text in enumerate(config.groups.authorised):
        kind, _, value = text.partition(":")
        known = kind in {"tier", "fingerprint"} or (kind == "asn" and value.isdecimal())
        if not (known and value):
            yield Problem(
                ("groups", "authorised", at),
                f'expected tier:NAME, asn:NUMBER or fingerprint:CLASS, got "{text}".',
            )


def _addresses(config: Config) -> Iterator[Problem]:
    gate, site = config.gate, config.site
    if not _is_listen(gate.listen):
        yield Problem(("gate", "listen"), f'expected host:port or unix:/path, got "{gate.listen}".')
    if not _is_upstream(gate.upstream):
        yield Problem(
            ("gate", "upstream"), f'expected http://host:port or unix:/path, got "{gate.upstream}".'
        )
    if site.url and urlsplit(site.url).scheme not in {"http", "https"}:
        yield Problem(("site", "url"), f'expected https://..., got "{site.url}".')


def _feed(config: Config) -> Iterator[Problem]:
    listen = config.feed.listen
    if listen and not _is_listen(listen):
        yield Problem(("feed", "listen"), f'expected host:port or unix:/path, got "{listen}".')
    if listen and listen == config.gate.listen and not listen.endswith(":0"):
        yield Problem(("feed", "listen"), "the gate listens there already.", "Take another port.")
    for path, problem, hint in feed_problems(config.feed):
        yield Problem(path, problem, hint)


def _metrics(config: Config) -> Iterator[Problem]:
    """Figures are told to whoever asks: only to this machine, unless the operator says otherwise."""
    listen, path = config.metrics.listen, ("metrics", "listen")
    if not listen:
        return
    if not _is_listen(listen):
        yield Problem(path, f'expected host:port or unix:/path, got "{listen}".')
    elif not (listen.startswith("unix:") or config.metrics.remote or _is_loopback(listen)):
        yield Problem(
            path,
            f'"{listen}" can be reached from other machines, and nobody is asked for a secret there.',
            'Write "127.0.0.1:9418", or set [metrics] remote = true behind a firewall.',
        )


def _is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_listen(text: str) -> bool:
    if text.startswith("unix:"):
        return len(text) > len("unix:")
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and int(port) <= 65535


def _is_upstream(text: str) -> bool:
    if text.startswith("unix:"):
        return len(text) > len("unix:")
    try:
        parts = urlsplit(text)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _files(config: Config, directory: str) -> Iterator[Problem]:
    places = (
        (("gate", "socket"), config.gate.socket),
        (("gate", "listen"), config.gate.listen),
        (("feed", "listen"), config.feed.listen),
        (("metrics", "listen"), config.metrics.listen),
    )
    for key, text in places:
        place = text.removeprefix("unix:")
        if (key == ("gate", "socket") or place != text) and _too_long(directory, place):
            yield Problem(
                key,
                f"the path of a Unix socket holds at most {MAX_SOCKET_BYTES} bytes.",
                "Choose a shorter one, such as /run/himaya/himaya.sock",
            )
    if not config.gate.socket:
        yield Problem(("gate", "socket"), "expected the path of a Unix socket.")
    if not config.ledger.directory:
        yield Problem(("ledger", "directory"), "expected a directory.")
    elif config.ledger.key_file and _is_inside(config, directory):
        yield Problem(
            ("ledger", "key_file"),
            "the key lies inside the ledger it opens.",
            "Keep it elsewhere: whoever copies the data must not get the key.",
        )


def _too_long(directory: str, place: str) -> bool:
    return len(os.fsencode(os.path.join(directory, place))) > MAX_SOCKET_BYTES  # noqa: PTH118  (no disk)


def _is_inside(config: Config, directory: str) -> bool:
    key = PurePath(directory, config.ledger.key_file)
    return PurePath(directory, config.ledger.directory) in key.parents
