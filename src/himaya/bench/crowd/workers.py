"""People whose work is looking at people: recruiters, who search, and a support desk, which is asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp
from random import Random

from himaya.bench.asks import Client
from himaya.bench.crowd import dress, rhythm
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.group import Group, Member, Place, Setting, Visit
from himaya.bench.crowd.sitting import Manner, Sitting
from himaya.bench.networks import browser, office
from himaya.bench.world import links

#: Recruiters open candidates in tabs and have seen the photo in the list.
_SKIMS = Manner(think_s=35.0, photo=0.2, again=0.1, tabs=0.12)
#: At a desk a page answers one question.
_ANSWERS = Manner(think_s=90.0, photo=0.15, again=0.15, tabs=0.0, acts=0.15)
#: Desks have offices of their own.
_DESKS_FROM = 200
#: Profiles a recruiter opens in one go.
_PER_GO = 25


class Recruiter(Group):
    """Paying members who search a handful of employers and open a third of what they find."""

    id = "recruiter"
    title = "Recruiters (paid tier)"
    natural = 0.02
    tier = "recruiter"
    source = (
        "99.9 % view at most 4,556 people in 14 days (an assumed simulation), so about 450 a working day; "
        "share, median 45 a day and territories are assumptions"
    )

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the working days."""
        search = _Search(member, setting, dress.member(member, browser(member.rng)))
        share = 0.6 + 0.4 * member.rng.random()
        for day in rhythm.attends(member.rng, setting, share, work=True):
            yield from search.day(day)


class _Search:
    """One recruiter at work in a territory: a few employers, page by page."""

    def __init__(self, member: Member, setting: Setting, client: Client) -> None:
        """Draw the territory."""
        rng = self._rng = member.rng
        self._setting, self._client, self._ahead = setting, client, rhythm.clock(rng)
        employers = setting.world.people.employers
        self._territory = [rng.randrange(employers) for _ in range(rng.randrange(2, 6))]

    def day(self, day: int) -> Iterator[Visit]:
        """Return the visits of a working day, one after the other."""
        rng, setting = self._rng, self._setting
        drawn = fig.RECRUITER_DAY * exp(fig.RECRUITER_SPREAD * rng.gauss(0.0, 1.0))
        count = max(3, round(drawn * setting.intensity))
        goes = max(1, round(count / _PER_GO))
        over = 0.0
        for at in rhythm.moments(rng, setting, day, self._ahead, goes, work=True):
            begun = max(at, over + 600 * rng.random())
            sitting = Sitting(setting, self._client, begun, rng, _SKIMS)
            self._go(sitting, -(-count // goes))
            over = sitting.at
            yield sitting.visit()

    def _go(self, sitting: Sitting, count: int) -> None:
        """Go through employers of the territory until so many people were opened."""
        for employer in self._rng.sample(self._territory, len(self._territory)):
            count -= self._read(sitting, employer, count)
            if count <= 0:
                return

    def _read(self, sitting: Sitting, employer: int, count: int) -> int:
        """Read result pages of an employer and open some of each, at most `count`; return how many."""
        rng, left = self._rng, count
        found = self._setting.world.people.at_employer.of(employer).tolist()
        pages = min(links.MOST_PAGES, max(1, -(-len(found) // links.PER_SEARCH)))
        for page in range(rng.randrange(pages), pages):
            rows = found[page * links.PER_SEARCH : (page + 1) * links.PER_SEARCH]
            opened = min(left, rng.randrange(4, 11), len(rows))
            sitting.search(f"org:{employer}", page)
            sitting.look_all(rng.sample(rows, opened))
            left -= opened
            if left <= 0:
                break
        return count - left


class Support(Group):
    """The site's own staff, who look members up all working day."""

    id = "support"
    title = "Support desk (staff tier)"
    natural = 0.0005
    tier = "staff"
    source = (
        "an assumption: 22 cases a working day and person, most begin with a number or mail address, "
        "six people behind one address"
    )

    def place(self, number: int, rng: Random) -> Place:
        """Return the address of the desk."""
        return office(_DESKS_FROM + number // fig.PER_DESK)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the cases of the working days; each is a visit of its own."""
        rng, client = member.rng, dress.member(member, browser(member.rng))
        for day in rhythm.attends(rng, setting, 0.9, work=True):
            busy = fig.CASES * setting.intensity * (0.7 + 0.6 * rng.random())
            for at in rhythm.moments(rng, setting, day, 1, rhythm.times(rng, busy), work=True):
                sitting = Sitting(setting, client, at, rng, _ANSWERS)
                _case(sitting, setting, rng)
                yield sitting.visit()


def _case(sitting: Sitting, setting: Setting, rng: Random) -> None:
    """Find the member who wrote or called, and look at their page."""
    world = setting.world
    person, draw = rng.randrange(world.count), rng.random()
    if draw < fig.CASE_SEARCH:
        sitting.search(f"name:{world.people.surname[person]}")
    elif draw < fig.CASE_SEARCH + fig.CASE_PHONE:
        sitting.ask(links.by_phone(world.people.phones.of(person)))
    elif draw < fig.CASE_SEARCH + fig.CASE_PHONE + fig.CASE_MAIL:
        sitting.ask(links.by_email(world.people.emails.of(person)))
    sitting.look(person)
