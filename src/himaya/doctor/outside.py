"""The site as visitors reach it: one request with forged headers, and whom the gate took it for."""

from __future__ import annotations

import http.client
import secrets
import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import msgspec

from himaya.control.messages import AskProbe, Probe, Probed
from himaya.core.errors import ServiceError
from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene

_WAIT_S = 10.0

#: Differences of two clocks, in seconds: from where it is worth a word, and from where windows are wrong.
_DRIFT_S, _WRONG_S = 5.0, 60.0

#: What is claimed; the addresses are of TEST-NET-3 (RFC 5737), which nobody has.
_NAME = "himaya-doctor-forged"
_ASN = "64496"
_ADDRESSES = {
    "X-Forwarded-For": "203.0.113.201",
    "X-Real-IP": "203.0.113.202",
    "Forwarded": "203.0.113.203",
}


#: In which header a front door tells what is asked for; the others say `X-Forwarded-Uri`, or nothing in a header.
_TARGET_OF = {"nginx": "X-Original-URI"}


class Told(msgspec.Struct, frozen=True):
    """What came of a request: its answer's Date (epoch seconds, None without), and our address of that connection."""

    date: float | None
    source: str


def outside(scene: Scene) -> Iterator[Check]:
    """Ask the public site; whoever comes from outside cannot say who they are."""
    if not scene.asked.url:
        return
    mark, other = secrets.token_hex(16), secrets.token_hex(16)
    if scene.status is not None:
        scene.control.ask(Probe(mark))
        scene.control.ask(Probe(other))
    try:
        told = _ask(scene, mark, other)
    except (OSError, http.client.HTTPException, ValueError) as why:
        said = f"{scene.asked.url} does not answer: {getattr(why, 'strerror', None) or why}."
        yield problem("outside", said, "Look at the front server; is --url what visitors use?")
        return
    yield from _date(scene, told)
    if scene.status is None:
        return
    yield from _judged(scene, told, mark, other)


def _forged(scene: Scene, other: str) -> dict[str, str]:
    """Return the headers of the request; each claims something else."""
    actor = scene.config.actor
    claims = {
        **_ADDRESSES,
        "Forwarded": f"for={_ADDRESSES['Forwarded']}",
        _TARGET_OF.get(scene.config.gate.front, "X-Forwarded-Uri"): f"/?himaya-doctor={other}",
        "Himaya-Account": _NAME,
    }
    if actor.address_header and actor.address_header.lower() not in map(str.lower, claims):
        claims[actor.address_header] = "203.0.113.204"
    for header in (actor.account_header, actor.tier_header):
        if header:
            claims[header] = _NAME
    if actor.asn_header:
        claims[actor.asn_header] = _ASN
    return claims


def _ask(scene: Scene, mark: str, other: str) -> Told:
    """Send the request and return what came of it. Raises OSError, HTTPException, ValueError."""
    connection = _connection(scene.asked.url)
    try:
        connection.connect()
        source = connection.sock.getsockname()[0]
        joint = "&" if "?" in scene.asked.path else "?"
        target = f"{scene.asked.path}{joint}himaya-doctor={mark}"
        connection.request("GET", target, headers=_forged(scene, other))
        date = connection.getresponse().getheader("Date")
    finally:
        connection.close()
    return Told(parsedate_to_datetime(date).timestamp() if date else None, source)


def _connection(url: str) -> http.client.HTTPConnection:
    """Return a connection to the site, not open yet; certificates are verified."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=_WAIT_S, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=_WAIT_S)


def _date(scene: Scene, told: Told) -> Iterator[Check]:
    if told.date is None:
        return
    apart = abs(told.date - scene.asked.now)
    said = f"the front door's clock and this one are {apart:.0f} s apart."
    do = "Run an NTP client on both machines."
    if apart > _WRONG_S:
        yield problem("time", said, do)
    elif apart > _DRIFT_S:
        yield warning("time", said, do)
    else:
        yield ok("time", "the front door's clock and this one agree.")


def _judged(scene: Scene, told: Told, mark: str, other: str) -> Iterator[Check]:
    """Ask the gate whom it took the request for."""
    try:
        seen = scene.control.ask(AskProbe(mark)).probed
        misled = scene.control.ask(AskProbe(other)).probed
    except ServiceError as why:
        yield warning("headers", f"the gate does not say: {why}.", "Is it of the same version?")
        return
    if misled is not None:
        front = scene.config.gate.front
        header = _TARGET_OF.get(front, "X-Forwarded-Uri")
        said = f"a visitor's {header} is believed: they choose for which page the gate decides."
        yield problem(
            "headers", said, f"Let the front server set it: himaya init {front} prints how."
        )
    elif seen is None:
        said = f"the gate was not asked about {scene.asked.path}."
        yield warning("headers", said, "Name a path it is asked about: --path")
    else:
        found = list(_believed(scene, told, seen))
        yield from found or [ok("headers", "a visitor's forged headers are not believed.")]


def _believed(scene: Scene, told: Told, seen: Probed) -> Iterator[Check]:
    actor = scene.config.actor
    if seen.address.startswith("203.0.113.20"):
        yield _forged_address(scene, told)
    elif not seen.address:
        do = f"Let the front server set {actor.address_header} to the visitor's address."
        yield problem("headers", "the gate sees no address of visitors.", do)
    elif seen.address == seen.peer != told.source and not seen.trusted:
        said = f"everybody is taken for the front door at {seen.peer}, and shares one budget."
        yield problem("headers", said, f'Add it: [actor] trusted_proxies = ["{seen.peer}"]')
    claims = {"account": seen.account, "tier": seen.tier, "asn": str(seen.asn)}
    for name, value in claims.items():
        if value in {_NAME, _ASN}:
            said = f"the gate believes an {name} that a visitor made up."
            header = getattr(actor, f"{name}_header") or "Himaya-Account"
            yield problem("headers", said, f"Let the front server set or clear {header}.")


def _forged_address(scene: Scene, told: Told) -> Check:
    if _is_trusted(scene, told.source):
        said = f"the forged address was believed, but {told.source}, from which it came, is in trusted_proxies."
        return warning(
            "headers",
            said,
            "Ask by the public name of the site, from an address that is not trusted.",
        )
    return problem(
        "headers",
        "a visitor's own X-Forwarded-For or X-Real-IP is believed: budgets by address can be walked around.",
        f"Let the front server write {scene.config.actor.address_header}, not pass it on.",
    )


def _is_trusted(scene: Scene, address: str) -> bool:
    networks = (ip_network(text, strict=False) for text in scene.config.actor.trusted_proxies)
    return any(ip_address(address) in network for network in networks)
