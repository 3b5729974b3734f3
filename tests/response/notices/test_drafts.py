"""`himaya case notify`: drafted, shown, released, versioned; each what it says of itself."""

from __future__ import annotations

import pytest
from tests.response.notices.rig import COUNTRIES, Rig

from himaya.bootstrap.register import open_register
from himaya.core.errors import InputError


@pytest.fixture(name="rig", scope="module")
def _rig(tmp_path_factory):
    return Rig(tmp_path_factory.mktemp("site"))


def test_a_draft_to_an_authority_says_what_is_missing(rig):
    """A notice with a missing item is not ready: it says so itself, and it is not released."""
    needs = ("--needs", str(rig.needs()))
    found = rig.told("draft", rig.case, "--country", "ES", "--party", "authority", *needs)
    assert (found["stage"], found["missing"]) == (
        "not ready",
        ["cause", "consequences", "measures"],
    )
    assert found["language"] == "es"
    text = rig.notice("show", rig.case, found["id"])
    assert "BORRADOR" in text
    assert "falta: Causa, Consecuencias probables, Medidas" in text
    rig.notice(
        "release", rig.case, found["id"], "--why", "x",
        fails=f"{found['id']} is not ready: missing cause, consequences, measures",
    )  # fmt: skip


def test_a_later_version_says_what_changed(rig):
    """The second notice to an authority is version 2, and names the items that are new and the people of both."""
    needs = (
        "--needs",
        str(rig.needs()),
        "--language",
        "en",
        "--set",
        "consequences=Unwanted mail.",
    )
    first = rig.drafted("GB", "authority", *needs, "--set", "cause=Unknown.")
    second = rig.drafted("GB", "authority", *needs, "--set", "cause=A way in without a limit.")
    text = rig.notice("show", rig.case, second)
    assert (first, second) == ("GB-authority-1", "GB-authority-2")
    assert "What changed since version 1" in text
    assert "- Changed: Cause" in text
    assert "Changed: Which data" not in text
    assert "What changed" not in rig.notice("show", rig.case, first)


def test_the_counts_of_a_draft_add_up(rig):
    """A notice has every country with its people, unknown residence among them, and their sum."""
    text = rig.notice("show", rig.case, rig.drafted("FR", "authority", "--language", "en"))
    for country, number in COUNTRIES.items():
        assert f"- {country or 'unknown residence'}\n  People: {number}\n" in text
    assert f"- all\n  People: {sum(COUNTRIES.values())}\n" in text


def test_released_is_no_draft_any_more(rig):
    """Until it is released a notice is called a draft, first of all; afterwards it is not, and keeps its words."""
    name = rig.drafted(
        "MA", "authority", "--language", "fr", "--set", "cause=x", "--set", "consequences=y"
    )
    assert "PROJET : non validé" in rig.notice("show", rig.case, name)
    rig.act("clock", why="told by the owner", clock="aware")
    name = rig.drafted("MA", "authority", "--language", "fr", "--set", "cause=x", "--set", "consequences=y",
                       "--set", "individuals_notified=z")  # fmt: skip
    assert "--number" in rig.notice("release", rig.case, name, "--why", "checked")
    text = rig.notice("show", rig.case, name)
    assert "PROJET : non validé" not in text
    assert "consulter un juriste" not in text
    assert "Ce texte (fr) est un projet que personne n'a relu" in text


def test_a_list_of_all_notices(rig):
    """Without a notice every one of the case is listed."""
    name = rig.drafted("CA", "people")
    assert name in [one["id"] for one in rig.told("show", rig.case)["notices"]]
    assert name in rig.notice("show", rig.case)


def test_nothing_in_the_register_names_a_person(rig):
    """Drafts are kept whole, and no entry has the name or address of anybody whom they concern."""
    rig.drafted("ES", "people")
    with open_register(rig.ledger) as register:
        kept = b"".join(entry.act.body() for entry in register.entries())
    for name in rig.people:
        assert name.encode() not in kept
    assert b"mail.example" not in kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "cause"), "write KEY=TEXT"),
        (("--set", "nothing=x"), "there is no item 'nothing'"),
        (("--set", "cause=You   must pay"), "a notice does not say 'you must'"),
        (("--language", "xx"), "there is no text in 'xx'"),
        (("--needs", "missing.toml"), "cannot be read"),
        (("--pdf",), "--pdf goes with --out"),
    ],
)
def test_mistakes_are_named(rig, words, said):
    """A mistake is said in one sentence, and nothing is drafted by it."""
    before = len(rig.told("show", rig.case)["notices"])
    rig.notice("draft", rig.case, "--country", "ES", "--party", "authority", *words, fails=said)
    assert len(rig.told("show", rig.case)["notices"]) == before


@pytest.mark.system
def test_files_are_private(rig, tmp_path):
    """Drafts can be written as HTML, text and PDF, for nobody else to read."""
    out = tmp_path / "out"
    rig.drafted("ES", "authority", "--language", "ar", "--out", str(out), "--pdf")
    kinds = sorted(path.suffix for path in out.iterdir())
    assert kinds == [".html", ".pdf", ".txt"]
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}


def test_before_a_count_nothing_is_drafted(rig):
    """A case whose people nobody counted has no notice."""
    rig.case = "c-2"
    try:
        rig.act("opened", actors=[1])
        rig.act("confirmed", why="seen")
        rig.notice("draft", "c-2", "--country", "ES", "--party", "people", fails="were not counted")
    finally:
        rig.case = "c-1"


def test_two_drafts_at_once(rig):
    """Of two who write the same version of a notice down at once, the second one is told to begin anew."""
    draft = {"id": "XX-people-1", "what": "letter", "version": 1}
    rig.act("drafted", **draft)
    with pytest.raises(InputError, match="somebody drafted XX-people-1 a moment ago"):
        rig.act("drafted", **draft)
    rig.act("drafted", **{**draft, "version": 2})


def test_a_notice_says_held_or_blocked_as_it_was(tmp_path):
    """Actors who share one budget are said to be limited; only a block of addresses is called one."""
    rig = Rig(tmp_path)
    rig.configure("[budgets]\ngroup = { day = 10 }\n")
    held, blocked = "may still be shown was limited", "that collected were blocked"
    for way, said, not_said in (("budget", held, blocked), ("block", blocked, held)):
        rig.act("blocked", "they go on", group=f"held-c-1-{way}", way=way, actors=1)
        text = rig.notice("show", rig.case, rig.drafted("GB", "authority", "--language", "en"))
        assert said in " ".join(text.split())
        assert not_said not in " ".join(text.split())


def test_people_of_a_shared_law_are_sent_to_the_authority_of_their_country(tmp_path):
    """The entry of several countries names no authority to a person; that of one country does."""
    rig = Rig(tmp_path)
    for country, said in (
        ("FR", "the data protection authority of your country"),
        ("GB", "Information Commissioner"),
    ):
        text = rig.notice("show", rig.case, rig.drafted(country, "people", "--language", "en"))
        assert said in " ".join(text.split())
        assert "lead supervisory" not in text
