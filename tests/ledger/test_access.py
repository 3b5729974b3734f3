"""What people who ask are told: somebody who is shown, a viewer; and signed statements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, disclosures, half_sealed, write

from himaya import cli
from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty
from himaya.core.errors import HimayaError, InputError
from himaya.core.facts import AccountFact
from himaya.facts_store import FactsStore, facts_path
from himaya.ledger import Ledger, canaries, retention
from himaya.ledger import entries as e
from himaya.ledger.access import Outside, subject_access
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, bounded, iso
from himaya.ledger.statement import Statement, checked, signed

CONFIG = '[site]\nname = "People"\n[detectors.impostor.crawlers]\nGooglebot = ["66.249.64.0/19"]\n'
NOBODY = Outside(lambda _: "", lambda _: "")


def _run(*words: object, code: int = 0) -> str:
    """Run `himaya`; return standard output, or the message when it ends with an error of its own."""
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    if isinstance(done.exception, HimayaError):
        assert code == 2, done.exception
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


def _visit(at: float, actor: Actor, subject: str, **more):
    return disclosed(at, "", subject, actor=actor, access=actor.access, **more)


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Anna was shown to every kind of recipient; ben to one of them."""
    ledger = write(
        tmp_path / "l",
        disclosed(NOON, "viewer1", "anna", "ben", fields=("name", "photo"), scope="public"),
        disclosed(NOON + DAY, "viewer1", "anna", fields=("email",), scope="members"),
        _visit(NOON, Actor(account="staff7", address="198.51.100.4"), "anna"),
        _visit(NOON, Actor(key="k9", address="198.51.100.7"), "anna"),
        _visit(NOON, Actor(address="66.249.66.1"), "anna", certainty=Certainty.INFERRED),
        _visit(NOON, Actor(address="198.51.100.99"), "anna", certainty=Certainty.PARTIAL),
        _visit(NOON, Actor(), "anna"),
        _visit(NOON, Actor(account="gone"), "anna"),
        disclosed(NOON + 2 * DAY, "viewer2", "cy", unattributed=20),
        close=False,
    )
    ledger.config_version("p", CONFIG, NOON)
    ledger.close()
    with FactsStore(facts_path(tmp_path / "l")) as facts:
        facts.put(
            [AccountFact("staff7", organisation="Acme"), AccountFact("k9", organisation="Data Inc")]
        )
    _run("forget", "--ledger", tmp_path / "l", "--account", "gone", "--why", "art. 17")
    return tmp_path / "l"


def _access(ledger: Path, *about: object) -> dict:
    return json.loads(_run("access", "--ledger", ledger, *about, "--why", "request 4", "--json"))


def _log(ledger: Path) -> list[dict]:
    return json.loads(_run("ledger", "log", "--ledger", ledger, "--json"))["entries"]


def test_a_person_is_told_kinds_of_recipients(ledger: Path):
    """Organisations are named, known crawlers too; everybody else is described, erased ones counted."""
    answer = _access(ledger, "--subject", "anna")
    assert sorted(one["recipient"] for one in answer["recipients"]) == [
        "a holder of an API key of Data Inc",
        "a member",
        "a member of Acme",
        "a member whose name was erased since",
        "an anonymous visitor",
        "somebody of whom nothing was told",
        "the crawler Googlebot (verified by its address)",
    ]
    assert answer["erased"] == 1
    text = json.dumps(answer)
    assert not any(
        name in text for name in ("viewer1", "staff7", "k9", "198.51", "66.249", "203.0")
    )


def test_a_person_is_told_fields_days_and_how_sure(ledger: Path):
    """Per field and per recipient: from which day to which, how often, how sure in words; no time of day."""
    answer = _access(ledger, "--subject", "anna", "--scope")
    mine = next(one for one in answer["recipients"] if one["recipient"] == "a member")
    assert mine == {
        "recipient": "a member",
        "fields": ["email", "name", "photo"],
        "first": "2025-06-15",
        "last": "2025-06-16",
        "times": 2,
        "certainty": "the page was sent",
        "scopes": ["members", "public"],
    }
    fields = {one["field"]: one for one in answer["fields"]}
    assert (fields["email"]["scopes"], fields["email"]["first"]) == (["members"], "2025-06-16")
    assert fields["name"]["times"] == 7
    assert "scopes" not in _access(ledger, "--subject", "anna")["fields"][0]
    sure = {one["certainty"] for one in answer["recipients"]}
    assert "a part of the page was sent" in sure
    assert "a page was sent whose address names this person" in sure


def test_a_person_is_told_what_nobody_can_say(ledger: Path):
    """Unobserved, removed and unread parts are in every answer, also for a name the ledger does not know."""
    with Ledger.open(ledger, create=False) as opened:
        opened.note_gap(NOON + 10, NOON + 20, "feed stopped")
        opened.flush()
    for name in ("anna", "nobody"):
        answer = _access(ledger, "--subject", name)
        assert [gap["why"] for gap in answer["unobserved"]] == ["feed stopped"]
        assert answer["unattributed"] == 20
        assert any("20 people were in answers" in words for words in answer["cannot"])
        assert any("copies in caches" in words for words in answer["cannot"])
        assert "Names that were erased on request cannot be told any more." in answer["cannot"]
    said = _run("access", "--ledger", ledger, "--subject", "nobody", "--why", "r")
    assert "Nothing about this person is in what was observed and is kept." in said
    assert "feed stopped" in said


def test_expired_periods_are_named_to_a_person(ledger: Path):
    """What retention removed is a period that nobody can speak for."""
    with Ledger.open(ledger, create=False) as opened:
        opened.seal(NOON + 3 * DAY, everything=True)
        retention.execute(opened, NOON + 33 * DAY, 31, "delete")
    answer = _access(ledger, "--subject", "anna")
    assert "removed after their retention" in answer["unobserved"][0]["why"]


def test_individuals_are_named_by_decision_only(ledger: Path):
    """Names come with `--name-individuals`, a decision and who took it, which the chain has before the answer."""
    words = ("--subject", "anna", "--name-individuals")
    asked = ("access", "--ledger", ledger, *words, "--why", "r")
    assert "--decision is empty" in _run(*asked, code=2)
    assert "--by is empty" in _run(*asked, "--decision", "court", code=2)
    assert "go with --name-individuals" in _run(*asked[:-3], "--why", "r", "--by", "x", code=2)
    answer = _access(ledger, *words, "--decision", "order 5 C 12/26", "--by", "Dana")
    names = {one.get("name") for one in answer["recipients"]}
    assert {"account:viewer1", "account:staff7", "address:198.51.100.99"} <= names
    (entry,) = [one for one in _log(ledger) if one["kind"] == "naming"]
    assert (entry["name"], entry["why"], entry["by"]) == ("anna", "order 5 C 12/26", "Dana")
    assert b"order 5" not in (ledger / "chain.jsonl").read_bytes()


def test_no_decision_no_names(ledger: Path):
    """When the decision cannot be recorded, there is no answer."""
    (ledger / "chain.jsonl").rename(ledger / "chain.old")
    (ledger / "chain.jsonl").mkdir()
    said = _run("access", "--ledger", ledger, "--subject", "anna", "--why", "r", code=2)
    assert "cannot open for writing" in said


def test_a_canary_is_said_to_be_one(ledger: Path):
    """Of a canary the answer says that nobody real is meant."""
    canaries.keep(ledger, {"ben": "search"})
    assert _access(ledger, "--subject", "ben")["canary"]
    said = _run("access", "--ledger", ledger, "--subject", "ben", "--why", "r")
    assert "This is a canary: nobody real is meant." in said


def test_a_viewer_is_told_what_is_held_and_nobody_is_named(ledger: Path):
    """A viewer gets kinds, counts, days, surfaces and decisions; nobody whom they saw is named, no canary counted."""
    answer = _access(ledger, "--actor", "account:viewer1")
    assert (answer["views"], answer["people"]) == (3, 2)
    assert answer["held"] == {"accounts": 1, "addresses": 1, "networks": 1}
    assert answer["days"] == [
        {"day": "2025-06-15", "views": 2, "people": 2},
        {"day": "2025-06-16", "views": 1, "people": 1},
    ]
    (place,) = answer["surfaces"]
    assert place == {
        "surface": "profile",
        "views": 3,
        "people": 2,
        "fields": ["email", "name", "photo"],
    }
    assert [(one["decision"], one["times"]) for one in answer["decisions"]] == [("allow", 3)]
    words = _run("access", "--ledger", ledger, "--actor", "account:viewer1", "--why", "r")
    assert "shown 2 people, in 3 views" in words
    assert not any(name in json.dumps(answer) + words for name in ("anna", "ben"))
    canaries.keep(ledger, {"ben": "search"})
    assert _access(ledger, "--actor", "account:viewer1")["people"] == 1


def test_a_viewer_is_told_of_matters_in_neutral_words(ledger: Path):
    """That a viewer stands in a case, or came from a blocked place, is told as a number and says nothing of them."""
    assert _access(ledger, "--actor", "account:viewer1")["matters"] == 0
    with Reader.open(ledger) as reader, CaseStore(cases_path(ledger)) as store:
        number = reader.identities.find(Kind.ACTOR, "account:viewer1")
        store.put(Group("g-1", NOON, NOON, members={number: None}), NOON)
        prefix = reader.identities.find(Kind.PREFIX, "203.0.113.0/24")
        place = e.Place("b1", "prefix", prefix, "block")
        sealed = reader.keys.seal_text("x")
        entry = e.Blocked(iso(0), places=(place,), why=sealed, by=sealed, start=1, until=2)
        reader.chain.append(entry)
    answer = _access(ledger, "--actor", "account:viewer1")
    assert (answer["matters"], answer["blocks"]) == (1, 1)
    words = " ".join(
        _run("access", "--ledger", ledger, "--actor", "account:viewer1", "--why", "r").split()
    )
    assert "looked at in 1 matter to which you belong. That alone says nothing about you." in words
    assert not any(word in words for word in ("scrap", "suspect", "g-1"))


def test_both_requests_are_on_record(ledger: Path):
    """Each answer is a use of the ledger with its own name, about the one who asked."""
    _access(ledger, "--subject", "anna")
    _access(ledger, "--actor", "account:viewer1")
    uses = [(one["command"], one["name"]) for one in _log(ledger) if one["kind"] == "access"]
    assert uses[-2:] == [("access", "anna"), ("actor-request", "viewer1")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "either --subject or --actor"),
        (("--subject", "anna", "--actor", "account:x"), "either --subject or --actor"),
        (("--actor", "account:x", "--scope"), "go with --subject"),
        (("--actor", "account:x", "--statement", "s.json"), "go with --subject"),
        (("--subject", "anna", "--statement", "s.txt"), "has to end in .json"),
        (("--actor", "x"), "account:NAME"),
        (("--subject", "anna", "--html", "/nowhere/x.html"), "cannot be written"),
    ],
)
def test_requests_that_cannot_be_are_refused(ledger: Path, words, says):
    """Options that do not go together are refused in one sentence."""
    assert says in _run("access", "--ledger", ledger, *words, "--why", "r", code=2)


@settings(max_examples=8)
@given(items=st.lists(disclosures, max_size=6), seal_at=st.integers(0, 6))
def test_a_person_is_told_every_view(tmp_path_factory, items, seal_at):
    """For any disclosures, recipients and views told to a person are those of a count by hand; nobody is named."""
    directory = tmp_path_factory.mktemp("ledger") / "l"
    half_sealed(directory, items, seal_at).close()
    with Reader.open(directory) as reader:
        names = {bounded(person.subject, 256) for item in items for person in item.shown}
        for name in sorted(names)[:2]:
            answer = subject_access(reader, name, NOBODY)
            mine = [i for i in items for p in i.shown if bounded(p.subject, 256) == name]
            assert sum(one.times for one in answer.recipients) == len(mine)
            assert len(answer.recipients) == len({bounded(i.actor.name, 256) for i in mine})
            assert not any(one.name for one in answer.recipients)


# -- signed statements -----------------------------------------------------------------------


@pytest.fixture(name="statement")
def _statement(ledger: Path, tmp_path: Path) -> Path:
    file = tmp_path / "anna.json"
    _run("access", "--ledger", ledger, "--subject", "anna", "--why", "r", "--statement", file)
    return file


def test_a_statement_is_checked_without_a_ledger(ledger: Path, statement: Path):
    """A statement names the chain's head, the answer and the key that `ledger status` prints; anybody can check it."""
    public = json.loads(_run("ledger", "status", "--ledger", ledger, "--json"))["public_key"]
    found = json.loads(_run("statement", "check", statement, "--public", public, "--json"))
    answer = found["statement"]["answer"]
    assert (answer["subject"], len(answer["recipients"])) == ("anna", 7)
    assert found["statement"]["site"] == "People"
    with Reader.open(ledger) as reader:
        lines = {line.seq: line.hash for line, _ in reader.chain.lines()}
    assert lines[answer["chain"]["seq"]] == answer["chain"]["hash"]
    assert "as it was signed" in _run("statement", "check", statement)
    assert statement.stat().st_mode & 0o777 == 0o600


def test_a_statement_has_its_words_beside_it(statement: Path):
    """Beside the signed file stand its words as text and as a page, which say how to check it and name nobody."""
    text = statement.with_suffix(".txt").read_text()
    page = statement.with_suffix(".html").read_text()
    for words in (" ".join(text.split()), page):
        assert "a member of Acme" in words
        assert "himaya statement check anna.json --public" in words
        assert not any(name in words for name in ("viewer1", "198.51", "ben"))
    assert max(map(len, text.splitlines())) <= 78


def test_a_statement_is_in_the_chain(ledger: Path, statement: Path):
    """That a statement was signed is on record by the hash of its file."""
    import hashlib

    (entry,) = [one for one in _log(ledger) if one["kind"] == "stated"]
    assert entry["digest"] == hashlib.sha256(statement.read_bytes()).hexdigest()
    assert entry["name"] == "anna"
    assert _run("ledger", "verify", "--ledger", ledger) == "Everything is as written.\n"


def test_any_changed_byte_is_found(statement: Path, tmp_path: Path):
    """Each single byte that is changed, and each end that is cut, is noticed; the command ends with 1."""
    data = statement.read_bytes()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(InputError):
            checked(changed)
    for cut in (data[:-1], data + b"\n", b" " + data, b""):
        with pytest.raises(InputError):
            checked(cut)
    (tmp_path / "bad.json").write_bytes(data.replace(b"anna", b"anne"))
    assert _run("statement", "check", tmp_path / "bad.json", code=1) == ""
    said = json.loads(_run("statement", "check", tmp_path / "bad.json", "--json", code=1))
    assert "the signature does not fit" in said["problem"]


def test_another_key_is_found(ledger: Path, statement: Path, tmp_path: Path):
    """A statement that somebody signed anew with a key of their own fails once the site's key is named."""
    from himaya.ledger.keys import Keys

    forged = signed(checked(statement.read_bytes()), Keys(b"f" * 32))
    (tmp_path / "forged.json").write_bytes(forged)
    assert "Whose key that is, is not checked" in _run(
        "statement", "check", tmp_path / "forged.json"
    )
    public = json.loads(_run("ledger", "status", "--ledger", ledger, "--json"))["public_key"]
    _run("statement", "check", tmp_path / "forged.json", "--public", public, code=1)
    with pytest.raises(InputError, match="another key"):
        checked(forged, public)


@given(st.binary(max_size=300))
def test_what_is_no_statement_is_refused(data):
    """Any other file is refused with a sentence, also a deep or a wide one."""
    for text in (data, b"[" * 100_000, b'{"statement":' * 5000):
        with pytest.raises(InputError):
            checked(text)


def test_a_statement_is_no_longer_than_can_be_checked(statement: Path, monkeypatch):
    """Past the bound nothing is signed, and nothing that long is read."""
    from himaya.ledger import statement as module
    from himaya.ledger.keys import Keys

    data = statement.read_bytes()
    stated = checked(data)
    monkeypatch.setattr(module, "MOST", len(data) - 1)
    with pytest.raises(InputError, match="shorter period"):
        signed(stated, Keys(b"k" * 32))
    with pytest.raises(InputError, match="longer than"):
        checked(data)


def test_a_statement_that_is_not_there(tmp_path: Path):
    """A file that cannot be read ends with 2."""
    _run("statement", "check", tmp_path / "none.json", code=2)


def test_only_statements_are_signed_as_statements(ledger: Path, statement: Path):
    """A signature over the same bytes for another purpose is none of a statement."""
    import msgspec

    from himaya.ledger.statement import Signed

    found: Statement = checked(statement.read_bytes())
    with Reader.open(ledger) as reader:
        keys = reader.keys
    plain = msgspec.json.encode(found, order="sorted")
    other = Signed(found, keys.public, keys.sign(plain))
    with pytest.raises(InputError, match="signature"):
        checked(msgspec.json.encode(other, order="sorted") + b"\n")


def test_a_viewer_of_whom_no_row_is_left_gets_an_answer(tmp_path: Path):
    """With an empty ledger, or one whose rows all ended, the viewer's own request is answered like any other."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    with Ledger.open(tmp_path / "l", clock=lambda: NOON + 40 * DAY) as opened:
        retention.execute(opened, NOON + 40 * DAY)
    write(tmp_path / "empty")
    for ledger in (tmp_path / "l", tmp_path / "empty"):
        answer = _access(ledger, "--actor", "account:u1")
        assert (answer["views"], answer["people"], answer["days"]) == (0, 0, [])
