"""A block: what was decided about one address or network, why, what it costs honest people, and when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

import msgspec

from himaya.core.actor import prefix_of
from himaya.core.decision import Action
from himaya.core.errors import InputError

Network = IPv4Network | IPv6Network

#: What bouncers call a block and a challenge.
Remedy = Literal["ban", "captcha"]

#: Wider networks are never published: 65,536 addresses of IPv4, and what one provider gives to many sites of IPv6.
WIDEST = {4: 16, 6: 32}

#: The prefix lengths by which rows and the engine name networks.
_NAMED = {4: 24, 6: 48}


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One block. Times are epoch seconds; `lifted` is 0 while nobody ended it before `until`.

    `number` and `uuid` name it to bouncers, `value` is an address or a network in canonical text. `source` is who
    decided: `operator`, `case:ID` or `detector:NAME`; `why` and `by` are the words and the login name of a person,
    and stay here. `collateral` is how many ordinary accounts share the address or network, when that was counted.
    """

    number: int
    uuid: str
    value: str
    remedy: Remedy
    source: str
    start: float
    until: float
    collateral: int = 0
    why: str = ""
    by: str = ""
    lifted: float = 0.0

    @property
    def name(self) -> str:
        """Return how commands name the block."""
        return f"b{self.number}"

    @property
    def scope(self) -> str:
        """Return what it is about, in the words of bouncers."""
        return "Range" if "/" in self.value else "Ip"

    @property
    def scenario(self) -> str:
        """Return the one word of the reason that leaves the house."""
        return f"himaya/{self.source.partition(':')[2] or self.source}"

    @property
    def action(self) -> Action:
        """Return what the gate itself does."""
        return Action.BLOCK if self.remedy == "ban" else Action.CHALLENGE

    @property
    def principal(self) -> str:
        """Return the name by which an engine knows the address or network, "" where it knows none of that size."""
        if self.scope == "Ip":
            return f"address:{self.value}"
        network = ip_network(self.value)
        return f"prefix:{network}" if network.prefixlen == _NAMED[network.version] else ""

    def stands(self, now: float) -> bool:
        """Tell whether it is in force."""
        return not self.lifted and self.start <= now < self.until


def parse_place(text: str) -> Network:
    """Return an address or network that may be published. Raises InputError saying what is wrong with it."""
    try:
        network = ip_network("" if "%" in text else text.strip(), strict=False)
    except ValueError:
        raise InputError(
            f"{text!r} is no address and no network; write 203.0.113.7 or 203.0.113.0/24"
        ) from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None:
        raise InputError(f"{text!r} is an IPv4 address inside IPv6; write {mapped}")
    if network.prefixlen < WIDEST[network.version]:
        raise InputError(
            f"{text!r} is too wide; a block covers /{WIDEST[network.version]} at most"
            f" for IPv{network.version}"
        )
    return network


def refused(network: Network, proxies: Iterable[str]) -> str:
    """Return why a place is never blocked, "" when it may be: this machine, or what stands in front of the site.

    `proxies` are the networks of `actor.trusted_proxies`: whoever drops their packets has shut the site.
    """
    first = network.network_address
    if first.is_loopback or first.is_unspecified or first.is_multicast or first.is_link_local:
        return "is no address of a visitor"
    for text in proxies:
        proxy = ip_network(text, strict=False)
        if proxy.version == network.version and (
            network.network_address in proxy or proxy.network_address in network
        ):
            return f"would shut out {text}, which actor.trusted_proxies names"
    return ""


def value_of(network: Network) -> str:
    """Return the canonical text: an address alone, or a network with its length."""
    whole = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if whole else str(network)


def covering(network: Network) -> list[str]:
    """Return the networks of rows (/24, /48) that hold a network or lie in it, at most 65,536."""
    length = _NAMED[network.version]
    if network.prefixlen >= length:
        return [prefix_of(str(network.network_address))]
    return [str(part) for part in network.subnets(new_prefix=length)]
