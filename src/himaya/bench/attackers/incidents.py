"""Historic incidents, replayed with their published parameters scaled to the world.

Sources of the figures are named with each. `then` says what happened, `scaling` how it was made to fit; both are
printed. Where a figure was never published, the assumption is called one.
"""

from __future__ import annotations

import msgspec

from himaya.bench.attackers import habits
from himaya.bench.attackers.attacker import Attacker, Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.world import links as at
from himaya.bench.world.knobs import Knobs

_DAY_S = 86400.0


class IncidentReplay(Attacker):
    """An incident: `then` is what happened, `share_then` the share of the site it was (0: not known)."""

    then = ""
    share_then = 0.0


class ContactImporter(IncidentReplay):
    """Facebook, until September 2019: DPC decision of 25 November 2022 and press of April 2021."""

    id = "H1"
    title = "Contact importer, until 2019 (Facebook)"
    how = "many accounts far below any limit: first look-ups by telephone number, then imports of address books"
    then = (
        "533 million people of about 2.5 billion (21 %) over months, by random telephone numbers matched through"
        " search, then through contact import, with accounts kept under the limits; found after at least 19 months"
    )
    share_then = 0.21
    site_days = 30.0
    plan = Parameters(
        accounts=20,
        age_days=120,
        signup_spread_h=24 * 60,
        addresses=20,
        network="proxy",
        client="app",
        pace_s=600,
        hours=12,
    )

    def scaled(self, knobs: Knobs) -> Parameters:
        """Keep what one account does; one account per thousand people."""
        return msgspec.structs.replace(self.plan, accounts=max(5, knobs.people // 1000))

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        return (
            f"{self.scaled(knobs).accounts} accounts for 30 days, each ten look-ups a day for ten days, then"
            " three imports of 50 numbers a day: about ten people a day each. Accounts and pace are assumptions (never"
            " published), chosen so that an undefended site loses about the share that was lost."
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Look numbers up for ten days, then import address books."""
        space = op.world.people.phones.size
        numbers = iter(range(hand.number, space, len(op.hands)))
        for _ in range(10):
            for _ in range(10):
                yield at.by_phone(next(numbers, 0))
            yield _DAY_S - 6000
        for _ in range(20):
            for _ in range(3):
                book = tuple(next(numbers, 0) for _ in range(at.PER_IMPORT))
                yield at.contacts(book)
            yield _DAY_S - 1800


class HiddenSetting(IncidentReplay):
    """Twitter, June 2021 to January 2022: the company's statement of August 2022."""

    id = "H2"
    title = "Look-up that ignored a setting, 2021 (Twitter)"
    how = "telephone numbers and mail addresses are submitted; the account is returned even where its owner hid it"
    then = (
        "5.4 million of about 330 million accounts (1.6 %) linked to a telephone number or mail address although"
        " their owners had switched that off; found after 6 to 13 months"
    )
    share_then = 0.016
    site_days = 7.0
    plan = Parameters(hands=4, addresses=20, rotates=True, turn=25, pace_s=20)

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        return (
            "numbers enough for 1.6 % of the site, within a week, from 20 servers in turn; pace and addresses are"
            " assumptions (never published)"
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Try as many numbers and addresses as give 1.6 % of the people."""
        people = op.world.people
        half = self.share_then * op.world.count / 2
        yield from habits.phones(hand, op, max(8, round(half * people.phones.size / people.count)))
        yield from habits.emails(hand, op, max(8, round(half * people.emails.size / people.count)))


class MailProbes(IncidentReplay):
    """Trello, January 2024: 15,115,516 addresses listed by a breach notification service."""

    id = "H3"
    title = "500 million mail probes, 2024 (Trello)"
    how = "an interface without login says whose a mail address is; asked through proxies, 3 % hits"
    then = (
        "15.1 million people out of 500 million mail addresses tried (3.0 % hits), of a site of about 50 million"
        " accounts (30 %), through an interface without login, over proxies"
    )
    share_then = 0.30
    site_days = 3.0
    plan = Parameters(
        hands=8, addresses=2000, network="proxy", rotates=True, turn=1, browsers=3, pace_s=7
    )

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        probes = self._probes(knobs)
        return (
            f"{probes:,} addresses tried (ten per person of the site, as then), 3 % hits as then, in about two days"
            " over 2,000 proxies (their number is an assumption); 50 million accounts is the company's figure of 2019"
        )

    def _probes(self, knobs: Knobs) -> int:
        return min(knobs.email_space, 10 * knobs.people)

    def scaled(self, knobs: Knobs) -> Parameters:
        """Finish in about two days whatever the size."""
        return msgspec.structs.replace(
            self.plan, pace_s=max(0.02, 2 * _DAY_S * self.plan.hands / self._probes(knobs))
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Try address after address."""
        yield from habits.emails(hand, op, self._probes(op.world.knobs))


class ContactDiscovery(IncidentReplay):
    """WhatsApp, December 2024 to April 2025: study of the University of Vienna, November 2025."""

    id = "H4"
    title = "Contact discovery, five sessions, 2025 (WhatsApp)"
    how = "five sessions on one server ask for every telephone number there can be"
    then = (
        "3.5 billion accounts enumerated, practically all, at more than 100 million numbers an hour through five"
        " sessions on one server; the researchers destroyed the data and told the company"
    )
    share_then = 1.0
    site_days = 1.0
    plan = Parameters(
        accounts=5, age_days=200, addresses=1, client="app", pace_s=0.02, order="numbers"
    )

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        space = knobs.phone_space
        return (
            f"five sessions on one server as then, {space:,} possible numbers; 50 a second per session instead of"
            " 5,600 (20 million an hour), which is faster than any budget all the same"
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Try every number."""
        yield from habits.phones(hand, op)


class FanOutLists(IncidentReplay):
    """Carousell, May and June 2022: decision of the PDPC, 2024."""

    id = "H5"
    title = "Follower lists with undeclared fields, 2022 (Carousell)"
    how = "46 accounts read follower lists, 200 people a call, which gave away mail, telephone and birthday"
    then = (
        "at least 2.6 million people through 46 accounts (56,500 each) within a week; the lists gave away fields that"
        " nobody had meant to show; the regulator told the company after 110 to 159 days"
    )
    share_then = 0.25
    site_days = 7.0
    plan = Parameters(
        accounts=46, age_days=90, addresses=46, network="proxy", client="app", pace_s=30
    )

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        return (
            f"46 accounts as then, {self._pages(knobs)} page(s) of 200 each. The size of the site was not published;"
            " ten million is assumed, so about a quarter of it. A page of 200 is the least a call gives, so small"
            " worlds lose more"
        )

    def _pages(self, knobs: Knobs) -> int:
        return max(1, round(knobs.people * self.share_then / 46 / at.PER_FOLLOWERS))

    def work(self, hand: Hand, op: Operation) -> Work:
        """Read one popular person's followers."""
        popular = int(op.world.people.by_popularity[hand.number % op.world.count])
        for page in range(self._pages(op.world.knobs)):
            yield at.followers(op.world.subject(popular), page)


class Relatives(IncidentReplay):
    """23andMe, April to September 2023: decisions of the ICO and the OPC, June 2025."""

    id = "H6"
    title = "Relatives of 14,000 accounts, 2023 (23andMe)"
    how = "accounts taken over with reused passwords read the list of relatives, about 490 each, over five months"
    then = (
        "6.9 million of 14 million people (49 %) through 14,000 to 18,000 accounts whose passwords had been used"
        " elsewhere (380 to 490 relatives each), over five months; found through a sale post"
    )
    share_then = 0.49
    site_days = 150.0
    plan = Parameters(
        accounts=20,
        age_days=1500,
        signup_spread_h=24 * 1000,
        addresses=20,
        network="proxy",
        browsers=0,
        client="browser",
        pace_s=20,
        settle_h=24 * 145.0,
    )

    def scaled(self, knobs: Knobs) -> Parameters:
        """One account in a thousand, as then."""
        count = max(3, knobs.people // 1000)
        return msgspec.structs.replace(self.plan, accounts=count, addresses=count)

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        return (
            f"{self.scaled(knobs).accounts} accounts (one in a thousand people, as then), 490 relatives each, spread"
            " over 150 days as then; whole lists read at a person's pace from one home address each (an assumption)"
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Read the list of relatives to its end."""
        page, more = 0, True
        while more:
            reply = yield at.relatives(page)
            refused = reply is None or reply.refused
            more = refused or bool(reply and reply.more)
            page += not refused
            if refused and page == 0 and hand.refusals > 40:
                return


class AccountMill(IncidentReplay):
    """LinkedIn v ProAPIs, N.D. Cal. 2025: the complaint."""

    id = "H7"
    title = "Mill of fake accounts that live hours, 2025 (LinkedIn)"
    how = "hundreds of accounts a day sign up, take hundreds of profiles each within hours, and are thrown away"
    then = (
        "alleged: hundreds to thousands of fake accounts registered a day, living hours, each taking hundreds of"
        " profiles or more; the number of people was not stated"
    )
    site_days = 3.0
    plan = Parameters(
        accounts=120,
        fresh=True,
        addresses=60,
        prefixes=30,
        network="proxy",
        browsers=2,
        client="browser",
        pace_s=45,
        settle_h=66.0,
        solver_usd=0.002,
    )

    def scaled(self, knobs: Knobs) -> Parameters:
        """Keep what an account does; six accounts for every thousand people."""
        count = max(6, round(0.006 * knobs.people))
        return msgspec.structs.replace(
            self.plan, accounts=count, addresses=max(3, count // 2), prefixes=max(2, count // 4)
        )

    def scaling(self, knobs: Knobs) -> str:
        """Say how."""
        return (
            f"{self.scaled(knobs).accounts} accounts within three days, each {self._each(knobs)} profiles within about"
            " four hours of its sign-up, as alleged per account, of people drawn at random; six accounts for every"
            " thousand people (an assumption)"
        )

    def _each(self, knobs: Knobs) -> int:
        return min(300, knobs.people // 4)

    def work(self, hand: Hand, op: Operation) -> Work:
        """Take hundreds of profiles, and be thrown away."""
        if op.world.names.per_viewer:
            yield from habits.crawl(hand, op)
            return
        subjects = op.world.names.subjects
        for person in hand.rng.sample(range(op.world.count), self._each(op.world.knobs)):
            yield at.profile(subjects[person])


INCIDENTS: tuple[IncidentReplay, ...] = (
    ContactImporter(),
    HiddenSetting(),
    MailProbes(),
    ContactDiscovery(),
    FanOutLists(),
    Relatives(),
    AccountMill(),
)
