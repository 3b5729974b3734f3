"""Machines that are welcome: a search engine's crawlers, and a researcher with a key and a quota."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from himaya.bench import networks
from himaya.bench.asks import Ask, Client
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd import rhythm
from himaya.bench.crowd.group import Group, Member, Place, Setting, Visit
from himaya.bench.world import links
from himaya.core.actor import Actor

_CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; Applebot/0.1; +http://www.apple.com/go/applebot)",
)
#: A tenth of the day is the spread of a crawler's steady pace.
_JITTER_S = 600.0


class SearchEngine(Group):
    """The addresses of a search engine's crawlers, each of which fetches a few profiles a day, steadily."""

    id = "search_engine"
    title = "Verified search engines"
    natural = 0.002
    signed_in = False
    script = False
    answers = False
    source = (
        "declared bots were 24 % of a quiet site's lines (Elastic's example log), all kinds together; "
        "8 profiles a day and address are an assumption that keeps the crawlers' total small"
    )

    def place(self, number: int, rng: Random) -> Place:
        """Return a crawler's address."""
        return networks.crawler(number)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return fetches at a steady pace; each is a visit of its own."""
        rng, world, (address, asn) = member.rng, setting.world, member.place
        # The front door knows a crawler by its published addresses, and tells the gate the tier (`tier_header`).
        actor = Actor(address=address, asn=asn, fingerprint="crawler", tier="crawler")
        client = Client(actor, _CRAWLERS[member.number % len(_CRAWLERS)], script=False)
        gap = rhythm.DAY_S / (fig.CRAWLED * setting.intensity)
        at = setting.start + gap * rng.random()
        while at < setting.start + setting.days * rhythm.DAY_S:
            person = (
                rng.randrange(world.count)
                if rng.random() < 0.5
                else world.people.popular(rng.random())
            )
            link = world.names.link(client.viewer, world.subject(person))
            yield Visit(client, [(at, links.profile(link))])
            at += gap + _JITTER_S * (rng.random() - 0.5)


class Researcher(Group):
    """An authorised researcher: an API key, pages of 50 people, a quota that the site agreed to."""

    id = "researcher"
    title = "Authorised researchers"
    natural = 0.0004
    signed_in = False
    script = False
    answers = False
    source = "an assumption: a handful per site, three pages of 50 people a day, never more than ten, one key each"

    def place(self, number: int, rng: Random) -> Place:
        """Return a server's address."""
        return networks.hosting(1000 + number)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return one job a day: pages of a sample of everybody, with a pause between them."""
        rng, (address, asn) = member.rng, member.place
        key = f"k-{rng.getrandbits(64):016x}"
        actor = Actor(
            address=address, asn=asn, key=key, fingerprint=networks.LIBRARY, tier="research"
        )
        client = Client(actor, "SurveySample/1.4 (university research)", script=False)
        pages = max(1, -(-setting.world.count // links.PER_CALL))
        for day in rhythm.days_of(setting):
            hour = (0.05 + 0.8 * rng.random()) * rhythm.part_of(setting, day)
            at = setting.start + (day + hour) * rhythm.DAY_S
            wanted = fig.RESEARCH_PAGES * setting.intensity * (0.5 + rng.random())
            count = min(fig.RESEARCH_QUOTA, max(1, rhythm.times(rng, wanted)))
            yield Visit(client, _job(at, pages, count, rng))


def _job(at: float, pages: int, count: int, rng: Random) -> list[tuple[float, Ask]]:
    first = rng.randrange(pages)
    return [(at + 20.0 * n, links.api((first + n) % pages)) for n in range(count)]
