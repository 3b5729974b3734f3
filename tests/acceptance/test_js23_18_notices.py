"""JS23-18: each notice that a mail server got names the data of the person it went to, and of nobody else."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.notices import Site
from tests.acceptance.promise import broken, require
from tests.response.delivery.sink import Sink

COUNTRIES = {"ES": 6}
_PERSON = re.compile(r"\bp[A-Z]{2}\d+")
#: What the rig has the farm shown of every second person.
_FIELDS = {0: "telephone number", 1: "e-mail address"}


def each_is_told_of_themselves(directory: Path, *, merged: bool) -> None:
    """A wave goes out; with `merged` everybody gets the list for the mail merge instead."""
    site = Site(directory, COUNTRIES)
    with Sink() as sink:
        site.rig.configure(sink.settings())
        name = site.drafted("ES", "people", "--set", "measures=We closed it.")["id"]
        site.told("release", site.case, name, "--why", "checked")
        site.told("send", site.case, name, "--wave", "1", "--send")
        mails = sink.mails()
    require(len(mails) == sum(COUNTRIES.values()), "everybody who was taken is told, once")
    everybody = merge_list(site, name) if merged else ""
    for address, mail in mails:
        person = address.partition("@")[0]
        for part in mail.iter_parts():
            text = everybody or part.get_content()
            require(set(_PERSON.findall(text)) == {person}, "a notice names nobody else")
            odd = int(person[-1]) % 2
            require(
                _FIELDS[odd] in text and _FIELDS[1 - odd] not in text,
                "and that person's fields alone",
            )
            require("farm" not in text, "and no account")


def merge_list(site: Site, name: str) -> str:
    """Return the list of all people of a notice."""
    file = site.rig.home / "merge.csv"
    words = ("--merge-csv", str(file), "--holder", "x", "--until", "2999-01-01")
    site.told("send", site.case, name, *words)
    return file.read_text()


def test_js23_18_each_notice_is_about_one(tmp_path):
    """Six people get a mail each: text and page have their own name and fields, no other person and no account."""
    each_is_told_of_themselves(tmp_path, merged=False)


def test_js23_18_twin_each_notice_is_about_one(tmp_path):
    """One list for everybody would tell each about all."""
    with broken("a notice names nobody else"):
        each_is_told_of_themselves(tmp_path, merged=True)
