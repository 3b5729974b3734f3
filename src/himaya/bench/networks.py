"""The address plan of a world: who is behind which address, network and provider, and with which browser.

All addresses are from ranges kept for private use, documentation or measurement (RFC 1918, RFC 4193, RFC 5737,
RFC 2544, RFC 6598); nothing is ever sent to one of them, they travel in a header. Provider numbers are from the
range for private use (RFC 6996).
"""

from __future__ import annotations

from random import Random
from typing import Literal

Kind = Literal["home", "mobile", "office", "campus", "hosting", "proxy", "tor", "relay", "search"]

PROVIDERS, CARRIERS = 40, 5
_HOME_ASN, _MOBILE_ASN, _OFFICE_ASN, _CAMPUS_ASN = 64600, 64700, 64800, 64801
_HOSTING_ASN, _TOR_ASN, _RELAY_ASN, _SEARCH_ASN = 65000, 65100, 65101, 65200

#: Browser classes of ordinary visitors with their shares: a class is what a front door sees of a browser, coarsely.
#: The shares are assumptions of this world, near to public browser statistics; only their unevenness matters here.
BROWSERS: dict[str, float] = {
    "chrome-android": 0.34,
    "chrome-windows": 0.22,
    "safari-ios": 0.20,
    "chrome-mac": 0.07,
    "edge-windows": 0.06,
    "safari-mac": 0.04,
    "firefox-windows": 0.03,
    "samsung-android": 0.02,
    "firefox-linux": 0.01,
    "chrome-linux": 0.01,
}


#: What a front door sees of HTTP libraries and of the site's own app: one class each.
LIBRARY, APP = "http-library", "app"


def browser(rng: Random) -> str:
    """Return the browser class of an ordinary visitor."""
    return rng.choices(list(BROWSERS), list(BROWSERS.values()))[0]


def home(number: int) -> tuple[str, int]:
    """Return address and provider of a household; neighbours in number are not neighbours in the network."""
    provider, rest = number % PROVIDERS, number // PROVIDERS
    return f"10.{provider}.{rest % 251}.{1 + rest // 251 % 250}", _HOME_ASN + provider


def proxy(number: int) -> tuple[str, int]:
    """Return address and provider of a household whose connection is rented out: nothing tells it from `home`."""
    provider, rest = number % PROVIDERS, number // PROVIDERS
    return f"10.{PROVIDERS + provider}.{rest % 251}.{1 + rest // 251 % 250}", _HOME_ASN + provider


def carrier(number: int) -> tuple[str, int]:
    """Return one of the eight addresses that all IPv4 customers of a carrier share."""
    which = number % CARRIERS
    return f"100.{64 + which}.7.{1 + number // CARRIERS % 8}", _MOBILE_ASN + which


def mobile(number: int) -> tuple[str, int]:
    """Return the IPv6 address of a telephone; fifty telephones share a /48."""
    which, rest = number % CARRIERS, number // CARRIERS
    return f"fd{which:02x}:{rest // 50:x}:0:{rest % 50:x}::1", _MOBILE_ASN + which


def office(number: int) -> tuple[str, int]:
    """Return the one address of an office."""
    return f"172.16.{number % 250}.1", _OFFICE_ASN


def campus(number: int) -> tuple[str, int]:
    """Return one of the four addresses of a campus."""
    return f"172.17.{number // 4 % 250}.{1 + number % 4}", _CAMPUS_ASN


def hosting(number: int) -> tuple[str, int]:
    """Return a server's address at a hosting provider; sixteen to a /24."""
    return f"198.18.{number // 16 % 250}.{1 + number % 16}", _HOSTING_ASN + number // 16 % 8


def tor(number: int) -> tuple[str, int]:
    """Return one of 200 exits of an anonymity network."""
    return f"192.0.2.{1 + number % 200}", _TOR_ASN


def relay(number: int) -> tuple[str, int]:
    """Return one of 60 exits of a privacy relay."""
    return f"198.51.100.{1 + number % 60}", _RELAY_ASN


def crawler(number: int) -> tuple[str, int]:
    """Return an address of a search engine's crawlers."""
    return f"203.0.113.{1 + number % 250}", _SEARCH_ASN


def shared(number: int) -> tuple[str, int]:
    """Return an address that many honest people share: a campus, a carrier, an office, a relay, an exit."""
    place = (campus, carrier, office, relay, tor)[number % 5]
    return place(number // 5)


PLACES = {
    "shared": shared,
    "home": home,
    "proxy": proxy,
    "carrier": carrier,
    "mobile": mobile,
    "office": office,
    "campus": campus,
    "hosting": hosting,
    "tor": tor,
    "relay": relay,
    "crawler": crawler,
}
