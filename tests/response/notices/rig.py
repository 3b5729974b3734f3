"""A site whose people were collected: ledger, configuration, contacts and a confirmed case, for tests of notices."""

from __future__ import annotations

import atexit
import csv
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, write

from himaya.bootstrap.register import open_register
from himaya.cli import group
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.cases import Act

#: What each country's people are called, and how many there are. "" is unknown residence.
COUNTRIES = {"ES": 7, "FR": 5, "MA": 4, "GB": 3, "CA": 2, "": 2}
NEEDS = """
regime = "es"
authority = "Agencia de prueba"
url = "https://authority.example"
languages = ["es"]
form_url = "https://form.authority.example/new"
contents = ["org_identity", "contact_point", "nature", "cause", "data_categories", "subject_count",
  "subject_count_local", "consequences", "measures"]
people_contents = ["nature", "contact_point", "consequences", "measures"]
"""


def people(countries: dict[str, int]) -> dict[str, str]:
    """Return everybody with the country they live in."""
    return {
        f"p{country or 'x'}{n}": country
        for country, number in countries.items()
        for n in range(number)
    }


#: Sites that were made, by their countries.
_MADE: dict[tuple[tuple[str, int], ...], Path] = {}


class Rig:
    """The site in a directory; `case` is confirmed, its people are counted."""

    case = "c-1"

    def __init__(self, home: Path, countries: dict[str, int] | None = None) -> None:
        """Write ledger, configuration and contacts, and open the case."""
        self.home, self.ledger, self.config = home, home / "ledger", home / "himaya.toml"
        self.people = people(countries or COUNTRIES)
        self._make(countries or COUNTRIES)

    def _make(self, countries: dict[str, int]) -> None:
        """Make the site, or copy the one that was made for the same people before."""
        before = _MADE.get(key := tuple(countries.items()))
        if before is not None and before.exists():
            shutil.copytree(before, self.home, dirs_exist_ok=True)
            return
        self.configure()
        self._rows()
        self.contacts(list(self.people))
        self._open(countries)
        _MADE[key] = Path(tempfile.mkdtemp(prefix="himaya-rig-"))
        atexit.register(shutil.rmtree, _MADE[key], ignore_errors=True)
        shutil.copytree(self.home, _MADE[key], dirs_exist_ok=True)

    def configure(self, extra: str = "") -> None:
        """Write the configuration, with further keys of `[response]`."""
        self.config.write_text(
            '[site]\nname = "Example People"\nurl = "https://people.example"\n'
            '[owner]\nname = "The office"\ncontact = "office@people.example"\n'
            f'[response]\ncontacts = "contacts.csv"\nmail_from = "notice@people.example"\n{extra}\n'
            '[[surface]]\nid = "profile"\nroute = "/u/{subject}"\nfields = ["name", "email"]\n'
        )

    def _rows(self) -> None:
        """Show everybody to the farm, one with more fields; and somebody else to a reader."""
        rows = [
            disclosed(
                NOON + n * 60,
                "farm",
                name,
                fields=("name", "email") if n % 2 else ("name", "phone"),
            )
            for n, name in enumerate(self.people)
        ]
        write(self.ledger, *rows, disclosed(NOON, "reader", "bystander"))

    def contacts(self, names: list[str], languages: dict[str, str] | None = None) -> None:
        """Give these people an address."""
        with (self.home / "contacts.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("subject", "email", "language", "name", "country"))
            for name in self.people:
                address = f"{name}@mail.example" if name in names else ""
                language = (languages or {}).get(name, "")
                rows.writerow((name, address, language, f"Name of {name}", self.people[name]))

    def _open(self, countries: dict[str, int]) -> None:
        with Reader.open(self.ledger) as reader:
            actor = reader.identities.find(Kind.ACTOR, "account:farm")
        self.act("opened", actors=[actor], title="A farm")
        self.act("confirmed", why="one program, one operator")
        self.count(countries)

    def count(self, countries: dict[str, int]) -> None:
        """Write a count of the people down."""
        self.act("counted", countries=countries, people=sum(countries.values()), digest="")

    def act(self, kind: str, why: str = "", **data: object) -> None:
        """Do something in the case as the legal office."""
        at = int((NOON + 86_400) * 1_000_000)
        with open_register(self.ledger) as register:
            register.add(Act(case=self.case, kind=kind, at=at, by="office", why=why, data=data))

    def notice(self, *words: str, fails: str = "") -> str:
        """Run `himaya case notify`; return what it printed, or, where it fails, what it said."""
        where = ["--ledger", str(self.ledger), "--config", str(self.config)]
        wanted = ["case", "notify", words[0], *where, *words[1:]]
        result = CliRunner().invoke(group, wanted)
        if fails:
            assert isinstance(result.exception, HimayaError), result.output
            assert fails in str(result.exception)
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def told(self, *words: str) -> dict[str, Any]:
        """Run `himaya case notify … --json`."""
        found = json.loads(self.notice(*words, "--json"))
        assert isinstance(found, dict)
        return found

    def drafted(self, country: str = "ES", party: str = "people", *more: str) -> str:
        """Draft a notice and return its id; with what a person has to say."""
        said = ("--set", "measures=We closed the way in.")
        found = self.told("draft", self.case, "--country", country, "--party", party, *said, *more)
        return str(found["id"])

    def released(self, country: str = "ES", party: str = "people", *more: str) -> str:
        """Draft and release a notice and return its id."""
        name = self.drafted(country, party, *more)
        self.notice("release", self.case, name, "--why", "checked")
        return name

    def needs(self) -> Path:
        """Write what an authority asks for, and return the file."""
        path = self.home / "needs.toml"
        path.write_text(NEEDS)
        return path
