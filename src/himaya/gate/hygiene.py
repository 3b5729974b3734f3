"""Which fields a gateway may pass on: RFC 9110 section 7.6.1, and what is ours or believed from few.

Both directions lose the fields that speak about one connection only, and every `Himaya-` field. Towards the
application the forwarding fields say what the gate knows; from an untrusted sender everything that
looks like one is removed first.
"""

from __future__ import annotations

from collections.abc import Callable

from himaya.gate.actor_from import ActorFinder, is_ours
from himaya.gate.heads import Fields, RequestHead, ResponseHead

#: Fields of one connection, and the framing, which is written anew.
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy proxy-connection proxy-authenticate proxy-authorization te trailer"
    b" transfer-encoding upgrade content-length".split()
)

_PLAIN_CONNECTION = frozenset({b"", b"keep-alive", b"close"})

#: Names of fields of which is remembered whether they go on: so many, and no longer than so many bytes.
_MOST_NAMES, _USUAL_NAME = 1024, 64

#: A sender cannot have these removed by naming them in Connection.
_KEPT = frozenset(b"host cookie authorization content-type content-encoding cache-control".split())

#: What the gate can decode and so read; others are not asked for on surfaces whose bodies it reads.
_READABLE_CODINGS = frozenset({b"gzip", b"x-gzip", b"br", b"deflate", b"zstd", b"identity"})


def request_fields(
    head: RequestHead,
    finder: ActorFinder,
    *,
    peer: str,
    address: str,
    believed: bool,
) -> Fields:
    """Return the fields of a request as the application gets them, without body framing.

    `address` is the address found for the actor; `believed` says whether the peer is a trusted front door.
    """
    dropped = _named_by_connection(head)
    passes = _passes(finder, believed=believed)
    fields = [pair for pair in head.fields if passes(pair[0]) and pair[0] not in dropped]
    return fields + _forwarding(head, peer, address, believed=believed)


def add_framing(fields: Fields, head: RequestHead) -> None:
    """Say how long the request's body is, the way it came."""
    if head.chunked:
        fields.append((b"transfer-encoding", b"chunked"))
    elif head.length >= 0:
        fields.append((b"content-length", b"%d" % head.length))


def ask_for_readable_body(fields: Fields) -> Fields:
    """Return the fields so that the answer is whole and in a coding that can be read.

    Ignoring Range is always allowed (RFC 9110 section 14.2); codings are a preference list.
    """
    out: Fields = []
    for name, value in fields:
        if name == b"accept-encoding":
            out.append((name, _readable(value)))
        elif name not in {b"range", b"if-range"}:
            out.append((name, value))
    return out


def response_fields(head: ResponseHead) -> Fields:
    """Return the fields of a response as its reader gets them, without body framing."""
    dropped = _named_by_connection(head)
    return [
        pair
        for pair in head.fields
        if pair[0] not in _HOP_BY_HOP and pair[0] not in dropped and not is_ours(pair[0])
    ]


def declared_length(head: ResponseHead) -> int:
    """Return the declared body length, -1 when there is none."""
    value = head.get(b"content-length")
    return int(value) if value.isdigit() else -1


def _named_by_connection(head: RequestHead | ResponseHead) -> frozenset[bytes]:
    named = head.get(b"connection")
    if named in _PLAIN_CONNECTION:
        return frozenset()
    return frozenset(part.strip().lower() for part in named.split(b",")) - _KEPT


def _passes(finder: ActorFinder, *, believed: bool) -> Callable[[bytes], bool]:
    """Return what tells whether a request field of a name goes on; what it said of usual names is remembered."""
    known = finder.passing[believed]

    def passes(name: bytes) -> bool:
        found = known.get(name)
        if found is None:
            found = name not in _HOP_BY_HOP and not _is_forged(name, finder, believed=believed)
            if len(known) < _MOST_NAMES and len(name) <= _USUAL_NAME:
                known[name] = found
        return found

    return passes


def _is_forged(name: bytes, finder: ActorFinder, *, believed: bool) -> bool:
    if b"_" in name:
        # An application behind CGI or WSGI reads `x_real_ip` as `x-real-ip`: never believe that spelling.
        dashed = name.replace(b"_", b"-")
        return finder.is_forged(name) or dashed in _HOP_BY_HOP or dashed == b"host"
    return is_ours(name) or name in FORWARDED or (not believed and finder.is_forged(name))


#: Written anew on every request by `_forwarding`.
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-real-ip"})


def _forwarding(head: RequestHead, peer: str, address: str, *, believed: bool) -> Fields:
    chain = head.get(b"x-forwarded-for") if believed else b""
    scheme = head.get(b"x-forwarded-proto") if believed else b""
    here = peer.encode()
    chain = chain + b", " + here if chain and here else chain or here
    fields = [(b"x-forwarded-proto", scheme or b"http")]
    if chain:
        fields.append((b"x-forwarded-for", chain))
    if address:
        fields.append((b"x-real-ip", address.encode()))
    return fields


def _readable(accept_encoding: bytes) -> bytes:
    kept = [
        part.strip()
        for part in accept_encoding.split(b",")
        if part.split(b";")[0].strip().lower() in _READABLE_CODINGS
    ]
    return b", ".join(kept) or b"identity"
