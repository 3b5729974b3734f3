"""Known crawlers: a name in the agent string is a claim, and only an address of its owner bears it out."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core import crawlers
from himaya.core.crawlers import Crawlers
from himaya.core.policy import Impostor

NETWORKS = {
    "Searchbot": ("192.0.2.0/24", "2001:db8:1::/48"),
    "OtherCrawler": ("198.51.100.128/25",),
    "Homeless": (),
}
AGENT = "Mozilla/5.0 (compatible; Searchbot/2.1; +https://search.example/bot)"
PARTS = st.lists(
    st.sampled_from([*NETWORKS, "searchbot", "OTHERCRAWLER", "search", "bot", "/2.1", "ü", " "]),
    max_size=4,
)


@pytest.fixture(name="known")
def _known() -> Crawlers:
    """Know three crawlers, one of them without networks."""
    return Crawlers(Impostor(crawlers=NETWORKS))


@pytest.mark.parametrize(
    ("agent", "claimed"),
    [
        (AGENT, "Searchbot"),
        (AGENT.lower(), "Searchbot"),
        ("SEARCHBOT", "Searchbot"),
        ("othercrawler 1", "OtherCrawler"),
        ("Searchbo/2.1", ""),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", ""),
        ("", ""),
    ],
)
def test_a_claim_is_the_name_in_any_letter_case(known, agent, claimed):
    """The configured name stands anywhere in the agent string; half a name, or no string, claims nothing."""
    assert known.claimed(agent) == claimed
    assert known.claimed(agent) == claimed


def test_of_two_names_the_one_configured_first_is_claimed(known):
    """Whoever writes two names into a string claims one of them, whatever their order in it."""
    assert known.claimed("OtherCrawler Searchbot") == "Searchbot"
    assert known.claimed("Searchbot OtherCrawler") == "Searchbot"


def test_without_crawlers_nobody_claims_and_nobody_is_verified():
    """With nothing configured every string and address is like any other, and nothing is remembered."""
    nobody = Crawlers(Impostor())
    assert nobody.claimed(AGENT) == ""
    assert nobody.verified(AGENT, "192.0.2.7") == ""
    assert not nobody.may_be_verified("192.0.2.7")
    assert nobody._claims == {}


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("192.0.1.255", False),
        ("2001:db8:1::", True),
        ("2001:DB8:1:FFFF::1", True),
        ("2001:db8:2::", False),
        ("::ffff:192.0.2.7", True),
        ("::ffff:192.0.3.7", False),
        ("2001:db8:1::7%eth0", True),
        ("", False),
        ("unix:", False),
        ("192.0.2.7.", False),
        ("192.0.2.7" + " " * 200, False),
    ],
)
def test_networks_of_both_families_bear_a_claim_out(known, address, inside):
    """IPv4 and IPv6 networks from their first to their last address; what is no address is nobody's."""
    assert known.comes_from("Searchbot", address) is inside
    assert known.verified(AGENT, address) == ("Searchbot" if inside else "")


def test_a_forged_agent_is_a_claim_and_no_proof(known):
    """The name from elsewhere, or from another crawler's network, verifies nobody."""
    for address in ("203.0.113.9", "198.51.100.200", ""):
        assert known.claimed(AGENT) == "Searchbot"
        assert known.verified(AGENT, address) == ""
    assert known.verified("OtherCrawler", "198.51.100.200") == "OtherCrawler"


def test_an_address_without_the_claim_verifies_nobody(known):
    """A browser at a crawler's address is a browser; without any agent string the address may be the crawler's."""
    assert known.verified("Mozilla/5.0 Firefox/130.0", "192.0.2.7") == ""
    assert known.verified("", "192.0.2.7") == ""
    assert known.may_be_verified("192.0.2.7")
    assert known.may_be_verified("198.51.100.128")
    assert not known.may_be_verified("198.51.100.127")
    assert not known.may_be_verified("")


def test_a_crawler_without_networks_is_claimed_and_never_verified(known):
    """Who publishes no networks can be claimed by anybody, and proved by nobody."""
    assert known.claimed("homeless/1") == "Homeless"
    assert known.verified("homeless/1", "192.0.2.7") == ""


@given(
    st.ip_addresses()
    | st.sampled_from([n for each in NETWORKS.values() for n in each]).flatmap(
        lambda network: st.ip_addresses(network=ip_network(network))
    )
)
def test_membership_is_that_of_the_networks(address: IPv4Address | IPv6Address):
    """Any address comes from a crawler exactly when one of its networks holds it, a mapped one as IPv4."""
    known = Crawlers(Impostor(crawlers=NETWORKS))
    plain = ip_address(str(getattr(address, "ipv4_mapped", None) or address))
    for name, networks in NETWORKS.items():
        held = any(plain in ip_network(network) for network in networks)
        assert known.comes_from(name, str(address)) is held
    every = [ip_network(n) for networks in NETWORKS.values() for n in networks]
    assert known.may_be_verified(str(address)) is any(plain in each for each in every)


@given(st.lists(PARTS.map("".join), max_size=20))
def test_what_is_remembered_changes_no_answer(agents):
    """Asked again, or after others, a string claims what it claims when it is asked first."""
    known = Crawlers(Impostor(crawlers=NETWORKS))
    for agent in [*agents, *agents]:
        lower = agent.lower()
        found = [name for name in NETWORKS if name.lower() in lower]
        assert known.claimed(agent) == (found[0] if found else "")


def test_a_flood_of_agent_strings_stays_within_the_bound(known, monkeypatch):
    """Invented strings push each other out, never past the bound; the real crawler is still known afterwards."""
    monkeypatch.setattr(crawlers, "_MOST", 200)
    for n in range(1000):
        assert known.claimed(f"Searchbot {n}") == "Searchbot"
        assert known.claimed(f"browser {n}") == ""
        assert len(known._claims) <= 200
    assert known.verified(AGENT, "192.0.2.7") == "Searchbot"


def test_of_a_long_agent_string_the_beginning_is_read(known):
    """As at every door 512 characters are read and held: neither a claim nor memory comes from behind them."""
    assert known.claimed("x" * 503 + "Searchbot") == "Searchbot"
    assert known.claimed("x" * 504 + "Searchbot") == ""
    for n in range(20):
        known.claimed("y" * 100_000 + str(n))
    assert max(map(len, known._claims)) == 512
    assert len(known._claims) == 3
