"""`himaya case letter`: from a confirmed case to a released letter whose annex agrees with the ledger."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import escape
from tests.response.crew_case import MEMBERS, START, Site

from himaya.core.errors import InputError
from himaya.ledger.keys import default_key_file, read_key_file
from himaya.ledger.reader import Reader
from himaya.response.letters.annex import checked
from himaya.response.letters.standing import letter_of, overdue
from himaya.response.letters.wording import languages, texts

DUE = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()
TO = ("--to", "Collector Ltd <b>", "--contact", "1 Some Street", "--sure", "proven")
STOP = ("--kind", "stop", *TO, "--established", "api_contract", "--basis", "terms", "--due", DUE)
WHY = ("--why", "they took people")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Make a site with a confirmed case about a crew, once."""
    made = Site(tmp_path_factory.mktemp("letters"))
    made.opened()
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory, untouched):
    """Make the same site with a letter `l-1` that demands a stop, once."""
    made = Site(tmp_path_factory.mktemp("drafted"), untouched)
    drafted(made, *STOP)
    return made


@pytest.fixture
def site(tmp_path, template):
    """Give a copy of the site with a confirmed case and one drafted letter."""
    return Site(tmp_path, template)


def drafted(site: Site, *words: str) -> dict:
    out = site.directory / "letters"
    return site.json("letter", "draft", "c-1", *words, *WHY, "--out", out)


def released(site: Site, *words: str) -> str:
    """Release a letter, the one there is where no other is to be drafted; return its id."""
    name = drafted(site, *words)["letter"] if words else "l-1"
    site.run("letter", "researcher", "c-1", "--answer", "no", "--why", "a company that sells data")
    site.run("letter", "release", "c-1", name, "--why", "read and agreed")
    return name


def files(site: Site) -> dict[str, str]:
    return {path.name: path.read_text() for path in (site.directory / "letters").iterdir()}


def flat(text: str) -> str:
    """Return a text without its line ends, which stand where 78 characters are full."""
    return " ".join(text.split())


def test_one_command_makes_a_letter_and_an_annex_with_the_ledgers_counts(site):
    """The annex has the ledger's counts: rows, people, fields, signed in and out apart, terms and days."""
    told = site.case().last("drafted").data
    annex = checked((site.directory / "letters/c-1-l-1-annex.json").read_bytes()).evidence
    assert (annex.people, annex.rows, annex.actors, annex.answers) == (120, 126, 6, 126)
    assert (told["people"], told["rows"]) == (120, 126)
    assert [(one.name, one.rows, one.people, one.actors) for one in annex.access] == [
        ("account", 86, 80, 4), ("anonymous", 20, 20, 1), ("key", 20, 20, 1),
    ]  # fmt: skip
    assert [(one.name, one.rows, one.people) for one in annex.fields] == [
        ("email", 10, 10),
        ("name", 126, 120),
    ]
    assert [(one.name, one.rows, one.actors) for one in annex.terms] == [
        ("", 46, 3),
        ("2025-01", 80, 4),
    ]
    assert sum(one.rows for one in annex.days) == 126
    assert (annex.addresses_in_all, annex.networks_in_all) == (10, 2)
    with Reader.open(site.ledger) as reader:
        asked = reader.exposed_by(MEMBERS)
    assert asked.people == annex.people


def test_nobody_who_was_taken_is_in_a_letter_or_its_annex(site):
    """No id of a person is in any file of any kind of letter, in no language; nor is an address that is not theirs."""
    more = ("--established", "account_record", "--basis", "terms", "--due", DUE)
    drafted(site, "--kind", "deletion", *TO, *more)
    everything = "".join(files(site).values())
    assert not [n for n in range(120) if f"person-{n}" in everything]
    assert "203.0.113.9" not in everything
    assert "honest" not in everything
    assert "192.0.2.99" in everything


def test_the_letter_says_how_the_recipient_is_known(site):
    """The addressee line has how identity was established and how sure; markup of a name is no markup."""
    text, page = flat(files(site)["c-1-l-1.txt"]), files(site)["c-1-l-1.html"]
    assert "To: Collector Ltd <b>, 1 Some Street" in text
    assert "the contract under which the API key was given; proven by a document" in text
    assert "Collector Ltd &lt;b&gt;" in page
    assert "DRAFT. Not released" in text


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("--kind", "stop", *TO, "--established", "address"), "an address names a connection, and nobody"),
        (("--kind", "stop", *TO, "--established", "abuse_contact"), "does not say who the scraper is"),
        (("--kind", "host", *TO, "--established", "account_record"), "does not say who the host is"),
        (("--kind", "stop", *TO, "--established", "hearsay"), "no way 'hearsay'"),
        (("--kind", "fax", *TO, "--established", "api_contract"), "there is no letter 'fax'"),
        ((*STOP, "--language", "xx"), "no letters in 'xx'"),
        ((*STOP, "--due", "2020-01-01"), "is not after the day"),
        ((*STOP, "--due", "soon"), "'soon' is no date"),
        ((*STOP, "--basis", "anger"), "there is no basis 'anger'"),
        ((*STOP, "--url", "https://x.example"), "--url goes with"),
        ((*STOP, "--until", "2020-01-01"), "there is no evidence"),
        (STOP[:-4], "needs a legal basis"),
        (STOP[:-2], "say until when"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_letter_is_refused(untouched, words, refused):
    """An address alone names nobody, a basis is chosen by a person, and each mistake says what to do."""
    out = untouched.directory / "letters"
    untouched.run("letter", "draft", "c-1", *words, *WHY, "--out", out, fails=refused)
    assert not out.exists()


def test_a_ground_without_evidence_is_said(site):
    """A ground for which the evidence has nothing is named to whoever drafts, and stays the person's choice."""
    doubts = drafted(site, *STOP, "--basis", "access")["doubts"]
    assert doubts == ["basis access: the evidence has nothing for it (circumvention)"]


def test_release_needs_a_researcher_check(site):
    """Nothing is released before somebody looked whether the recipient does research; a yes needs --although."""
    release = ("letter", "release", "c-1", "l-1", "--why", "read")
    site.run(*release, fails="nobody looked whether the recipient does research")
    site.run("letter", "researcher", "c-1", "--answer", "yes", "--why", "a university")
    site.run(*release, fails="say --although")
    assert site.json(*release, "--although")["letter_state"] == "released"


def test_whoever_drafts_does_not_release(site):
    """Where people have roles, another person with a role of law releases."""
    data = {"id": "l-1"}
    site.act("c-1", "researcher", why="looked", role="legal", data={"answer": "no"})
    with pytest.raises(InputError, match="is for dpo or legal"):
        site.act("c-1", "released", why="read", role="analyst", data=data)
    drafter = next(site.case().acts("drafted")).by
    with pytest.raises(InputError, match="somebody else releases it"):
        site.act("c-1", "released", why="read", role="legal", by=drafter, data=data)
    assert letter_of(
        site.act("c-1", "released", why="read", role="legal", data=data), "l-1"
    ).released_by


def test_the_register_has_hashes_and_neither_recipient_nor_address(site):
    """The act has the hash of letter and annex; who is written to and from where they came is sealed."""
    act = next(site.case().acts("drafted"))
    site.run("letter", "researcher", "c-1", "--answer", "no", "--why", "a company")
    site.run(
        "letter", "release", "c-1", "l-1", "--why", "read", "--out", site.directory / "letters"
    )
    found = files(site)
    assert hashlib.sha256(found["c-1-l-1.txt"].encode()).hexdigest() == act.data["sha256"]
    assert (
        hashlib.sha256(found["c-1-l-1-annex.json"].encode()).hexdigest() == act.data["annex_sha256"]
    )
    assert act.data["annex_sha256"] in found["c-1-l-1.txt"]
    body = act.body().decode()
    assert "Collector" not in body
    assert "192.0.2" not in body


def test_a_letter_goes_its_way(site):
    """Released, sent, delivered, silent, reminded, refused: each step has its time, and none is left out."""
    name = released(site)
    sent = ("letter", "sent", "c-1", name, "--how", "registered mail")
    site.run("letter", "delivered", "c-1", name, fails="'delivered' is for one that is sent")
    site.run(*sent)
    site.run(*sent, fails="is sent; 'sent' is for one that is released")
    site.run("letter", "delivered", "c-1", name, "--why", "return receipt")
    site.run("letter", "reply", "c-1", name, "--answer", "silent", "--why", "two weeks")
    site.run("letter", "remind", "c-1", name, "--due", "2020-01-01", fails="is over already")
    site.run("letter", "remind", "c-1", name, "--due", "2099-01-01")
    site.run("letter", "reply", "c-1", name, "--answer", "refused", "--why", "their counsel wrote")
    (told,) = site.json("letter", "show", "c-1")["letters"]
    assert (told["state"], told["reminders"], told["due"]) == ("refused", 1, "2099-01-01")
    assert name in site.run("letter", "show", "c-1")


def test_a_deletion_is_confirmed_by_a_signed_form(site):
    """The form is kept encrypted and by hash; only a deletion demand is confirmed by one."""
    form = site.directory / "signed.pdf"
    form.write_bytes(b"signed by hand")
    other = released(site)
    confirm = ("--file", form, "--scope", "all of it", "--why", "came by mail")
    site.run("letter", "sent", "c-1", other, "--how", "mail")
    site.run("letter", "confirm", "c-1", other, *confirm, fails="a deletion demand is confirmed")
    demand = (
        "--kind",
        "deletion",
        *TO,
        "--established",
        "api_contract",
        "--basis",
        "contract",
        "--due",
        DUE,
    )
    name = released(site, *demand)
    site.run("letter", "confirm", "c-1", name, *confirm, fails="is released")
    site.run("letter", "sent", "c-1", name, "--how", "mail")
    site.run("letter", "confirm", "c-1", name, *confirm)
    reply = site.case().last("reply")
    assert reply.data["answer"] == "confirmed"
    assert reply.data["sha256"] == hashlib.sha256(b"signed by hand").hexdigest()
    with Reader.open(site.ledger) as reader:
        assert [entry["case"] for entry in reader.log() if entry["kind"] == "attached"] == ["c-1"]


def test_a_form_to_sign_goes_with_a_demand(site):
    """The form asks for what was deleted, where, when, models, recipients, and a signature, and names the demand."""
    more = (*TO, "--established", "api_contract", "--basis", "terms")
    form = (
        "letter",
        "draft",
        "c-1",
        "--kind",
        "confirmation",
        *more,
        *WHY,
        "--out",
        site.directory,
    )
    site.run(*form, fails="goes with a deletion demand, and case c-1 has none")
    drafted(site, "--kind", "deletion", *more, "--due", DUE)
    drafted(site, "--kind", "confirmation", *more)
    text = flat(files(site)["c-1-l-3.txt"])
    for words in (
        "Legal entity",
        "Derived data and models",
        "Recipients told",
        "Date and signature",
    ):
        assert words in text
    assert "signed by the recipient of the demand c-1/l-2" in text
    assert "120 different people" in text


def test_a_late_answer_is_overdue(site):
    """An answer that was due and did not come is overdue from the end of that day on, until there is one."""
    site.run("letter", "sent", "c-1", released(site), "--how", "mail")
    now, later = int(time.time() * 1e6), int((time.time() + 16 * 86400) * 1e6)
    assert overdue([site.case()], now) == []
    ((case, letter),) = overdue([site.case()], later)
    assert (case.id, letter.id) == ("c-1", "l-1")
    site.run("letter", "reply", "c-1", "l-1", "--answer", "agreed", "--why", "they wrote")
    assert overdue([site.case()], later) == []


def test_a_changed_annex_is_found(site):
    """One changed byte of an annex, or another key, is found by whoever knows the site's key."""
    data = (site.directory / "letters/c-1-l-1-annex.json").read_bytes()
    public = read_key_file(default_key_file(site.ledger)).public
    assert checked(data, public).letter == "c-1/l-1"
    with pytest.raises(InputError, match="was changed"):
        checked(data.replace(b'"people":120', b'"people":121', 1))
    with pytest.raises(InputError, match="signed with another key"):
        checked(data, "00" * 32)
    with pytest.raises(InputError, match="is no annex"):
        checked(b"{}")


def test_the_digest_is_of_the_rows(site):
    """Asked again the digest is the same; with one row fewer it is another."""
    annex = site.directory / "letters"
    drafted(site, *STOP)
    drafted(site, *STOP, "--until", datetime.fromtimestamp(START + 305, UTC).isoformat())
    digests = [
        json.loads((annex / f"c-1-l-{n}-annex.json").read_text())["annex"]["evidence"]["digest"]
        for n in (1, 2, 3)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_reading_a_letter_is_recorded(site):
    """Who looks at a letter says why, and the ledger's chain has it."""
    assert "Collector Ltd" in site.run("letter", "show", "c-1", "l-1", "--why", "before sending")
    site.run("letter", "show", "c-1", "l-1", fails="--why is empty")
    with Reader.open(site.ledger) as reader:
        used = [one["why"] for one in reader.log() if one.get("command") == "case letter show"]
    assert used == ["before sending (case c-1, letter l-1)"]


def test_a_letter_is_shown_as_json(site):
    """With --json one letter has where it stands and its text; the list has every letter."""
    told = site.json("letter", "show", "c-1", "l-1", "--why", "before sending")
    assert (told["case"], told["id"], told["state"], told["files"]) == ("c-1", "l-1", "draft", [])
    assert "Collector Ltd" in told["text"]
    (listed,) = site.json("letter", "show", "c-1")["letters"]
    assert listed == {key: told[key] for key in listed}


def test_every_language_has_the_same_texts():
    """Languages have the same keys, the same number of demands, and the same words to be filled in."""
    wanted = _shape(texts("en"))
    for language in languages():
        assert _shape(texts(language)) == wanted
        assert "ot reviewed" in texts("en").status


def _shape(said) -> dict:
    import re

    found = {}
    for table in (
        "words",
        "identity",
        "sure",
        "titles",
        "facts",
        "bases",
        "demands",
        "answers",
        "annex",
        "form",
    ):
        for key, value in getattr(said, table).items():
            holes = sorted(re.findall(r"{\w+}", str(value)))
            found[table, key] = (holes, len(value) if isinstance(value, list) else 1)
    return found


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_a_letter_in_another_language_says_its_status(site, language):
    """The letter stands in its language and direction, has the same counts, and says that nobody reviewed it."""
    drafted(site, *STOP, "--language", language)
    text, page = flat(files(site)["c-1-l-2.txt"]), files(site)["c-1-l-2.html"]
    said = texts(language)
    assert said.titles["stop"] in text
    assert said.status in text
    annex = files(site)["c-1-l-2-annex.html"]
    assert said.status in annex
    for one in ("figures", "access", "days", "networks"):
        assert escape(said.annex[one]) in annex
    assert not said.reviewed
    assert "126" in text
    assert ("\u20682" in text) == (language == "ar")  # dates keep their order
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page


@pytest.mark.system
def test_letter_and_annex_are_written_as_pdf(site):
    """With --pdf letter and annex are PDFs, when it is drafted and when it is written anew."""
    drafted(site, *STOP, "--language", "ar", "--pdf")
    out = site.directory / "again"
    site.run("letter", "show", "c-1", "l-2", "--why", "to print", "--out", out, "--pdf")
    for place in (site.directory / "letters", out):
        for name in ("c-1-l-2.pdf", "c-1-l-2-annex.pdf"):
            assert (place / name).read_bytes().startswith(b"%PDF")


def test_a_pdf_goes_with_a_directory(untouched):
    """--pdf without a directory is refused before anything is done."""
    words = ("letter", "show", "c-1", "l-1", "--why", "to print", "--pdf")
    untouched.run(*words, fails="--pdf goes with --out")


def test_an_annex_lists_a_bounded_number_of_places(site, monkeypatch):
    """Past the bound the places of most rows are listed, and their number is complete."""
    monkeypatch.setattr("himaya.response.letters.evidence.MOST_PLACES", 3)
    drafted(site, *STOP)
    annex = checked((site.directory / "letters/c-1-l-2-annex.json").read_bytes()).evidence
    assert (len(annex.addresses), annex.addresses_in_all) == (3, 10)
    assert annex.addresses[0].rows >= annex.addresses[1].rows >= annex.addresses[2].rows


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_comes_from_outside_stays_in_its_line(language):
    """A value with line ends, escapes or marks of direction is one line of plain text in a letter."""
    said = texts(language)
    told = said.fill(said.facts["fields"], fields="a\nTo: b\x1b[2J\u202e")
    assert "\n" not in told
    assert "\x1b" not in told
    assert "\u202e" not in told
