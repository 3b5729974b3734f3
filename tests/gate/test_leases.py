"""Leases between a worker and the authority, part by part: what is decided where, and what is told when."""

from __future__ import annotations

import os
import threading
import time

import pytest
from tests.gate.embedded_support import ThreadAuthority
from tests.gate.lease_support import START, House, Visit, Worker, policy, view
from tests.gate.test_wsgi import Site

from himaya.config import loads
from himaya.config.types import GateConfig
from himaya.control.messages import Decide, Settle, Settled, pack
from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.errors import LedgerError, ServiceError
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.policy import ChallengePolicy, Ladder
from himaya.exchanges import ExchangeWriter, read_events, replay_exchanges
from himaya.gate.authority import Authority
from himaya.gate.leasing.leasing import Leasing
from himaya.gate.leasing.office import LeaseOffice
from himaya.gate.leasing.outbox import Outbox
from himaya.gate.metrics.meter import Meter

ANNA = Actor(account="anna", address="192.0.2.7")
LEASES = "lease_people = 3\nlease_s = 5\nlease_settle_s = 0.05"


class Noted:
    """Stands for the passes of the edge."""

    def __init__(self):
        self.told = []

    def note(self, exchange, at):
        self.told.append(exchange)


def wait_for(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- a worker and an authority, on one clock ---------------------------------------------------


def test_one_question_pays_for_three_people():
    """The first profile is asked about; the next two are decided by the worker, the fourth is asked about again."""
    worker = Worker(House(), "w")
    asked = []
    for n in range(4):
        assert view(worker, f"p{n}", ANNA)
        asked.append(worker.asked)
    assert asked == [1, 1, 1, 2]


def test_everybody_who_was_shown_is_in_the_ledger_at_the_time_of_showing():
    """A batch brings each exchange with its own time, in order."""
    house = House()
    worker = Worker(house, "w")
    for n in range(3):
        house.now = START + n / 4
        view(worker, f"p{n}", ANNA)
    house.now = START + 1.0
    worker.tell()
    assert [(row.at - START, row.shown[0].subject) for row in house.notes.rows] == [
        (0.0, "p0"), (0.25, "p1"), (0.5, "p2"),
    ]  # fmt: skip
    assert house.counted() == 3


def test_somebody_seen_twice_is_paid_once():
    """Whoever was shown by a lease before costs it nothing more; whoever was not found there costs again."""
    worker = Worker(House(), "w")
    assert [view(worker, "bob", ANNA, f"r{n}") for n in range(5)] == [True] * 5
    assert worker.asked == 1
    hand = next(iter(worker.credit._hands.values()))
    assert hand.left == 200
    missing = Visit(worker, ANNA, "/u/ghost", "g1")
    assert missing.enter()
    missing.finish(404)
    again = Visit(worker, ANNA, "/u/ghost", "g2")
    assert again.enter()
    assert hand.left == 0


def test_a_page_with_more_people_than_the_lease_has_is_asked_about_whole():
    """A card that turns out to show five people is decided by the authority, and the lease is whole again."""
    house = House(policy(account=100, address=100))
    worker = Worker(house, "w")
    card = Visit(worker, ANNA, "/card/p1", "c")
    assert card.enter()
    assert card.leased
    assert card.leave("p1", "p2", "p3", "p4", "p5")
    card.finish()
    assert not card.leased
    (hand,) = worker.credit._hands.values()
    assert (hand.left, hand.flying) == (300, 0)
    worker.tell()
    assert house.counted() == 5


def test_a_page_that_the_authority_refuses_after_all_is_refused():
    """Where the lease does not pay for all people of an answer, the budget decides, and nobody is counted."""
    house = House(policy(account=14, address=100))
    worker = Worker(house, "w")
    card = Visit(worker, ANNA, "/card/p1", "c")
    assert card.enter()
    assert not card.leave(*(f"p{n}" for n in range(20)))
    card.finish()
    worker.tell()
    assert house.counted() == 0


def test_undeclared_fields_are_asked_about():
    """A lease pays for what a surface declares; an answer that shows more goes to the authority."""
    worker = Worker(House(), "w")
    visit = Visit(worker, ANNA, "/u/bob", "r")
    assert visit.enter()
    assert visit.paying.admission((Person("bob", ("name", "phone")),)) is None
    assert visit.paying.admission(None) is None
    assert visit.paying.admission((Person("bob", ("name",)),)).passes


def test_a_lease_ends_with_its_time_and_goes_back():
    """After its time nothing is drawn from a lease, and what was left is free for others."""
    house = House(policy(account=14), for_s=2.0)
    worker = Worker(house, "w")
    window = house.engine.book.windows
    assert view(worker, "p0", ANNA)
    worker.tell()
    assert window["aanna"].reserved == 200
    house.wait(2.0)
    worker.tell()
    assert (window["aanna"].reserved, len(house.engine.lending)) == (0, 0)
    assert view(worker, "p1", ANNA)
    assert worker.asked == 2


def test_a_lease_under_way_goes_back_when_its_last_request_is_over():
    """A slow answer keeps its lease; it may still leave, and is settled before the rest goes back."""
    house = House(policy(account=14), for_s=2.0)
    worker = Worker(house, "w")
    slow = Visit(worker, ANNA, "/u/p0", "slow")
    assert slow.enter()
    house.wait(60.0)
    worker.tell()
    assert len(house.engine.lending) == 1
    assert slow.leave("p0")
    slow.finish()
    worker.tell()
    assert (len(house.engine.lending), house.counted()) == (0, 1)


def test_an_answer_that_comes_when_the_lease_is_charged_is_asked_about():
    """After the authority has charged a lease nothing leaves on it: the request is decided anew."""
    house = House(policy(account=14), for_s=2.0)
    worker = Worker(house, "w")
    slow = Visit(worker, ANNA, "/u/p0", "slow")
    assert slow.enter()
    house.wait(120.0)
    assert house.counted() == 3
    assert slow.leave("p0")
    assert not slow.leased
    assert worker.asked == 3


def test_a_decision_that_stands_reaches_a_worker_with_its_next_batch():
    """A worker that tells of an exchange hears that its lease is over, and asks from then on."""
    house = House(for_s=60.0)
    worker = Worker(house, "w")
    view(worker, "p0", ANNA)
    reason = Reason("breadth", "account", "", 9, 5)
    house.authority.stand(Standing("account:anna", Action.BLOCK, START + 600, reason))
    worker.tell()
    assert not view(worker, "p1", ANNA)


def test_a_decision_that_stands_reaches_a_silent_worker_when_its_lease_ends():
    """Without any batch a worker goes on for the time of its lease at most."""
    house = House(for_s=2.0)
    worker = Worker(house, "w")
    view(worker, "p0", ANNA)
    reason = Reason("breadth", "account", "", 9, 5)
    house.authority.stand(Standing("account:anna", Action.BLOCK, START + 600, reason))
    assert view(worker, "p1", ANNA)
    house.wait(2.0)
    assert not view(worker, "p2", ANNA)


def test_switched_off_nothing_is_lent_and_switched_on_is_asked_again():
    """While everything passes unseen a worker asks each time, so that `on` holds from its next request."""
    house = House(for_s=2.0)
    worker = Worker(house, "w")
    house.authority.turn_off("test", START)
    view(worker, "p0", ANNA)
    assert (len(worker.credit), len(house.engine.lending)) == (0, 0)
    house.authority.turn_on()
    view(worker, "p1", ANNA)
    assert len(worker.credit) == 1


def test_what_a_lease_allows_is_seen_and_counted_like_what_is_asked_about():
    """Whoever looks at a lease is seen by the feed, counted by the meter under the socket, and looked at by passes."""
    house, passes = House(), Noted()
    worker, authority, seen = Worker(house, "w"), house.authority, []
    authority.meter, authority.passes = Meter(lambda _: 100), passes
    authority.seen = lambda actor, _: seen.append(actor)
    for n in range(4):
        view(worker, f"p{n}", ANNA)
    worker.tell()
    assert seen == [ANNA] * 4
    assert dict(authority.meter.requests) == {("socket", "profile", Action.ALLOW, True): 4}
    assert (len(passes.told), authority.requests) == (4, 4)


def test_a_worker_that_gets_no_lease_asks_by_the_socket():
    """A question that comes with a worker's name and is decided counts under the socket, not under the gate's door."""
    house = House()
    house.authority.meter = Meter(lambda _: 100)
    house.ask(Decide(Request("r1", ANNA, "/search", sees_body=True), worker="w"))
    assert [door for door, *_ in house.authority.meter.requests] == ["socket"]


def test_a_doctor_is_told_of_a_request_that_a_worker_with_leases_asked_about():
    """An announced request is found whether or not workers may have leases."""
    house, mark = House(), "0" * 32
    house.authority.probes.expect(mark, START)
    house.ask(Decide(Request("r1", ANNA, f"/u/p1?{mark}", sees_body=True), worker="w"))
    told = house.authority.probes.take(mark)
    assert told is not None
    assert told.account == "anna"


def test_a_new_policy_is_asked_about_with_the_next_batch():
    """After a reload a worker's lease is over with its next batch, and what it gets is by the new policy."""
    house = House(for_s=60.0)
    worker = Worker(house, "w")
    view(worker, "p0", ANNA)
    house.authority.reload(policy(account=1))
    worker.tell()
    assert not view(worker, "p1", ANNA)


def test_a_purchase_counts_from_the_next_request_on():
    """Whoever is refused has no lease, so what a solved challenge buys is known at once to every worker."""
    house = House(policy(account=4, ladder=Ladder(), challenge=ChallengePolicy(people=3)))
    workers = [Worker(house, f"w{n}") for n in range(2)]
    passed = [view(workers[n % 2], f"p{n}", ANNA) for n in range(6)]
    for worker in workers:
        worker.tell()
    assert (passed.count(True), len(house.engine.lending)) == (4, 0)
    assert house.authority.clear("c1", ANNA)
    again = []
    for n in range(5):
        visit = Visit(workers[n % 2], ANNA, f"/u/n{n}", f"again{n}", clearance="c1")
        again.append(visit.enter() and visit.leave(f"n{n}"))
        visit.finish()
        workers[n % 2].tell()
    assert again == [True, True, True, False, False]


def test_a_batch_that_got_no_answer_is_told_again_and_counted_once():
    """The same number twice is settled once; later ones are settled."""
    house = House()
    worker = Worker(house, "w")
    view(worker, "p0", ANNA)
    worker.tell(answered=False)
    view(worker, "p1", ANNA)
    worker.tell()
    assert [row.shown[0].subject for row in house.notes.rows] == ["p0", "p1"]
    assert not worker.outbox


def test_a_batch_told_to_an_authority_that_died_is_counted_once_by_the_next():
    """What the ledger has already of a worker's batch is left out after a restart, and what it lacks is settled."""
    house = House()
    worker = Worker(house, "w")
    view(worker, "p0", ANNA)
    worker.tell(answered=False)
    view(worker, "p1", ANNA)
    house.kill()
    house.now += 1
    worker.tell()
    assert [row.shown[0].subject for row in house.notes.rows] == ["p0", "p1"]
    assert house.counted() == 2


def test_what_is_told_after_a_restart_is_counted_though_the_lease_is_gone():
    """A lease that died with its authority is paid for by counting what it showed."""
    house = House()
    worker = Worker(house, "w")
    for n in range(3):
        assert view(worker, f"p{n}", ANNA)
    house.kill()
    house.now += 1
    assert house.counted() == 0
    worker.tell()
    assert house.counted() == 3


def test_an_unreadable_exchange_is_left_out_and_the_rest_is_settled():
    """One bad item costs no other its place."""
    house = House()
    good = Settled(
        Exchange(Request("1", ANNA, "/u/bob"), 200, (Person("bob"),)), START, "gone", 100
    )
    bad = type(pack(good))(b'{"exchange":1}')
    assert house.ask(Settle("w", 1, (bad, pack(good)))).ok
    assert [row.shown[0].subject for row in house.notes.rows] == ["bob"]


def test_nothing_is_lent_that_an_audit_could_not_know_of():
    """Where the ledger cannot note how many workers have leases, requests are decided one by one."""

    def refuse(workers, people):
        raise LedgerError("no space left")

    house = House()
    office = LeaseOffice(house.authority, on_workers=refuse)
    office.offer(house.terms)
    reply = office.decide(Decide(Request("1", ANNA, "/u/bob", sees_body=True), worker="w"))
    assert (reply.decision.passes, reply.lease) == (True, None)


def test_the_ledger_hears_of_each_further_worker_once():
    """The number of workers is noted before it grows, not at every lease, and again when more is lent."""
    heard = []
    house = House(policy(account=100, address=100))
    office = LeaseOffice(house.authority, on_workers=lambda *told: heard.append(told))
    office.offer(house.terms)
    for n in range(9):
        office.decide(Decide(Request(f"{n}", ANNA, f"/u/{n}", sees_body=True), worker=f"w{n % 3}"))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_file_of_exchanges_replays_leases(tmp_path):
    """Leases, batches and lost workers are events of the exchanges file; made again they give the same rows."""
    house = House()
    path = tmp_path / "exchanges.jsonl"
    with ExchangeWriter(path) as writer:
        house.authority = Authority(
            house.engine, house.notes, writer=writer, clock=lambda: house.now
        )
        house.office = LeaseOffice(house.authority)
        house.office.offer(house.terms)
        house.answers._authority, house.answers._office = house.authority, house.office
        one, two = Worker(house, "w1"), Worker(house, "w2")
        for n in range(5):
            house.wait(0.5)
            view((one, two)[n % 2], f"p{n}", ANNA)
            one.tell()
        house.wait(3.0)
        one.tell()
        house.wait(200.0)
        house.authority.tick()
        house.authority.stop("end")
    with path.open("rb") as lines:
        made = list(replay_exchanges(read_events(lines)))
    assert [each.event for each in made if not each.same] == []
    rows = [row for each in made for row in each.disclosures]
    assert rows == house.notes.rows
    assert {type(each.event).__name__ for each in made} >= {"Leased", "Redeemed", "GivenBack"}


# -- what waits --------------------------------------------------------------------------------


def item(number: int, size: int = 10) -> Settled:
    return Settled(
        Exchange(Request(f"{number}", ANNA, "/u/" + "x" * size), 200), float(number), "a", 100
    )


def test_what_waits_is_bounded_in_bytes():
    """However long nobody answers, no more than the stated bytes wait; what found no room is refused."""
    outbox = Outbox("w", 20_000)
    refused = 0
    for number in range(1000):
        try:
            outbox.put(item(number, 200))
        except ServiceError:
            refused += 1
    assert refused > 900
    told = 0
    while (batch := outbox.take()) is not None:
        told += len(batch.items)
        outbox.told(answered=True)
    assert told == 1000 - refused
    outbox.put(item(0))


def test_a_lease_goes_back_after_everything_drawn_from_it():
    """However many batches wait, a lease is given back in the last one."""
    outbox = Outbox("w", 1 << 20)
    for number in range(600):
        outbox.put(item(number))
    outbox.give_back("a")
    batches = []
    while (batch := outbox.take()) is not None:
        assert outbox.take() is None  # one at a time
        batches.append(batch)
        outbox.told(answered=True)
    assert [(each.number, len(each.items), each.back) for each in batches] == [
        (1, 256, ()), (2, 256, ()), (3, 88, ("a",)),
    ]  # fmt: skip


def test_the_child_of_a_fork_is_another_worker():
    """Leases and exchanges stay with the parent; the child has another name and numbers of its own."""
    leasing = Leasing(GateConfig(lease_people=3))
    leasing.outbox.put(item(1))
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, f"{leasing.worker} {bool(leasing.outbox)} {leasing.is_idle}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    name, waits, idle = os.read(read, 100).decode().split()
    os.close(read)
    os.close(write)
    assert (name != leasing.worker, waits, idle) == (True, "False", "True")
    assert leasing.outbox


# -- the middleware ----------------------------------------------------------------------------


@pytest.fixture(name="site")
def _site(tmp_path):
    authority = ThreadAuthority(
        tmp_path, budget=14, ladder="challenge = false", gate=LEASES
    ).start()
    site = Site(authority, account=lambda environ: environ.get("HTTP_X_WHO", ""))
    yield site
    site.close()
    authority.stop()


def test_a_middleware_with_leases_shows_the_budget_and_no_more(site):
    """Over real HTTP with threads, fourteen people are shown and all are rows; the next are refused."""
    codes = []

    def walk(first):
        codes.extend(
            site.get(f"/u/p{n}", **{"X-Who": "anna"}).status_code for n in range(first, first + 8)
        )

    threads = [threading.Thread(target=walk, args=(first,)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.gate.desk.tell()
    wait_for(lambda: not site.gate.door.leasing.outbox)
    assert codes.count(200) == 14
    wait_for(lambda: len(set(site.authority.people)) == 14)
    assert site.authority.engine.people_of("account:anna")[0] == 14


def test_listings_and_lookups_still_ask(site):
    """With leases on, a listing is reserved, cut and counted as ever."""
    answer = site.get("/search?json&n=3", **{"X-Who": "anna"})
    assert len(answer.json()["results"]) == 3
    wait_for(lambda: len(site.authority.people) == 3)


def test_while_the_authority_is_away_a_lease_lasts_and_then_the_surface_decides(tmp_path):
    """A closed listing answers 503; a leased profile goes on; everything is told once the authority is back."""
    authority = ThreadAuthority(tmp_path, budget=20, fail="closed", gate=LEASES).start()
    site = Site(authority, account=lambda environ: "anna")
    try:
        assert site.get("/u/p0").ok
        authority.stop()
        assert site.get("/u/p1").ok
        assert site.get("/search?json&n=1").status_code == 503
        authority.start()
        wait_for(lambda: authority.people == ["p0", "p1"])
        assert authority.notes.gaps == []
    finally:
        site.close()
        authority.stop()


def test_a_worker_with_leases_reads_a_changed_configuration(tmp_path):
    """A worker that decides by itself takes a new policy over when its lease ends, with the surfaces of the file."""
    authority = ThreadAuthority(
        tmp_path, budget=100, gate=LEASES.replace("lease_s = 5", "lease_s = 1")
    ).start()
    first, authority.config = authority.config, authority.file
    site = Site(authority, account=lambda environ: "anna")
    try:
        assert site.get("/u/p0").ok
        text = authority.file.read_text()
        text += '\n[[surface]]\nid = "other"\nroute = "/other/{subject}"\n'
        authority.file.write_text(text)
        authority.authority.reload(loads(text, directory=tmp_path).policy())
        began = time.monotonic()
        wait_for(lambda: site.get("/u/p0").ok and "other" in site.gate.door.surfaces.by_id)
        assert time.monotonic() - began < 10
        assert site.gate.door.policy_hash != first.policy().hash()
    finally:
        site.close()
        authority.stop()


def test_what_finds_no_room_while_the_authority_is_away_becomes_a_gap(tmp_path):
    """Exchanges past the bound of the backlog are named as a period with their number; none is told twice."""
    gate = "lease_people = 10\nlease_s = 10\nlease_settle_s = 0.05\nlease_backlog_bytes = 1500"
    authority = ThreadAuthority(tmp_path, budget=100, gate=gate).start()
    site = Site(authority, account=lambda environ: "anna")
    outbox = site.gate.door.leasing.outbox
    try:
        assert site.get("/u/first").ok
        wait_for(lambda: not outbox)
        authority.stop()
        for n in range(9):
            assert site.get(f"/u/p{n}").ok
        assert 0 < outbox._bytes <= 1500
        authority.start()
        wait_for(lambda: authority.notes.gaps and not outbox)
        (gap,) = authority.notes.gaps
        people = [e.disclosures.shown[0].subject for e in authority.notes.effects]
        assert (gap[3], gap[4]) == ("profile", "wsgi")
        assert f"({10 - len(people)} requests)" in gap[2]
        assert 1 < len(people) < 10
        assert people == ["first", *(f"p{n}" for n in range(len(people) - 1))]
    finally:
        site.close()
        authority.stop()
