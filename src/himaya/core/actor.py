"""Who asks: an actor is a handful of facets, each of which may carry a budget."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

import msgspec


class Actor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, cache_hash=True):
    """What the front door could tell of whoever sent a request.

    `address` is the client address after trusted proxies, in canonical text form, or "" when
    the log has none. `account`, `session` and `key` are opaque names. `tier` is the budget tier the
    application told ("" = default tier) and `account_created` epoch seconds, both None/"" when
    unknown. `asn` is 0 when unknown.
    """

    address: str = ""
    account: str = ""
    session: str = ""
    key: str = ""
    asn: int = 0
    fingerprint: str = ""
    tier: str = ""
    account_created: float | None = None
    terms: str = ""

    @property
    def name(self) -> str:
        """Return the facet reports name the actor by: account, else API key, else address."""
        if self.account:
            return f"account:{self.account}"
        return f"key:{self.key}" if self.key else f"address:{self.address}"

    @property
    def access(self) -> str:
        """Return the access class: key, account or anonymous (paid comes from the tier facts)."""
        return "key" if self.key else "account" if self.account else "anonymous"


#: No address is longer (RFC 4291 section 2.2, with room for a zone); what is longer is not looked at.
_LONGEST = 100


def prefix_of(address: str) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) network of a canonical address, or "" if it is none.

    >>> prefix_of("203.0.113.9"), prefix_of("2001:db8:1:2::3")
    ('203.0.113.0/24', '2001:db8:1::/48')
    """
    return _prefix_of(address) if len(address) <= _LONGEST else ""


@lru_cache(maxsize=65536)
def _prefix_of(address: str) -> str:
    try:
        bits = 24 if ip_address(address).version == 4 else 48
        return str(ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return ""


def canonical_address(text: str) -> str:
    """Return the canonical text of an address, or "" when it is none.

    An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address; a zone
    (`%eth0`) is dropped, so that one machine cannot appear as many.
    """
    return _canonical_address(text) if len(text) <= _LONGEST else ""


@lru_cache(maxsize=65536)
def _canonical_address(text: str) -> str:
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
