"""From a decision to a block: who would be hit, what cases and detectors lead to, what the gate itself does."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_network

import msgspec
import pytest
from tests.analysis.ledgers import crew_rows, row, write

from himaya.analysis.cases import CaseStore, State
from himaya.bootstrap.groups import find
from himaya.bootstrap.parts import make_engine, make_runner, open_ledger
from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.errors import InputError, LedgerError
from himaya.core.exchange import Exchange, Request
from himaya.gate.authority import Authority
from himaya.gate.feeds.block import parse_place
from himaya.gate.feeds.desk import Around, Desk, Order
from himaya.gate.feeds.house import FeedHouse
from himaya.gate.feeds.seen import Seen
from himaya.ledger.reader import Reader

TEXT = """
mode = "enforce"
[site]
population = 5000
[owner]
name = "Somebody"
contact = "a@example.org"
[retention]
identified_days = 31
[actor]
new_account_s = 86400
[detectors.breadth]
hour = 5
action = "block"
for_s = 600
[feed]
listen = "127.0.0.1:0"
shared_accounts = 3
for_s = 600
most = 40
{more}
[[surface]]
id = "profile"
route = "/u/{{subject}}"
"""

NOW = 1_760_000_000.0
OLD = NOW - 90 * 86400


def config(folder, more: str = ""):
    return loads(TEXT.format(more=more), directory=folder)


def desk(folder, rows, more: str = "") -> Desk:
    write(folder / "ledger", rows)
    return Desk(config(folder, more))


def at(place: str, account: str, day: float = 0.0, created: float | None = OLD):
    """Return a row of an account from an address, some days ago."""
    return row(NOW - day * 86400, "p1", account=account, address=place, account_created=created)


def an_order(place: str, **more) -> Order:
    told = {"until": NOW + 600, "source": "operator", "why": "a test", "by": "me", **more}
    return Order(network=parse_place(place), **told)


def around(*live: str, flagged: tuple[str, ...] = ()) -> Around:
    return Around({"203.0.113.7": frozenset(live)}, frozenset(flagged))


def one(made: Desk, order: Order, known: Around | None = None, now: float = NOW):
    """Have one order decided; return its block, None when there is none."""
    blocks = made.decide([order], known or around(), now).blocks
    return blocks[0] if blocks else None


def count(made: Desk, place: str, known: Around | None = None) -> int:
    return one(made, an_order(place), known).collateral


def test_ordinary_accounts_of_an_address_are_counted(tmp_path):
    """Different accounts within the days count once each; new ones, found ones and those of long ago do not."""
    here = "203.0.113.7"
    rows = [at(here, "a"), at(here, "a"), at(here, "b", 6), at(here, "c", created=None)]
    rows += [at(here, "fresh", created=NOW - 60), at(here, "bad"), at(here, "gone", 8)]
    rows += [at("203.0.113.8", "neighbour"), row(NOW, "p1", address=here)]
    made = desk(tmp_path, rows)
    assert count(made, here, around(flagged=("account:bad",))) == 3
    assert count(made, "203.0.113.99") == 0


def test_who_is_there_right_now_counts_once(tmp_path):
    """An account that no row names counts, one that rows name is not counted twice, a found one never."""
    made = desk(tmp_path, [at("203.0.113.7", "a"), at("203.0.113.8", "elsewhere")])
    live = around("a", "reader", "elsewhere", "bad", flagged=("account:bad",))
    assert count(made, "203.0.113.7", live) == 3


@pytest.mark.parametrize(
    ("place", "accounts"),
    [
        ("203.0.113.0/24", 3),
        ("203.0.113.0/25", 2),
        ("203.0.112.0/23", 4),
        ("203.0.113.7", 1),
        ("198.51.100.0/24", 0),
        ("2001:db8:1::/64", 1),
        ("2001:db8:1::/48", 2),
        ("2001:db8::/32", 2),
    ],
)
def test_accounts_of_a_network_are_counted(tmp_path, place, accounts):
    """Exactly the accounts that came from inside a network count, whatever its length."""
    rows = [at("203.0.113.7", "a"), at("203.0.113.9", "b"), at("203.0.113.200", "c")]
    rows += [at("203.0.112.1", "d"), at("203.0.113.8", "a")]
    rows += [at("2001:db8:1::5", "e"), at("2001:db8:1:9::5", "f")]
    assert count(desk(tmp_path, rows), place) == accounts


@pytest.mark.parametrize(("accounts", "remedy"), [(2, "ban"), (3, "captcha")])
def test_a_shared_address_is_challenged(tmp_path, accounts, remedy):
    """From feed.shared_accounts on a block becomes a challenge, and the chain says so with the count."""
    made = desk(tmp_path, [at("203.0.113.7", f"a{n}") for n in range(accounts)])
    block = one(made, an_order("203.0.113.7"))
    assert (block.remedy, block.collateral) == (remedy, accounts)
    with Reader.open(tmp_path / "ledger") as reader:
        (entry,) = [one for one in reader.log() if one["kind"] == "blocked"]
    (place,) = entry["places"]
    assert (place["action"], place.get("collateral")) == (block.action.value, accounts)
    assert (place["name"], entry["why"], entry["by"]) == ("203.0.113.7", "a test", "me")


def test_a_challenge_is_never_made_stronger(tmp_path):
    """Where a challenge is asked for and nobody shares the address, it stays a challenge."""
    made = desk(tmp_path, [])
    assert one(made, an_order("203.0.113.7", remedy="captcha")).remedy == "captcha"


def test_what_a_detector_decides_is_no_entry_of_the_chain(tmp_path):
    """The chain keeps what people decide; a detector's block is kept with the others and repeated only when longer."""
    made = desk(tmp_path, [])
    said = {"source": "detector:breadth", "by": "", "why": "found"}
    assert one(made, an_order("203.0.113.7", **said)) is not None
    assert one(made, an_order("203.0.113.7", **said), now=NOW + 1) is None
    assert one(made, an_order("203.0.113.7", **said, until=NOW + 900), now=NOW + 2)
    with Reader.open(tmp_path / "ledger") as reader:
        assert [one for one in reader.log() if one["kind"] == "blocked"] == []


def test_past_the_bound_nothing_is_added(tmp_path):
    """As many blocks stand as feed.most allows; when one ran out there is room again."""
    made = desk(tmp_path, [])
    orders = [an_order(f"192.0.2.{n}", source="detector:x") for n in range(45)]
    decided = made.decide(orders, around(), NOW)
    assert (len(decided.blocks), decided.left_out) == (40, 5)
    assert made.decide([an_order("192.0.2.99")], around(), NOW).left_out == 1
    assert one(made, an_order("192.0.2.99", until=NOW + 2000), now=NOW + 700)


def test_a_forgotten_address_is_published_no_more(tmp_path):
    """The file of blocks has no name in it: after the address is forgotten its block has no address."""
    made = desk(tmp_path, [])
    one(made, an_order("203.0.113.7"))
    assert b"203.0.113.7" not in (tmp_path / "ledger.blocks").read_bytes()
    assert [block.value for block in made.restore(NOW)[0]] == ["203.0.113.7"]
    with Reader.open(tmp_path / "ledger") as reader:
        _, number = reader.facet("address:203.0.113.7")
        reader.identities.forget([number])
    assert made.restore(NOW) == ([], [])


def test_blocks_leave_with_the_retention(tmp_path):
    """A block that was over for as long as rows are kept is dropped."""
    made = desk(tmp_path, [])
    one(made, an_order("203.0.113.7"))
    assert made.ended(NOW + 700, 10)
    made.restore(NOW + 40 * 86400)
    assert made.ended(NOW + 40 * 86400, 10) == []


def test_blocks_of_detectors_do_not_fill_the_disk(tmp_path):
    """Of a detector's blocks that are over the last 800 stay, twenty for each that may stand; people's stay all."""
    made = desk(tmp_path, [])
    assert one(made, an_order("203.0.113.7"))
    orders = [an_order(f"192.0.2.{n}", source="detector:x", until=NOW + 1) for n in range(38)]
    for turn in range(25):
        moved = [msgspec.structs.replace(order, until=NOW + turn * 2 + 1) for order in orders]
        made.decide(moved, around(), NOW + turn * 2)
    assert len(made.ended(NOW + 1000, 2000)) == 951
    made.forget(NOW + 1000)
    left = made.ended(NOW + 1000, 2000)
    assert len([block for block in left if block.source == "detector:x"]) == 800
    assert [block.value for block in left if block.source == "operator"] == ["203.0.113.7"]


def test_what_the_chain_refuses_is_no_block(tmp_path):
    """Where the chain cannot be written nothing stands, and the next try is none the worse."""
    made = desk(tmp_path, [])
    chain = tmp_path / "ledger" / "chain.jsonl"
    aside = chain.rename(tmp_path / "aside")
    with pytest.raises(LedgerError):
        one(made, an_order("203.0.113.7", source="case:g-1"))
    aside.rename(chain)
    assert made.restore(NOW) == ([], [])
    assert one(made, an_order("203.0.113.7", source="case:g-1"))


# -- cases -----------------------------------------------------------------------------------------


@pytest.fixture
def crew(tmp_path):
    """Give a desk over a ledger with a crew, the id of its case, and its store of cases."""
    made = desk(tmp_path, crew_rows(800, NOW - 1000))
    ((case, _),) = find(config(tmp_path), 0.0, NOW)
    with CaseStore(made.cases) as store:
        yield made, case, store


def decide(store: CaseStore, case, state: State, now: float) -> None:
    store.move(case.id, state, why="looked", by="me", at=now)


def test_a_confirmed_case_has_its_addresses_blocked(crew):
    """Suspected, a case leads to nothing; confirmed, to the addresses of its proven members; closed, to their end."""
    made, case, store = crew
    assert made.look(NOW).orders == ()
    decide(store, case, State.CONFIRMED, NOW)
    orders = made.look(NOW).orders
    assert {str(order.network.network_address) for order in orders} == {
        f"192.0.2.{n}" for n in range(30)
    }
    assert {(order.source, order.why, order.by) for order in orders} == {
        (f"case:{case.id}", "looked", "me")
    }
    decide(store, case, State.CLOSED, NOW + 1)
    look = made.look(NOW + 1)
    assert (look.orders, look.over) == ((), {f"case:{case.id}"})


def test_a_case_blocks_again_only_what_goes_on(crew):
    """An address is not blocked twice for the same rows, again when it goes on after its end, never when lifted."""
    made, case, store = crew
    decide(store, case, State.CONFIRMED, NOW)
    blocks = made.decide(made.look(NOW).orders, around(), NOW).blocks
    assert len(blocks) == 30
    assert made.look(NOW + 60).orders == ()
    assert made.look(NOW + 700).orders == ()
    made.lift(blocks[:1], "our partner", "me", NOW + 60)
    with_more = [
        row(NOW + 700, "p9999", account=f"c{n}", address=block.value, fingerprint="library")
        for block in blocks[:2]
        for n in [int(block.value.rpartition(".")[2])]
    ]
    write(made._directory, with_more)
    assert [str(o.network.network_address) for o in made.look(NOW + 701).orders] == [
        blocks[1].value
    ]


def test_members_of_open_cases_are_no_ordinary_accounts(crew):
    """Thirty accounts of a crew behind one address are no collateral while their case is open."""
    made, case, store = crew
    write(made._directory, [at("198.51.100.1", f"c{n}") for n in range(30)])
    assert count(made, "198.51.100.1") == 0
    decide(store, case, State.CLOSED, NOW)
    assert count(made, "198.51.100.1") == 30


# -- beside a gate ---------------------------------------------------------------------------------


class Gate:
    """An authority with a feed that listens nowhere; `turn` lets the thread work and takes over what it did."""

    def __init__(self, folder, more: str = "") -> None:
        self.config = config(folder, more)
        self.now = NOW
        self.ledger = open_ledger(self.config, self.now)
        runner = make_runner(self.config, self.ledger)
        self.authority = Authority(make_engine(self.config), runner, clock=lambda: self.now)
        self.feed = FeedHouse(self.config, self.authority)
        self.feed.keeper.watch()
        self.count = 0

    def view(self, **actor) -> Action:
        self.count += 1
        request = Request(f"r{self.count}", Actor(**actor), f"/u/p{self.count}")
        decision = self.authority.decide(request, self.now)
        if decision.passes:
            self.authority.record(Exchange(request, 200), self.now)
        return decision.action

    async def turn(self, ready) -> None:
        end = time.monotonic() + 30
        while not ready():
            assert time.monotonic() < end
            self.feed.take()
            await asyncio.sleep(0.01)

    @property
    def published(self) -> dict[str, str]:
        return {block.value: block.remedy for block in self.feed.keeper.changes.published}

    def close(self) -> None:
        self.feed.close()
        self.authority.stop("the test")
        self.authority.runner.close(self.now)
        self.ledger.close()


@pytest.fixture
def gate(tmp_path):
    """Give a gate that publishes what the breadth detector decides."""
    made = Gate(tmp_path, 'detectors = ["breadth"]')
    yield made
    made.close()


def test_a_named_detector_leads_to_a_block(gate):
    """A visitor over its threshold is published until the decision ends; one whom nobody named is not."""

    async def story() -> None:
        for _ in range(10):
            gate.view(address="203.0.113.7")
        await gate.turn(lambda: gate.published)
        assert gate.published == {"203.0.113.7": "ban"}
        (block,) = gate.feed.keeper.blocks.values()
        assert (block.source, block.until) == ("detector:breadth", NOW + 600)
        gate.now += 601
        gate.feed.take()
        assert gate.published == {}

    asyncio.run(story())


def test_an_address_with_people_signed_in_is_challenged(gate):
    """Members who are signed in behind the address, though they looked at nobody, make it a challenge."""

    async def story() -> None:
        for n in range(3):
            request = Request(f"m{n}", Actor(address="203.0.113.7", account=f"m{n}"), "/about")
            gate.authority.decide(request, gate.now)
        for _ in range(10):
            gate.view(address="203.0.113.7")
        await gate.turn(lambda: gate.published)
        assert gate.published == {"203.0.113.7": "captcha"}

    asyncio.run(story())


def test_the_gate_obeys_what_people_decide(gate):
    """A blocked address is refused to visitors, not to members who signed in, and free when it is lifted."""

    async def story() -> None:
        keeper = gate.feed.keeper
        await keeper.block("203.0.113.7", 0.0, "ban", "a test", "me")
        assert gate.view(address="203.0.113.7") is Action.BLOCK
        assert gate.view(address="203.0.113.7", account="m") is Action.ALLOW
        await keeper.block("198.51.100.0/24", 0.0, "captcha", "a test", "me")
        assert gate.view(address="198.51.100.200") is Action.CHALLENGE
        await keeper.lift("203.0.113.7", "over", "me")
        assert gate.view(address="203.0.113.7") is Action.ALLOW

    asyncio.run(story())


def test_a_shadow_publishes_no_detector(gate):
    """In shadow mode a detector's decision leads to no block at all."""

    async def story() -> None:
        shadow = loads(TEXT.format(more="").replace('"enforce"', '"shadow"'))
        gate.authority.reload(shadow.policy())
        for _ in range(10):
            gate.view(address="203.0.113.7")
        assert "address:203.0.113.7" in gate.authority.engine.watchers.standing
        for _ in range(20):
            gate.feed.take()
            await asyncio.sleep(0.005)
        assert gate.feed.keeper.blocks == {}

    asyncio.run(story())


def test_a_reload_tells_the_feed_who_stands_in_front_of_the_site(gate):
    """A proxy that a reload names is not blocked from then on, by no detector and by no operator."""

    async def story() -> None:
        more = '[actor]\ntrusted_proxies = ["203.0.113.0/24"]\nnew_account_s = 60\n'
        text = TEXT.format(more='detectors = ["breadth"]').replace(
            "[actor]\nnew_account_s = 86400\n", more
        )
        gate.feed.adopt(loads(text))
        assert gate.feed.keeper.desk.config.actor.new_account_s == 60
        assert gate.feed.keeper.desk.config.ledger == gate.config.ledger
        with pytest.raises(InputError, match="trusted_proxies"):
            await gate.feed.keeper.block("203.0.113.7", 60, "ban", "a test", "me")
        for _ in range(10):
            gate.view(address="203.0.113.7")
        await gate.turn(lambda: gate.feed.keeper.left_out)
        assert gate.published == {}

    asyncio.run(story())


def test_seen_is_bounded():
    """Past its bounds the address and the account unseen for longest leave."""
    seen = Seen(most=3, accounts=2)
    for n in range(10):
        seen.note(Actor(address=f"203.0.113.{n}", account="a"), NOW)
    for n in range(10):
        seen.note(Actor(address="203.0.113.9", account=f"a{n}"), NOW)
    seen.note(Actor(address="203.0.113.9"), NOW)
    assert len(seen) == 3
    assert [one.account for one in seen.at(ip_network("203.0.113.9/32"), 0)] == ["a8", "a9"]
    assert seen.at(ip_network("203.0.113.9/32"), NOW + 1) == []
    assert len(seen.at(ip_network("203.0.113.0/24"), 0)) == 3


def test_a_few_accounts_at_many_addresses_fill_no_memory():
    """Pairs of address and account are bounded in all; what is no address is not remembered; the last pairs stay."""
    seen = Seen(most=50, accounts=10, pairs=20)
    for n in range(1000):
        for account in range(7):
            seen.note(Actor(address=f"2001:db8::{n:x}", account=f"a{account}"), NOW)
            assert seen.pairs <= 20
    seen.note(Actor(address="nowhere", account="a"), NOW)
    assert len(seen) == 2
    assert len(seen.at(ip_network(f"2001:db8::{999:x}/128"), 0)) == 7
    assert len(seen.at(ip_network("2001:db8::/64"), 0)) == 7
    assert seen.at(ip_network("2001:db8:1::/64"), 0) == []
    assert seen.at(ip_network("0.0.0.0/8"), 0) == []
