"""The generator of members."""

from __future__ import annotations

from himaya.demo.people import PHONE_SPREAD, phone_at, population


def test_same_seed_same_people():
    """The same size and seed give the same members, another seed gives others."""
    assert population(300) == population(300)
    assert population(300, seed=8) != population(300)


def test_handles_and_numbers_are_unique():
    """No two members share a handle, an address or a telephone number."""
    members = population(5000)
    for part in ("handle", "email", "phone"):
        assert len({getattr(member, part) for member in members}) == 5000


def test_handles_are_plain_segments():
    """A handle is lower-case ASCII, so that it is the same in a link, a header and a log."""
    for member in population(2000):
        assert member.handle.isascii()
        assert member.handle.replace(".", "").replace("-", "").isalnum(), member.handle
        assert member.handle == member.handle.lower()


def test_friendship_is_mutual():
    """Whoever is somebody's friend has them as a friend, and nobody is their own."""
    members = population(1000)
    for place, member in enumerate(members):
        assert place not in member.friends
        assert all(place in members[friend].friends for friend in member.friends)


def test_one_number_in_five_is_taken():
    """Numbers of the demo's range hit a member once in five, and belong to no country."""
    taken = {member.phone for member in population(400)}
    asked = [phone_at(step) for step in range(400 * PHONE_SPREAD)]
    assert sum(number in taken for number in asked) == 400
    assert all(number.startswith("+999") for number in asked)


def test_mail_addresses_lead_nowhere():
    """Every mail address is in the reserved .example domain (RFC 2606)."""
    assert all(member.email.endswith(".example") for member in population(200))


def test_names_come_from_many_places():
    """A site of two thousand has people of every culture in the lists."""
    countries = {member.country for member in population(2000)}
    assert {"Morocco", "Senegal", "France", "India", "Japan", "Peru", "Türkiye"} <= countries
