"""Who asks: the facets of an actor from header fields, the peer and the configuration.

Headers that name a person, an address or a tier are believed from trusted front doors only; from everybody else
they are removed before the application sees them (`ActorFinder.is_forged`). Secrets of a session or a key never leave
here: what goes on is their keyed hash. A fingerprint class is salted here, too (`core.salt`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

import msgspec

from himaya.config import ActorConfig
from himaya.core.actor import Actor, canonical_address
from himaya.core.clearance import keyed
from himaya.core.salt import Salt
from himaya.gate.bindings import Bindings
from himaya.gate.tokens import TokenReader

#: Header fields as ASGI has them: lower-case names.
Fields = Sequence[tuple[bytes, bytes]]

#: The last line of each field.
Last = dict[bytes, bytes]

#: The response header in which the application names the account of the session.
ACCOUNT = b"himaya-account"

#: Fields by which a front door speaks for others; anybody else who sends them is guessing or lying.
FORWARDING = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-real-ip",
    }
)

#: How the names of our own fields begin.
OURS = (b"himaya-", b"x-himaya-")

#: Facets longer than this are cut: they name nothing and would only cost memory.
_MAX_FACET = 256

#: Longer cookie or key values are hashed anew each time, so that hostile ones cannot fill a memory.
_MAX_REMEMBERED = 256

#: More cookies of one name than this are not looked at.
_MAX_COOKIES = 8

#: Fields whose presence and order tell programs apart; others come and go with the request.
_FINGERPRINTED = frozenset(
    b"accept accept-charset accept-encoding accept-language dnt host sec-ch-ua sec-ch-ua-mobile"
    b" sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site te"
    b" upgrade-insecure-requests user-agent".split()
)
#: More fields than a program has tell nothing more.
_MAX_SHAPE = 32

#: What was found for a set of fields is remembered: so many sets, none longer than so many bytes.
_MOST_KNOWN = 8192
_LONGEST_KNOWN = 1024

#: Of these the value counts too.
_VALUED = frozenset({b"accept-encoding", b"user-agent"})


class ActorFinder:
    """Finds actors for one configuration; `secret` keys the hashes of sessions and keys.

    Raises ConfigError when the token key of the configuration cannot be used.
    """

    def __init__(
        self, config: ActorConfig, secret: bytes, bindings: Bindings | None = None
    ) -> None:
        self.config = config
        self.bindings = Bindings() if bindings is None else bindings
        self._secret = secret
        self._salt = Salt(secret, config.fingerprint_days)
        self._networks = [ip_network(text, strict=False) for text in config.trusted_proxies]
        self._tokens = TokenReader.of(config)
        self._names = _Names(config)
        #: Fields that tell of an actor, beside tokens and the session.
        self._telling = _FINGERPRINTED | self._names.telling
        self._known: dict[tuple[object, ...], Actor] = {}
        #: For the doors that pass fields on: whether one of a name goes on, from strangers and from trusted doors.
        self.passing: dict[bool, dict[bytes, bool]] = {False: {}, True: {}}
        self.trusts = lru_cache(maxsize=16384)(self._trusts)
        self._remembered_mark = lru_cache(maxsize=65536)(self._mark)

    def find(self, fields: Fields, peer: str, now: float, *, vouched: bool = False) -> Actor:
        """Return the actor of a request.

        `fields` have lower-case names. `peer` is the address of the other end, "" on a Unix
        socket. `vouched`: the peer showed the gate's secret, or came over a private socket.
        """
        account = self._of_token(dict(fields), fields, now) if self._tokens is not None else ""
        marks = self.session_marks(fields) if self._names.cookie else []
        telling = [pair for pair in fields if pair[0] in self._telling]
        period = self._salt.period(now)
        key = (period, peer, vouched, account, *marks, *telling)
        actor = self._known.get(key)
        if actor is None:
            actor = self._find(telling, peer, now, account, marks, vouched=vouched)
            self._remember(key, telling, actor)
        if marks and not actor.account:
            actor = msgspec.structs.replace(actor, account=self.bindings.account_of(marks))
        return actor

    def _find(
        self,
        fields: Fields,
        peer: str,
        now: float,
        account: str,
        marks: list[str],
        *,
        vouched: bool,
    ) -> Actor:
        """Return the actor of the fields that tell of one; the account is that of a token."""
        last = dict(fields)
        actor = Actor(
            address=canonical_address(peer),
            account=account,
            session=marks[0] if len(marks) == 1 else self.mark("sessions", *marks) if marks else "",
            key=self._of_key(last),
            fingerprint=self._salt.of(fingerprint(fields), now),
        )
        if vouched or self.trusts(peer):
            told = _facet(last.get(self._names.fingerprint, b""))
            actor = self._vouched(actor, last, fields, peer, self._salt.of(told, now))
        return actor

    def _remember(self, key: tuple[object, ...], telling: Fields, actor: Actor) -> None:
        """Remember an actor; long fields cost no memory, and a full memory begins anew."""
        long = sum(len(value) for _, value in telling) > _LONGEST_KNOWN
        if long or len(telling) > _MAX_SHAPE:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = actor

    def told(self, actor: Actor, words: Mapping[str, bytes], now: float) -> Actor:
        """Return an actor with what a front door says beside the header fields: account, tier, fingerprint, asn.

        An empty word says nothing. The front door's account counts before every other.
        """
        asn = words.get("asn", b"").upper().removeprefix(b"AS")
        salted = self._salt.of(_facet(words.get("fingerprint", b"")), now)
        return msgspec.structs.replace(
            actor,
            account=_facet(words.get("account", b"")) or actor.account,
            tier=_facet(words.get("tier", b"")) or actor.tier,
            fingerprint=salted or actor.fingerprint,
            asn=int(asn) if asn.isdigit() and len(asn) <= 10 else actor.asn,
        )

    def learn(self, request: Fields, response: Fields) -> str:
        """Bind the session to the account that a response names, and return it; "" without the header.

        A cookie that the response sets is the session from now on; otherwise the one that was sent.
        """
        if not self.config.account_response:
            return ""
        told = [value for name, value in response if name == ACCOUNT]
        if not told:
            return ""
        account = _facet(told[-1])
        for mark in self._new_marks(response) or self.session_marks(request):
            self.bindings.bind(mark, account)
        return account

    def recall(self, actor: Actor) -> None:
        """Bind a session as a row of the ledger has it, so that a restart makes no account a stranger.

        Only where nobody but the application names accounts; the latest row counts, and one without
        an account ends the binding (log-out).
        """
        config = self.config
        alone = config.account_response and not (config.account_header or config.jwt_algorithm)
        if alone and actor.session:
            self.bindings.bind(actor.session, actor.account)

    def is_forged(self, name: bytes) -> bool:
        """Tell whether a field of this name, from somebody who is not trusted, must be removed.

        `_` counts as `-`, because applications behind CGI and WSGI cannot tell them apart.
        """
        name = name.replace(b"_", b"-")
        return name in self._names.believed or is_ours(name)

    def session_marks(self, fields: Fields) -> list[str]:
        """Return the keyed hash of every different value of the session cookie, in order."""
        cookie = self._names.cookie
        if not cookie:
            return []
        found: dict[bytes, None] = {}
        for name, value in fields:
            if name == b"cookie" and cookie in value:
                found.update(dict.fromkeys(_cookie_values(value, cookie)))
        return [self.mark("session", value) for value in list(found)[:_MAX_COOKIES]]

    def _new_marks(self, fields: Fields) -> list[str]:
        """Return the marks of session cookies that a response sets."""
        cookie = self._names.cookie
        found = [
            value.split(b";", 1)[0].strip()[len(cookie) :]
            for name, value in fields
            if name == b"set-cookie" and cookie and value.lstrip().startswith(cookie)
        ]
        return [self.mark("session", value) for value in found if value][:_MAX_COOKIES]

    def _vouched(
        self, actor: Actor, last: Last, fields: Fields, peer: str, fingerprint: str
    ) -> Actor:
        """Add what a trusted front door says; `fingerprint` is salted already."""
        names = self._names
        asn = last.get(names.asn, b"").upper().removeprefix(b"AS")
        return msgspec.structs.replace(
            actor,
            address=self._forwarded(fields, peer),
            account=actor.account or _facet(last.get(names.account, b"")),
            tier=_facet(last.get(names.tier, b"")),
            fingerprint=fingerprint or actor.fingerprint,
            asn=int(asn) if asn.isdigit() and len(asn) <= 10 else 0,
        )

    def _forwarded(self, fields: Fields, peer: str) -> str:
        """Return the rightmost address that is no trusted proxy (the leftmost when all are).

        The last entry was added by the peer, which is believed; an entry further left only when the one
        to its right is a trusted proxy.
        """
        told = b",".join(value for name, value in fields if name == self._names.address)
        address = canonical_address(peer)
        for text in reversed(told.decode("latin-1").split(",")):
            hop = canonical_address(_without_port(text))
            if not hop:
                break
            address = hop
            if not self.trusts(hop):
                break
        return address

    def _of_token(self, last: Last, fields: Fields, now: float) -> str:
        if self._tokens is None:
            return ""
        names = self._names
        account = self._tokens.account(last.get(names.token, b""), now)
        if account or not names.token_cookie:
            return account[:_MAX_FACET]
        cookies = (value for name, value in fields if name == b"cookie")
        tokens = [one for value in cookies for one in _cookie_values(value, names.token_cookie)]
        found = (self._tokens.account(one, now) for one in tokens[:_MAX_COOKIES])
        return next(filter(None, found), "")[:_MAX_FACET]

    def _of_key(self, last: Last) -> str:
        value = last.get(self._names.key, b"") if self._names.key else b""
        return self.mark("key", value) if value else ""

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(canonical_address(peer))
        except ValueError:
            return False
        return any(
            address in network for network in self._networks if network.version == address.version
        )

    def mark(self, purpose: str, *values: bytes | str) -> str:
        """Return the keyed hash of values; those of usual length are remembered, long ones cost no memory."""
        short = sum(map(len, values)) <= _MAX_REMEMBERED
        return (self._remembered_mark if short else self._mark)(purpose, *values)

    def _mark(self, purpose: str, *values: bytes | str) -> str:
        texts = (v if isinstance(v, str) else v.decode("latin-1") for v in values)
        return keyed(self._secret, purpose, *texts)[:12].hex()


class _Names:
    """The configured names as they stand on the wire."""

    def __init__(self, config: ActorConfig) -> None:
        self.address = _name(config.address_header)
        self.account = _name(config.account_header)
        self.tier = _name(config.tier_header)
        self.fingerprint = _name(config.fingerprint_header)
        self.asn = _name(config.asn_header)
        self.key = _name(config.key_header)
        self.token = _name(config.jwt_header)
        self.cookie = _cookie(config.session_cookie)
        self.token_cookie = _cookie(config.jwt_cookie)
        told = {self.address, self.account, self.tier, self.fingerprint, self.asn}
        self.telling = frozenset(filter(None, (*told, self.key)))
        self.believed = frozenset(name.replace(b"_", b"-") for name in told if name) | FORWARDING


def is_ours(name: bytes) -> bool:
    """Tell whether a header name belongs to himaya, so that nobody else may send it."""
    return name.startswith(OURS)


@lru_cache(maxsize=16384)
def _class_of(shape: tuple[bytes, ...]) -> str:
    return hashlib.blake2s(b"\n".join(shape), digest_size=6).hexdigest()


def fingerprint(fields: Fields) -> str:
    """Return a class of programs: which telling fields a request has, in order, with few values.

    Twelve hex digits; the same browser gives the same class for everybody who runs it, so it names no
    person. It is a hint for grouping, easily forged, never a proof.
    """
    return _class_of(
        tuple(
            name + b"=" + value[:_MAX_FACET] if name in _VALUED else name
            for name, value in fields
            if name in _FINGERPRINTED
        )[:_MAX_SHAPE]
    )


def _name(text: str) -> bytes:
    return text.lower().encode("latin-1", "replace")


def _cookie(text: str) -> bytes:
    return text.encode("latin-1", "replace") + b"=" if text else b""


def _facet(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()[:_MAX_FACET]


def _cookie_values(header: bytes, cookie: bytes) -> list[bytes]:
    """Return the values of one cookie (RFC 6265 section 4.2.1); `cookie` is its name and `=`."""
    pairs = (pair.strip() for pair in header.split(b";"))
    values = (pair[len(cookie) :].strip(b'"') for pair in pairs if pair.startswith(cookie))
    return [value for value in values if value]


def _without_port(text: str) -> str:
    """Return the address of `192.0.2.1:80`, `[2001:db8::1]:80` or a bare one."""
    text = text.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
