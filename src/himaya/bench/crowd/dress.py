"""What a front door sees of an honest visitor: address, account or cookie, browser class, agent string."""

from __future__ import annotations

from random import Random

from himaya.bench import networks
from himaya.bench.asks import Client
from himaya.bench.crowd.group import Member, Place
from himaya.core.actor import Actor

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0"
_GECKO = "Gecko/20100101 Firefox/147.0"
#: Agent strings of the browser classes of `networks.BROWSERS`.
AGENTS = {
    "chrome-android": f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Mobile Safari/537.36",
    "chrome-windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36",
    "safari-ios": f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1",
    "chrome-mac": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Safari/537.36",
    "edge-windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36 Edg/150.0.0.0",
    "safari-mac": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15",
    "firefox-windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) {_GECKO}",
    "samsung-android": f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/29.0 Mobile Safari/537.36",
    "firefox-linux": f"Mozilla/5.0 (X11; Linux x86_64; rv:147.0) {_GECKO}",
    "chrome-linux": f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Safari/537.36",
}
#: A messenger fetches the card of a shared link from a handful of servers.
_MESSENGER_SERVERS, _MESSENGER = 48, "LinkPreviewBot/2.0"
#: Agents of machines that fetch something for a member; nobody sits there to answer a challenge.
MACHINES = frozenset({_MESSENGER})


def member(
    who: Member, fingerprint: str, place: Place | None = None, *, script: bool = True
) -> Client:
    """Return a signed-in member with a browser; a member who does not sign in is a stranger with a cookie."""
    address, asn = place or who.place
    fact = who.fact
    if fact is None:
        return stranger(who.rng, (address, asn), fingerprint, script=script)
    actor = Actor(
        address=address,
        asn=asn,
        account=fact.account,
        session=f"s-{fact.account}",
        fingerprint=fingerprint,
        tier=fact.tier,
        account_created=fact.created,
    )
    return Client(actor, AGENTS.get(fingerprint, ""), script=script)


def stranger(
    rng: Random, place: Place, fingerprint: str, *, cookie: bool = True, script: bool = True
) -> Client:
    """Return somebody who is not signed in, with the session cookie of a new visit or without any."""
    address, asn = place
    session = f"v-{rng.getrandbits(64):016x}" if cookie else ""
    actor = Actor(address=address, asn=asn, session=session, fingerprint=fingerprint)
    return Client(actor, AGENTS.get(fingerprint, ""), script=script)


def messenger(rng: Random) -> Client:
    """Return the server of a messenger that fetches the card of a link."""
    address, asn = networks.hosting(rng.randrange(_MESSENGER_SERVERS))
    return Client(
        Actor(address=address, asn=asn, fingerprint="messenger"), _MESSENGER, script=False
    )
