"""From a parsed line to an exchange: who asked, and whom the application says it showed."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from himaya.config import ActorConfig
from himaya.core.actor import Actor, canonical_address, prefix_of
from himaya.core.exchange import Exchange, Request
from himaya.core.salt import Salted
from himaya.core.subjects import parse_subjects
from himaya.watch.entry import Entry

#: Networks inside an organisation (RFC 1918, RFC 4193, loopback, link-local): where proxies stand.
_INTERNAL = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128",
                 "fc00::/7", "fe80::/10", "169.254.0.0/16")
)  # fmt: skip

#: An IPv4 address in canonical form; most addresses in logs are such.
_PLAIN = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)

#: What nginx writes where it decided by itself, on a pass or because it took the route for one that shows nobody.
UNASKED = frozenset({"pass", "free"})

#: Remembered addresses and actors; when full, all are forgotten and built anew.
_MOST = 100_000


class Exchanges:
    """Makes exchanges from entries.

    A forwarded address is believed only where the peer is a trusted proxy. Without a configuration, a peer
    with a private address that logs a forwarded one is taken for a proxy (`believed` counts such lines).
    """

    def __init__(
        self,
        config: ActorConfig | None = None,
        source: str = "log",
        salt: Salted | None = None,
    ) -> None:
        """Take how the facets of an actor are found; None when there is no configuration.

        `salt` is what fingerprint classes go through, None where nothing is stored.
        """
        self._salt = salt
        self._config = config or ActorConfig()
        self._guess = config is None
        self._trusted = [ip_network(each, strict=False) for each in self._config.trusted_proxies]
        self._source = source
        self._actors: dict[tuple[str, ...], Actor] = {}
        self.believed = 0

    def exchange(self, entry: Entry) -> Exchange:
        """Return the exchange that a line tells of; it is over."""
        subjects = entry.subjects
        return Exchange(
            Request(
                entry.id, self.actor(entry), entry.target, entry.method, entry.host, entry.agent
            ),
            entry.status,
            None if subjects is None else parse_subjects(subjects),
            entry.sent,
            entry.aborted,
            False,  # refused: a log cannot tell whose refusal it was
            "edge" if entry.edge in UNASKED and self._source == "log" else self._source,
            entry.type,
        )

    def _class_of(self, entry: Entry) -> str:
        raw = entry.fingerprint
        return self._salt(raw, entry.at) if raw and self._salt is not None else raw

    def actor(self, entry: Entry) -> Actor:
        """Return who asked."""
        if self.is_believed(entry):
            self.believed += 1
        facets = (
            entry.address,
            entry.forwarded,
            entry.himaya_account if self._config.account_response else "",
            entry.account,
            entry.session,
            entry.key,
            entry.asn,
            self._class_of(entry),
            entry.tier,
            entry.terms,
        )
        actor = self._actors.get(facets)
        if actor is None:
            if len(self._actors) >= _MOST:
                self._actors.clear()
            actor = self._actors[facets] = self._make(*facets)
        return actor

    def is_believed(self, entry: Entry) -> bool:
        """Tell whether a forwarded address was taken for the actor's although no configuration says so."""
        if not entry.forwarded or not self._guess:
            return False
        return self._is_proxy(clean_address(entry.address))

    def _make(self, peer: str, forwarded: str, named: str, account: str, *rest: str) -> Actor:
        session, key, asn, fingerprint, tier, terms = rest
        number = asn.upper().removeprefix("AS").strip()
        return Actor(
            address=self._resolve(peer, forwarded),
            account=named or account,
            session=session,
            key=key,
            asn=int(number) if number.isdecimal() and len(number) < 11 else 0,
            fingerprint=fingerprint,
            tier=tier,
            terms=terms,
        )

    def _resolve(self, peer: str, forwarded: str) -> str:
        """Walk the forwarded list from its end, as long as whoever wrote it is trusted."""
        address = clean_address(peer)
        for hop in reversed(forwarded.split(",")[-20:]):
            next_hop = clean_address(hop)
            if not next_hop or not self._is_proxy(address):
                break
            address = next_hop
        return address

    def _is_proxy(self, address: str) -> bool:
        if self._guess:
            # A web server behind a Unix socket logs no address at all.
            return not address or is_internal(address)
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address as `prefix_of` does, the address itself when it is none."""
    if _PLAIN.fullmatch(address):
        return address.rpartition(".")[0] + ".0/24"
    return prefix_of(address) or address


def is_internal(address: str) -> bool:
    """Tell whether an address belongs inside an organisation, where proxies have theirs."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _INTERNAL)


def clean_address(text: str) -> str:
    """Return a logged address in canonical form; a port goes, a host name stays, `unix:` is "".

    >>> clean_address("203.0.113.9:4711"), clean_address("[2001:db8::1]:80"), clean_address("Pc.example")
    ('203.0.113.9', '2001:db8::1', 'pc.example')
    """
    if _PLAIN.fullmatch(text):
        return text
    text = text.strip()
    found = canonical_address(text)
    if found or text in {"", "-", "unix:", "unknown"}:
        return found
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit():
        return canonical_address(host) or host.lower()
    return text.lower()[:255]
