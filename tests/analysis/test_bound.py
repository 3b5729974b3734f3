"""`himaya audit bound`: what it finds, what it passes, what it lists as outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.site import CONFIG, START, Site, plant
from tests.ledger.making import shown

from himaya import cli
from himaya.analysis.bound import Audit, audit_bound
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange
from himaya.ledger import Ledger, erasure, holds, retention
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

ANNA = Actor(account="anna", address="203.0.113.9")
BEN = Actor(account="ben", address="198.51.100.4")
PLAIN = CONFIG.replace("city = 2", "city = 1")


def _audit(directory: Path, **more) -> Audit:
    with Reader.open(directory) as reader:
        return audit_bound(reader, **more)


def _full(folder: Path, text: str = PLAIN) -> Site:
    """Return a site on which Anna asked for twice as many people as she may see in an hour."""
    site = Site(folder, text)
    for number in range(20):
        site.now += 1
        site.view(ANNA, f"p{number}")
    return site


def _row(site: Site, subject: str, actor: Actor = ANNA, **more) -> Disclosures:
    base = {
        "at": site.now, "surface": "profile", "kind": "profile", "actor": actor,
        "access": "account", "status": 200, "shown": shown(subject),
        "policy": site.engine.policy.hash(), "source": "proxy",
    }  # fmt: skip
    return Disclosures(**base | more)


def _outside(answer: Audit) -> dict[str, int]:
    return {each.what: each.rows for each in answer.outside}


def test_what_the_gate_let_pass_is_within_the_bound(tmp_path):
    """Ten of twenty people passed: ten obtained, a budget of ten, no row broken, and the population beside it."""
    answer = _audit(_full(tmp_path).close())
    assert (answer.holds, answer.broken, answer.judged) == (True, 0, 10)
    told = answer.inequality
    assert (told.people, told.budget, told.bought) == (10, 10, 0)
    assert answer.population == 1000
    assert answer.meaningful is True
    (peak,) = [peak for peak in answer.peaks if peak.kind == "account"]
    assert (peak.principal, peak.window, peak.value, peak.limit) == ("account:anna", "hour", 10, 10)


def test_a_planted_row_is_found_and_named(tmp_path):
    """One row more than the budget, appended by hand, breaks the bound and is named with its numbers."""
    site = _full(tmp_path)
    row = _row(site, "planted")
    directory = site.close()
    plant(directory, row)
    answer = _audit(directory)
    assert (answer.holds, answer.broken) == (False, 1)
    (broken,) = answer.named
    assert (broken.surface, broken.actor, broken.principal) == (
        "profile", "account:anna", "account:anna",
    )  # fmt: skip
    assert (broken.window, broken.value, broken.limit, broken.bought) == ("hour", 11, 10, 0)
    assert broken.at == "2026-09-21T14:13:40Z"


@pytest.mark.parametrize(
    ("kind", "principal"),
    [("address", "address:203.0.113.9"), ("anonymous", "anonymous:anonymous")],
)
def test_every_kind_of_principal_is_judged(tmp_path, kind, principal):
    """Visitors without an account are judged by their address and as a class."""
    site = Site(tmp_path, PLAIN)
    directory = site.close()
    for number in range(18):
        actor = Actor(address="203.0.113.9" if kind == "address" else f"198.51.{number}.1")
        plant(directory, _row(site, f"p{number}", actor, access="anonymous"))
    assert principal in {one.principal for one in _audit(directory).named}


def test_people_a_challenge_bought_are_added_to_the_limit(tmp_path):
    """A solved challenge buys five people: fifteen pass, the sixteenth row is the one that breaks."""
    site = _full(tmp_path)
    clearance = site.buy(ANNA)
    for number in range(20, 40):
        site.view(ANNA, f"p{number}", clearance=clearance)
    row = _row(site, "planted")
    directory = site.close()
    answer = _audit(directory)
    assert (answer.holds, answer.inequality.people, answer.inequality.bought) == (True, 15, 5)
    plant(directory, row)
    (broken,) = _audit(directory).named
    assert (broken.value, broken.limit, broken.bought) == (16, 10, 5)


def test_a_purchase_of_more_than_the_policy_sells_is_found(tmp_path):
    """A clearance row that says more people than a challenge buys is named, and buys no more than that."""
    site = Site(tmp_path, PLAIN)
    row = _row(site, "x", kind="clearance", shown=(), unattributed=500, source="challenge")
    directory = site.close()
    plant(directory, row)
    answer = _audit(directory)
    (broken,) = answer.named
    assert (broken.kind, broken.window, broken.value, broken.limit) == (
        "clearance",
        "bought",
        500,
        5,
    )
    assert (answer.holds, answer.inequality.bought) == (False, 5)


def test_shadow_traffic_is_outside_not_broken(tmp_path):
    """In shadow mode everybody passes: the rows are listed as outside, and the bound is not claimed for them."""
    site = _full(tmp_path, PLAIN.replace('"enforce"', '"shadow"'))
    answer = _audit(site.close())
    assert (answer.holds, answer.broken, answer.judged) == (True, 0, 0)
    assert _outside(answer)["shadow"] == 20
    assert answer.meaningful is None


def test_rows_of_an_unobserved_period_are_outside(tmp_path):
    """What was allowed while the gate was off, or came through while it was down, is listed, not judged."""
    site = _full(tmp_path)
    began = site.now
    for number in range(5):
        site.now += 1
        site.record(Exchange(site_request(f"/u/off{number}"), 200))
    site.ledger.note_gap(began, site.now, "switched off: maintenance")
    site.now += 1000
    began = site.now
    for number in range(5):
        site.record(Exchange(site_request(f"/u/down{number}"), 200))
    site.ledger.note_gap(began, site.now, "the gate did not answer for 5 requests")
    answer = _audit(site.close())
    assert answer.broken == 0
    assert _outside(answer)["switched off"] == 5
    assert _outside(answer)["unobserved"] == 5
    assert [gap.why for gap in answer.unobserved] == [
        "switched off: maintenance",
        "the gate did not answer for 5 requests",
    ]


def site_request(target: str):
    """Return a request of Anna's that nobody decided about."""
    from himaya.core.exchange import Request

    return Request(target, ANNA, target)


def test_an_unknown_policy_and_unseen_surfaces_are_said(tmp_path):
    """Rows of a policy that the chain does not keep are outside; surfaces whose people nobody sees are named."""
    site = _full(tmp_path)
    row = _row(site, "x", policy="0123456789abcdef")
    directory = site.close()
    plant(directory, row)
    answer = _audit(directory)
    assert _outside(answer)["unknown policy"] == 1
    assert answer.unseen_surfaces == ("blind",)


def test_an_authority_whose_log_nobody_follows_sees_no_body(tmp_path):
    """Where all rows were left unsettled, people who stand in bodies are unseen; one row of a proxy says otherwise."""
    text = PLAIN.replace('id = "blind"', 'id = "blind"\npeople = ["json"]\njson_subject = "[].id"')
    for source, unseen in (("unsettled", ("blind",)), ("proxy", ())):
        site = Site(tmp_path / source, text)
        row = _row(site, "x", source=source)
        directory = site.close()
        plant(directory, row)
        assert _audit(directory).unseen_surfaces == unseen


def test_people_nobody_could_name_are_counted_and_said(tmp_path):
    """An unread listing is charged what it may show, counts on the left side, and is listed as less sure."""
    site = Site(tmp_path, PLAIN)
    site.answer(site.ask(ANNA, "/list"), None)
    site.ask(ANNA, "/u/p1")
    answer = _audit(site.close())
    assert (answer.inequality.people, answer.inequality.unattributed) == (1, 3)
    assert _outside(answer)["unattributed"] == 1
    assert _outside(answer)["authorised-only"] == 1


def test_a_bound_above_the_population_is_not_meaningful(tmp_path):
    """Where the budgets allow everybody, the audit says that its bound means nothing."""
    directory = _full(tmp_path).close()
    answer = _audit(directory, population=20)
    assert answer.inequality.bound == 20  # a budget of ten, and people weigh at least a half
    assert (answer.holds, answer.meaningful) == (True, False)


def test_the_tightest_cover_is_taken(tmp_path):
    """Forty accounts behind one address are covered by the address, which may see fewer than they together."""
    site = Site(tmp_path, PLAIN)
    for number in range(40):
        actor = Actor(account=f"u{number}", address="203.0.113.9")
        site.view(actor, f"p{number}")
    (part,) = _audit(site.close()).inequality.parts
    assert (part.by, part.principals, part.budget) == ("address", 1, 16)
    assert part.people == 16


def test_only_rows_of_the_period_are_judged(tmp_path):
    """Earlier rows fill the windows but are not judged; later ones are not looked at."""
    site = _full(tmp_path)
    row = _row(site, "planted")
    directory = site.close()
    plant(directory, row)
    after = round((START + 21) * 1e6)
    assert _audit(directory, start=after).broken == 0
    assert _audit(directory, end=round((START + 19) * 1e6)).broken == 0
    assert _audit(directory, start=after - 2_000_000).broken == 1


def test_a_looser_policy_of_before_excuses_what_was_in_flight(tmp_path):
    """A request decided under the old policy and written under a stricter one does not break the bound."""
    site = Site(tmp_path, PLAIN)
    flying = [site.ask(ANNA, f"/u/p{number}") for number in range(10)]
    site.reload(PLAIN.replace("account = { hour = 10", "account = { hour = 3"))
    for request in flying:
        site.answer(request, None)
    assert _audit(site.close()).broken == 0


def test_forgetting_people_breaks_nothing(tmp_path):
    """People who were erased and shown again count once in the engine: such an excess is outside."""
    from himaya.ledger.erasure import forget

    site = _full(tmp_path)
    site.ledger.flush()
    with Reader.open(site.directory) as reader:
        forget(reader, subject="p3", why="t", by="t", now=site.now)
    site.now += 1
    assert site.view(ANNA, "p3")
    answer = _audit(site.close())
    assert (answer.holds, answer.broken) == (True, 0)
    assert _outside(answer)["erased"] == 1


def test_an_erased_account_is_still_judged_as_one(tmp_path):
    """An account that was forgotten stays one principal: what it obtained beyond its budget is still found."""
    from himaya.ledger.erasure import forget

    site = _full(tmp_path)
    row = _row(site, "planted")
    directory = site.close()
    plant(directory, row)
    with Reader.open(directory) as reader:
        forget(reader, account="anna", why="t", by="t", now=site.now)
    (broken,) = _audit(directory).named
    assert broken.actor.startswith("account:erased ")


def test_a_purchase_that_retention_removed_accuses_nobody(tmp_path):
    """People paid for just before the time that can still be read are outside, not broken; a planted row is broken."""
    site = Site(tmp_path, PLAIN)
    midnight = (START // 86400 + 1) * 86400
    site.now = midnight - 60
    clearance = site.buy(ANNA)
    site.now = midnight
    for number in range(15):
        site.now += 1
        assert site.view(ANNA, f"p{number}", clearance=clearance)
    directory, now = site.close(), midnight + 31 * 86400
    plant(directory, _row(site, "planted", at=midnight + 3000))
    with Ledger.open(directory, clock=lambda: now) as ledger:
        assert retention.execute(ledger, now).rows == 1
    answer = _audit(directory)
    assert _outside(answer)["bought before"] == 5
    (broken,) = answer.named
    assert (broken.value, broken.limit, broken.bought) == (16, 10, 0)


def test_renumbered_rows_accuse_nobody(tmp_path):
    """Purchases under other numbers break nobody whose rows a hold keeps, nor does a person who counts twice since."""
    site = Site(tmp_path, PLAIN)
    clearance = site.buy(ANNA)
    for number in range(15):
        site.now += 1
        site.view(ANNA, f"p{number}", clearance=clearance)
    for number in range(10):
        site.now += 1
        assert site.view(BEN, f"p{number}")
    begins = site.now
    assert site.view(BEN, "p3")
    site.ledger.flush()
    with Reader.open(site.directory) as reader:
        said = {"basis": "b", "by": "d", "until": micros(site.now + 9 * 86400), "now": site.now}
        holds.place(reader, reader.facet("account:anna"), start=micros(START + 1), **said)
        holds.place(reader, reader.subject("p3"), start=micros(begins), **said)
        for whom in ({"actor": "account:anna"}, {"subject": "p3"}):
            erasure.forget(reader, why="t", by="t", now=site.now + 1, **whom)
    retention.execute(site.ledger, site.now + 2)
    answer = _audit(site.close())
    assert (answer.broken, answer.holds) == (0, True)
    assert _outside(answer)["renumbered"] > 0


# -- the command -----------------------------------------------------------------------------------


def _run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command_prints_the_inequality_and_records_the_use(tmp_path):
    """`audit bound` prints both sides, the population, what is outside, and stands in the access log."""
    directory = _full(tmp_path).close()
    said = _run("audit", "bound", "--ledger", directory, "--why", "yearly audit")
    assert "People obtained: 10 <= budgets + bought: (10 + 0) / 0.5 = 20." in said
    assert "The site shows 1,000 people: the bound is 2.0% of them." in said
    assert "No row breaks it" in said
    assert "surface blind: its people cannot be seen" in said
    with Reader.open(directory) as reader:
        access = [entry for entry in reader.log() if entry["kind"] == "access"]
    assert [(entry["command"], entry["why"]) for entry in access] == [
        ("audit bound", "yearly audit")
    ]


def test_the_command_fails_when_a_row_breaks_it(tmp_path):
    """A planted row makes the exit code 1, in words and as JSON; a bound without worth is called so."""
    site = _full(tmp_path)
    row = _row(site, "planted")
    directory = site.close()
    plant(directory, row)
    base = ("audit", "bound", "--ledger", directory, "--why", "t", "--population", 15)
    said = _run(*base, code=1)
    assert "BROKEN by 1 rows" in said
    assert "account:anna" in said
    assert "the bound is not meaningful" in said
    told = json.loads(_run(*base, "--json", code=1))
    assert told["holds"] is False
    assert told["named"][0]["value"] == 11
    assert told["inequality"]["holds"] is True


def test_the_command_wants_a_reason(tmp_path):
    """An empty reason is refused, and nothing is read."""
    directory = _full(tmp_path).close()
    done = CliRunner().invoke(
        cli.group, ["audit", "bound", "--ledger", str(directory), "--why", " "]
    )
    assert isinstance(done.exception, InputError)
