"""Members with an account at home: regular ones, power users, people without JavaScript or with a screen reader."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.bench.crowd import dress
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.browsing import Habits, Life
from himaya.bench.crowd.group import Group, Member, Setting, Visit
from himaya.bench.crowd.sitting import Manner
from himaya.bench.networks import browser

#: What most members do.
USUAL = Habits()
_PILOT = "pilot crowd: distinct profiles a day p50 11, p90 40, p99 94, at most 160; silent browsing 92 % (IMC 2009)"


class Settled(Group):
    """Members with one browser in one place, who browse by their `habits`."""

    habits = USUAL

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the days of one member."""
        client = dress.member(member, browser(member.rng), script=self.script)
        return Life(member, setting, self.habits, lambda _: client).visits()


class Regular(Settled):
    """Most people."""

    id = "regular"
    title = "Regular members"
    natural = 0.4681
    weight = 2.6
    source = _PILOT


class Power(Settled):
    """Those who are on the site all the time."""

    id = "power"
    title = "Power users"
    natural = fig.PILOT_POWER
    habits = msgspec.structs.replace(
        USUAL, profiles=36.0, people=0.35, days=0.4, comes=(0.6, 0.95), searches=0.3, lists=0.2
    )
    source = (
        "share: pilot crowd, 1 %; their busy day is the 80 profiles that vendors of automation call safe "
        "(Captain Data); the rest is assumed"
    )


class NoScript(Settled):
    """People whose browser runs no JavaScript: full pages, no suggestions, challenges only by waiting."""

    id = "no_script"
    title = "People without JavaScript"
    natural = fig.NO_SCRIPT_SHARE
    script = False
    habits = msgspec.structs.replace(USUAL, manner=Manner(suggests=False))
    source = "share: UK Government Digital Service 2013, 1.1 %; what they look at: as regular members (assumption)"


class ScreenReader(Settled):
    """People who listen to pages: as many people, more time, and back to the list after most of them."""

    id = "screen_reader"
    title = "Screen-reader users"
    natural = 0.005
    habits = msgspec.structs.replace(
        USUAL, manner=Manner(think_s=2.2 * fig.THINK_S, tabs=0.0, back=0.6, again=0.3)
    )
    source = (
        "share and pace are assumptions: 2.2 times as slow, the list loaded again after 60 % of profiles; "
        "people as regular members"
    )
