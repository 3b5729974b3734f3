"""People who share addresses or change them: an office, a campus, a carrier's customers, telephones on the move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import msgspec

from himaya.bench import networks
from himaya.bench.asks import Client
from himaya.bench.crowd import dress
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.browsing import Life
from himaya.bench.crowd.group import Group, Member, Place, Setting, Visit
from himaya.bench.crowd.members import USUAL
from himaya.bench.crowd.strangers import strolls
from himaya.bench.networks import browser

_SHARED = (
    "pilot crowd: 20 % behind shared addresses, here divided among office, campus, carrier (assumption); "
    "people as regular members"
)
_AT_WORK = msgspec.structs.replace(USUAL, work=True)
_HOP_S = 3600.0


class Office(Group):
    """Everybody of a firm behind one address: four members for one who is not signed in."""

    id = "office"
    title = "An office behind one address"
    natural = 0.07
    source = f"{_SHARED}; 25 people per office (assumption)"

    def signs_in(self, number: int) -> bool:
        """Four of five do."""
        return number % 5 != 4

    def place(self, number: int, rng: Random) -> Place:
        """Return the office's address."""
        return networks.office(number // fig.PER_OFFICE)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return visits during working hours."""
        rng = member.rng
        client = dress.member(member, browser(rng))
        if member.fact is None:
            return strolls(member, setting, client, 0.6, work=True)
        return Life(member, setting, _AT_WORK, lambda _: client).visits()


class Campus(Group):
    """Students behind the four addresses of a university."""

    id = "campus"
    title = "A campus behind four addresses"
    natural = 0.03
    source = f"{_SHARED}; 200 members per campus (assumption)"

    def place(self, number: int, rng: Random) -> Place:
        """Return the first of the campus's addresses."""
        return networks.campus(4 * (number // fig.PER_CAMPUS))

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return visits, each through one of the four addresses."""
        rng, first = member.rng, 4 * (member.number // fig.PER_CAMPUS)
        fingerprint = browser(rng)
        exits = [dress.member(member, fingerprint, networks.campus(first + n)) for n in range(4)]
        return Life(member, setting, USUAL, lambda _: rng.choice(exits)).visits()


class CarrierNat(Group):
    """Customers of a carrier that has eight addresses for all of them."""

    id = "carrier_nat"
    title = "A carrier's customers behind eight addresses"
    natural = 0.06
    source = f"{_SHARED}; 240 members per carrier (assumption)"

    def place(self, number: int, rng: Random) -> Place:
        """Return an address of the carrier."""
        return _behind(number, number)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return visits; the carrier keeps a customer on one address for some hours."""
        rng, number = member.rng, member.number
        fingerprint = browser(rng)
        exits = [dress.member(member, fingerprint, _behind(number, n)) for n in range(8)]
        salt = rng.randrange(8)

        def client(at: float) -> Client:
            return exits[(salt + int(at // (6 * _HOP_S)) * 5) % 8]

        return Life(member, setting, USUAL, client).visits()


def _behind(number: int, which: int) -> Place:
    """Return one of the eight addresses of a member's carrier."""
    return networks.carrier(
        networks.CARRIERS * (which % 8) + number // fig.PER_CARRIER % networks.CARRIERS
    )


class Mobile(Group):
    """Members with a telephone: at home, behind a carrier, on mobile IPv6, now and then changing within a visit."""

    id = "mobile"
    title = "Mobile users who change networks"
    natural = 0.06
    source = (
        "share and changes are assumptions: three networks, a change within one sitting in five; "
        "people as regular members"
    )

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return visits; one in five goes on from another network."""
        rng, number = member.rng, member.rng.randrange(20_000)
        fingerprint = rng.choice(
            ("chrome-android", "chrome-android", "safari-ios", "samsung-android")
        )
        places = (member.place, networks.carrier(number), networks.mobile(number))
        worn = [dress.member(member, fingerprint, place) for place in places]
        for visit in Life(member, setting, USUAL, lambda _: rng.choice(worn)).visits():
            if visit.client.actor.account and len(visit.asks) > 3 and rng.random() < 0.2:
                yield from _changed(visit, rng.choice(worn), rng.randrange(2, len(visit.asks)))
            else:
                yield visit


def _changed(visit: Visit, client: Client, place: int) -> Iterator[Visit]:
    """Return a visit in two parts, the second from another network."""
    yield Visit(visit.client, visit.asks[:place])
    yield Visit(client, visit.asks[place:])
