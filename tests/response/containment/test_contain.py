"""`himaya case contain`: actors are held, sessions and keys end within a minute, and all of it can be taken back."""

from __future__ import annotations

import json

import pytest
from tests.response.crew_case import CONFIG, MEMBERS, Sink, Site

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.cases.matters import matters_of
from himaya.bootstrap.groups import covered, named
from himaya.config import Config, loads
from himaya.core.errors import ConfigError, ServiceError
from himaya.ledger.reader import Reader
from himaya.ledger.state import read_state
from himaya.response.actors import actors_of
from himaya.response.containment import Revocation, tell
from himaya.response.notices.gathering import measures
from himaya.runner.alerting.webhook import HEADER, signature

SECRET = "s" * 40


@pytest.fixture
def sink():
    """Give an identity system that takes what it is told."""
    server = Sink()
    yield server
    server.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Make the site once; each test has a copy."""
    made = Site(tmp_path_factory.mktemp("contain"))
    made.opened()
    return made


@pytest.fixture
def site(tmp_path, sink, template):
    """Give a site that names the identity system, with a confirmed case."""
    secret = tmp_path / "revoke.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    told = f'[response]\nrevoke_url = "{sink.url}"\nrevoke_secret_file = "revoke.secret"\n'
    made = Site(tmp_path, template)
    made.configure(told)
    return made


def held(site: Site, name: str):
    with CaseStore(cases_path(site.ledger)) as store:
        return store.get(name)


def test_the_actors_spend_one_budget(site):
    """Contain makes a group of the case's certain actors, as the gate takes it over, and the case is contained."""
    answer = site.json("contain", "c-1", "--why", "they go on")
    case = held(site, answer["group"])
    assert (case.state, answer["state"], answer["actors"]) == (State.SUSPECTED, "contained", 6)
    with Reader.open(site.ledger) as reader:
        taken = named(reader, case.group.proven), covered(reader, case.group)
    assert taken == (MEMBERS, ())


def test_a_block_has_the_feed_block_their_addresses(site):
    """With --block the group is confirmed, with reason and name, which is what the decision feed publishes."""
    case = held(site, site.json("contain", "c-1", "--block", "--why", "they go on")["group"])
    assert case.state is State.CONFIRMED
    assert case.log[-1].why == "they go on"


def test_sessions_and_keys_end_within_a_minute(site, sink):
    """The identity system is told accounts, keys and sessions of the actors, signed; recorded times say so."""
    site.run("contain", "c-1", "--why", "they go on")
    ((headers, body, _),) = sink.taken
    order = json.loads(body)
    assert order["accounts"] == [f"taker{n}" for n in range(4)]
    assert (order["keys"], order["sessions"]) == (["partner"], [f"visit{n}" for n in range(4)])
    at = int(headers[HEADER].split(",")[0].removeprefix("t="))
    assert headers[HEADER] == signature(SECRET.encode(), at, body)
    case = site.case()
    told, done = case.last("revoked"), case.last("delivered")
    assert 0 <= done.at - told.at < 60_000_000
    assert done.data["id"] == told.data["id"] == order["id"]


def test_no_name_is_kept_and_the_use_is_recorded(site):
    """The register holds numbers and counts alone; that names were looked up stands in the ledger's chain."""
    site.run("contain", "c-1", "--why", "they go on")
    text = b"".join(entry.act.body() for entry in site.case().entries).decode()
    assert not any(name.partition(":")[2] in text for name in MEMBERS)
    with Reader.open(site.ledger) as reader:
        used = [entry for entry in reader.log() if entry.get("command") == "case contain"]
    assert "c-1, 6 actors" in json.dumps(used)


def test_a_refusal_is_tried_again(site, sink):
    """An identity system that refuses once is told again, with the same id."""
    sink.refuses = 1
    site.run("contain", "c-1", "--why", "they go on")
    ids = [order["id"] for order in sink.orders()]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert site.case().last("delivered").data["tries"] == 2


def test_an_identity_system_that_is_away_is_an_error(tmp_path):
    """Who cannot be told is named with the number of tries; nothing counts as delivered."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    order = Revocation(
        "1", "revoke", "c-1", practice=False, at="", accounts=(), keys=(), sessions=()
    )
    with pytest.raises(ServiceError, match="tried 2 times"):
        tell(order, "http://127.0.0.1:9/", str(secret), waits=(0.0, 0.0))


def test_a_failed_order_leaves_the_case_confirmed_and_the_hold(site, sink, monkeypatch):
    """When the identity system cannot be told the hold stands, the case stays confirmed, and a second run finishes."""
    monkeypatch.setattr("himaya.response.containment.revoking.WAITS_S", (0.0,))
    monkeypatch.setattr(
        "himaya.response.containment.revoking.tell.__kwdefaults__",
        {**tell.__kwdefaults__, "waits": (0.0,)},
    )
    sink.refuses = 1
    site.run(
        "contain",
        "c-1",
        "--why",
        "they go on",
        fails="answered 503; tried 1 times; the hold stands",
    )
    case = site.case()
    assert (case.state, case.last("delivered")) == ("confirmed", None)
    assert held(site, case.last("blocked").data["group"]).is_open
    assert site.json("contain", "c-1", "--why", "again")["state"] == "contained"


def test_it_is_taken_back(site, sink):
    """Uncontain ends every hold, lets the application restore access, and the case is confirmed again."""
    group = site.json("contain", "c-1", "--why", "they go on")["group"]
    answer = site.json("uncontain", "c-1", "--why", "a partner of ours")
    assert (answer["ended"], answer["state"]) == ([group], "confirmed")
    assert answer["in force"] == ["g-c-1"]
    assert held(site, group).state is State.CLOSED
    assert [order["event"] for order in sink.orders()] == ["revoke", "restore"]
    assert sink.orders()[1]["accounts"] == [f"taker{n}" for n in range(4)]
    site.run("uncontain", "c-9", "--why", "x", fails="there is no case c-9")


def test_sessions_can_be_left_alone(site, sink):
    """With --keep-sessions nobody is told, and no name is looked up."""
    site.run("contain", "c-1", "--why", "they go on", "--keep-sessions")
    assert not sink.taken
    assert site.case().last("revoked") is None


def test_bystanders_are_left_alone(site):
    """Members who only look alike are held with --others alone; a case of nobody certain is refused with the count."""
    site.opened("c-2", groups=[site.crew("g-few", proven=2)])
    assert site.json("contain", "c-2", "--why", "x")["actors"] == 2
    site.opened("c-3", groups=[site.crew("g-none", proven=0)])
    site.run("contain", "c-3", "--why", "x", fails="6 only look alike: --others")
    assert site.json("contain", "c-3", "--why", "x", "--others")["actors"] == 6


def test_only_what_was_confirmed_is_contained(site, sink):
    """A suspected case is refused before anything is done, and says which states are."""
    site.opened("c-4", sure=False)
    site.run("contain", "c-4", "--why", "x", fails="'blocked' is for one that is confirmed")
    with CaseStore(cases_path(site.ledger)) as store:
        assert not [name for name in store.states() if name.startswith("held-")]
    assert not sink.taken


def test_a_budget_that_is_not_set_is_said(site):
    """Where no group budget is set the command says that it holds nobody."""
    site.config.write_text("[site]\n")
    assert "holds nobody" in site.json("contain", "c-1", "--why", "x", "--keep-sessions")["note"]


def test_an_order_is_signed_or_not_configured():
    """A place without a secret, or one that is no place, is a mistake of the configuration, with its key."""
    with pytest.raises(ConfigError, match=r"response\.revoke_secret_file"):
        loads('[response]\nrevoke_url = "https://identity.example/"')
    with pytest.raises(ConfigError, match=r"response\.revoke_url"):
        loads('[response]\nrevoke_url = "identity"\nrevoke_secret_file = "x"')


def test_sessions_are_bounded(site, sink, monkeypatch):
    """Past the bound the latest sessions are told; accounts are told whole."""
    monkeypatch.setattr("himaya.response.actors.MOST_SESSIONS", 2)
    site.run("contain", "c-1", "--why", "they go on")
    (order,) = sink.orders()
    assert (order["sessions"], len(order["accounts"])) == (["visit2", "visit3"], 4)


def test_a_hold_stays_what_it_was(site):
    """A later command makes no case of a hold, counts nobody twice, and turns no budget into a block."""
    group = site.json("contain", "c-1", "--why", "they go on")["group"]
    cases = {one["id"]: one["members"] for one in site.json("list")["cases"]}
    assert cases["c-1"] == 6
    assert group not in cases
    assert held(site, group).state is State.SUSPECTED


def test_what_was_taken_back_stays_so(site):
    """A later command brings no hold into force again that somebody took back."""
    group = site.json("contain", "c-1", "--why", "they go on", "--block")["group"]
    site.run("uncontain", "c-1", "--why", "a partner of ours")
    site.run("list")
    assert held(site, group).state is State.CLOSED


def test_a_hold_goes_on_in_the_case_that_took_its_own_and_ends_with_it(site):
    """After a merge the other case can take a hold back; closing a case ends its holds."""
    group = site.json("contain", "c-1", "--why", "they go on")["group"]
    site.opened("c-2")
    site.run("merge", "c-1", "--into", "c-2", "--why", "the same crew")
    assert site.json("uncontain", "c-2", "--why", "a partner of ours")["ended"] == [group]


def test_closing_a_case_ends_its_holds(site):
    """Whoever was held is free when the case is closed."""
    group = site.json("contain", "c-1", "--why", "they go on")["group"]
    site.act("c-1", "counted", data={"countries": {}})
    for kind in ("assessed", "notified", "compared"):
        site.act("c-1", kind, why="nobody is concerned")
    site.run("close", "c-1", "--why", "over", "--without-confirmation", "nobody was asked")
    assert held(site, group).state is State.CLOSED


def test_members_who_only_look_alike_are_not_proven_by_a_hold(site):
    """Who was held with --others is no more certain afterwards than before."""
    site.crew("g-c-1", proven=2)
    before = actors_of(site.case(), site.ledger).certain
    site.run("contain", "c-1", "--others", "--why", "they go on")
    assert actors_of(site.case(), site.ledger).certain == before


def test_notices_tell_what_was_done_and_stands(site, sink):
    """A budget is no block, an order that was not taken is no end of sessions, and what was taken back is not told."""
    limited = loads(CONFIG)
    site.run("contain", "c-1", "--why", "they go on", "--keep-sessions")
    assert list(measures(site.case(), limited)) == ["held"]
    assert list(measures(site.case(), Config())) == []
    site.run("contain", "c-1", "--why", "they go on", "--block")
    assert list(measures(site.case(), limited)) == ["blocked", "revoked"]
    site.run("uncontain", "c-1", "--why", "a partner of ours")
    assert list(measures(site.case(), limited)) == []


def test_what_a_hold_freezes_is_said_with_its_case(site):
    """Where rows are kept because actors are held, the basis is the case and who held them, no search."""
    site.run("contain", "c-1", "--why", "they go on")
    with Reader.open(site.ledger) as reader:
        found = {one.case: one for one in matters_of(site.ledger, read_state(reader.chain))}
    one = found["held-c-1-1"]
    assert "held in case c-1, which somebody confirmed" in one.basis
    assert one.by != "himaya"
