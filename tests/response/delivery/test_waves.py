"""Waves: who was sent a notice, what broke off goes on, and nobody is sent two."""

from __future__ import annotations

import csv
import io
import re

import pytest
from tests.response.delivery.sink import Sink
from tests.response.notices.rig import Rig

from himaya.bootstrap.register import open_register
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.delivery.waves import waves_path

FIVE = {"ES": 5, "FR": 2}


@pytest.fixture(name="rig")
def _rig(tmp_path):
    return Rig(tmp_path, FIVE)


def sent(rig: Rig, name: str, wave: int, fails: str = "") -> str:
    """Send a wave."""
    return rig.notice("send", rig.case, name, "--wave", str(wave), "--send", fails=fails)


def test_a_dry_run_sends_nothing(rig):
    """Without --send notices are made and counted, and the mail server hears nothing."""
    with Sink() as sink:
        rig.configure(sink.settings())
        rig.contacts(["pES0", "pES1"], {"pES0": "fr"})
        found = rig.told("send", rig.case, rig.drafted())
        assert (found["people"], found["with_address"], found["without_address"]) == (5, 2, 3)
        assert sink.taken == []
    assert not waves_path(rig.ledger).exists()


def test_only_what_was_released_is_sent(rig):
    """A draft is not sent, and an authority's notice is not mailed."""
    name = rig.drafted()
    with Sink() as sink:
        rig.configure(sink.settings())
        sent(rig, name, 1, fails="is not released")
        rig.notice("send", rig.case, rig.drafted("ES", "authority"), fails="goes to an authority")
        rig.notice("withdraw", rig.case, rig.released(), "--why", "an error")
        sent(rig, "ES-people-2", 1, fails="was withdrawn; draft it again")
        assert sink.taken == []


def test_waves_reach_everybody_once(rig):
    """Two waves of three reach the five people of the country, each once, in the order of nobody's name."""
    with Sink() as sink:
        rig.configure(f"{sink.settings()}\nwave = 3")
        name = rig.released()
        sent(rig, name, 2, fails="wave 1 comes before wave 2")
        assert "left: 2" in sent(rig, name, 1)
        assert "left: 0" in sent(rig, name, 2)
        sent(rig, name, 3, fails="nobody is left")
        assert sorted(sink.addresses) == [f"pES{n}@mail.example" for n in range(5)]
    assert rig.told("show", rig.case)["notices"][0]["stage"] == "sent"


def test_each_is_told_of_themselves(rig):
    """Text and page of each mail have the person's own name and fields, and nobody else's."""
    with Sink() as sink:
        rig.configure(sink.settings())
        rig.contacts(list(rig.people), {"pES1": "ar", "pES2": "pt-BR"})
        sent(rig, rig.released(), 1)
        for address, mail in sink.mails():
            person = address.partition("@")[0]
            for part in mail.iter_parts():
                text = part.get_content()
                assert set(re.findall(r"\bp[A-Z]{2}\d", text)) == {person}
                has_mail = int(person[-1]) % 2
                assert ("e-mail address" in text or "البريد" in text) is bool(has_mail), person
                assert "DRAFT" not in text


@pytest.mark.parametrize("at", ["mail", "data"])
def test_a_server_that_goes_away(rig, at):
    """What was sent is not sent again, the rest can go on; a mail without an answer waits for a person's word."""
    with Sink(goes_after=2, at=at) as sink:
        rig.configure(sink.settings())
        name = rig.released()
        sent(rig, name, 1, fails="wave 1 broke off after 2 mails")
        assert len(sink.taken) == 2
        before = list(sink.addresses)
    with Sink() as sink:
        rig.configure(sink.settings())
        sent(rig, name, 1)
        assert len(sink.taken) == (3 if at == "mail" else 2)
        if at == "data":
            rig.notice("send", rig.case, name, "--wave", "1", "--send", "--unsure")
        assert sorted([*before, *sink.addresses]) == sorted(
            f"pES{n}@mail.example" for n in range(5)
        )


def test_no_server_at_all(rig):
    """A server that nobody reaches, and none configured, are each said in one sentence."""
    name = rig.released()
    sent(rig, name, 1, fails="there is no mail server for notices")
    with Sink() as sink:
        settings = sink.settings()
    rig.configure(settings)
    sent(rig, name, 1, fails="the mail server: ")


def test_refused_and_bounced(rig):
    """Whom the server refuses and whose mail came back is counted, and neither is sent another one."""
    with Sink(refuse="pES0@") as sink:
        rig.configure(sink.settings())
        name = rig.released()
        assert "refused: 1" in sent(rig, name, 1)
        file = rig.home / "bounces.csv"
        file.write_text("email,why\nPES1@mail.example,full\nsomebody@else.example,?\n")
        found = rig.told("bounced", rig.case, name, "--file", str(file))
        assert (found["bounced"], found["unknown"]) == (1, 1)
        assert rig.told("bounced", rig.case, name, "--file", str(file))["bounced"] == 0
        sent(rig, name, 1)
        assert len(sink.taken) == 4


def test_who_is_erased_in_between_is_not_told(rig):
    """A person whose name was erased after the wave was planned is not sent anything."""
    with Sink(goes_after=1) as sink:
        rig.configure(sink.settings())
        name = rig.released()
        sent(rig, name, 1, fails="broke off after 1 mails")
        (first,) = sink.addresses
    gone = next(f"pES{n}" for n in range(5) if f"pES{n}@mail.example" != first)
    with Reader.open(rig.ledger) as reader:
        reader.identities.forget([reader.identities.find(Kind.SUBJECT, gone)])
    with Sink() as sink:
        rig.configure(sink.settings())
        sent(rig, name, 1)
        assert len(sink.taken) == 3
        assert f"{gone}@mail.example" not in sink.addresses


def test_the_file_of_waves_has_no_names(rig):
    """The state of waves is numbers, and for its owner alone."""
    with Sink() as sink:
        rig.configure(sink.settings())
        sent(rig, rig.released(), 1)
    path = waves_path(rig.ledger)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*"))
    assert b"mail.example" not in kept
    assert b"pES" not in kept


def test_changed_texts_are_not_sent(rig):
    """A text that changed after the release is not sent in its place."""
    name = rig.released()
    folder = rig.home / "texts"
    folder.mkdir()
    from himaya.response.notices import texts

    ours = (texts._OURS / "en.toml").read_text()
    (folder / "en.toml").write_text(ours.replace("about you alone", "about you only"))
    rig.configure('templates = "texts"')
    rig.notice(
        "send", rig.case, name, fails="the text in 'en' changed since ES-people-1 was drafted"
    )


def test_a_list_for_a_mail_merge_is_an_export(rig):
    """The CSV for a mail merge has everybody of the notice, and the register of exports names it with its end."""
    name, file = rig.released(), rig.home / "merge.csv"
    words = ("send", rig.case, name, "--merge-csv", str(file), "--holder", "the printer")
    rig.notice(*words, fails="--until is missing")
    found = rig.told(*words, "--until", "2999-01-01")
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert sorted(row["name"] for row in rows) == [f"Name of pES{n}" for n in range(5)]
    assert {row["fields"] for row in rows} == {"e-mail address; name", "name; telephone number"}
    with Reader.open(rig.ledger) as reader:
        assert found["export"] in reader.state().exports


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("subject,email\n", "contacts.csv:1: has no column language, name"),
        ("subject,email,language,name\npES1,x,,\n", "contacts.csv:2: email: expected one mail"),
        ("subject,email,language,name\npES1,,,\npES1,,,\n", "contacts.csv:3: a person who"),
        ("subject,email,language,name\npES1,a@b.example\n,,\x00\xff", "contacts.csv: expected CSV"),
    ],
)
def test_bad_contacts(rig, text, said):
    """A malformed file of contacts is named with file and line, and nothing is sent."""
    name = rig.released()
    (rig.home / "contacts.csv").write_bytes(text.encode("latin-1"))
    rig.notice("send", rig.case, name, fails=said)


def test_practice_is_not_sent(rig):
    """A practice case's notices say so, and none of them is sent to anybody."""
    with Reader.open(rig.ledger) as reader:
        actor = reader.identities.find(Kind.ACTOR, "account:farm")
    rig.case = "c-drill"
    rig.act("opened", actors=[actor], practice=True)
    rig.act("confirmed", why="a drill")
    rig.count(FIVE)
    with Sink() as sink:
        rig.configure(sink.settings())
        name = rig.released()
        assert "PRACTICE" in rig.notice("show", rig.case, name)
        sent(rig, name, 1, fails="is practice")
        assert sink.taken == []


def test_a_receipt(rig, tmp_path):
    """An authority's receipt is kept with number and hash, once released, at the time it was filed."""
    name = rig.drafted(
        "ES",
        "authority",
        "--needs",
        str(rig.needs()),
        "--set",
        "cause=x",
        "--set",
        "consequences=y",
    )
    file = tmp_path / "receipt.pdf"
    file.write_bytes(b"received")
    words = (
        "receipt",
        rig.case,
        name,
        "--number",
        "N-1",
        "--file",
        str(file),
        "--when",
        "2026-01-05T10:00Z",
    )
    rig.notice(*words, "--why", "filed", fails="is not released")
    rig.notice("release", rig.case, name, "--why", "checked")
    rig.notice(*words, fails="cannot be back-dated without a reason")
    found = rig.told(*words, "--why", "written down a day later")
    assert found["sha256"] == "318c5ad51e9b36ff5924ae323dd59031245413a3e0f2aa3e03cc42902e9e7acc"
    assert rig.told("show", rig.case)["notices"][0]["stage"] == "sent"


def test_nobody_is_forgotten_when_somebody_else_was_erased(rig):
    """Who was sent a notice and erased since is nobody's turn: the rest is still left, and the case says so."""
    with Sink() as sink:
        rig.configure(f"{sink.settings()}\nwave = 3")
        name = rig.released()
        assert "left: 2" in sent(rig, name, 1)
        with Reader.open(rig.ledger) as reader:
            gone = sink.addresses[0].partition("@")[0]
            reader.identities.forget([reader.identities.find(Kind.SUBJECT, gone)])
        assert "left: 2" in sent(rig, name, 1)
        with open_register(rig.ledger) as register:
            assert register.case(rig.case).last("sent") is None
        assert "left: 0" in sent(rig, name, 2)
