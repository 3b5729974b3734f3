"""CS24-6: ids that one viewer collected lead another nowhere, and probing ids one after the other finds nobody."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require
from tests.gate.embedded_support import House

_MARK = re.compile(r"\b(p\d+)@people\.example")
#: What may follow the last character of an id when somebody counts on.
_NEXT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_0"


@pytest.fixture(name="house", scope="module")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return the Django example: a directory whose links are sealed, and lists of friends with the ids as they are."""
    root = Path(__file__).resolve().parents[2]
    house = House(tmp_path_factory.mktemp("house"), root, "django", "wsgi")
    yield house
    house.close()


class Viewer(requests.Session):
    """A viewer with an account; `obtained` are those whose pages arrived, by the mark in the bytes."""

    def __init__(self, house: House, account: str = "") -> None:
        super().__init__()
        self._url = house.url
        self.obtained: set[str] = set()
        if account:
            self.read(f"/login?as={account}")

    def read(self, path: str) -> str:
        text = self.get(self._url + path, timeout=10, allow_redirects=False).text
        self.obtained |= set(_MARK.findall(text))
        return text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def _following(text: str) -> str:
    """Return the id after this one, as somebody who counts on would write it."""
    if number := re.fullmatch(r"(p)(\d+)", text):
        return f"p{int(number[2]) + 1}"
    return text[:-1] + _NEXT[_NEXT.index(text[-1]) + 1]


def the_ids_lead_nowhere(house: House, name: str, pages: str, base: str) -> None:
    """A collects ten ids and reads them; B, a stranger and whoever counts on try; the command asks the same."""
    with Viewer(house, f"{name}.a") as a, Viewer(house, f"{name}.b") as b, Viewer(house) as nobody:
        ids = re.findall(rf'href="{base}([^"/]+)"', a.read(pages))
        assert len(ids) == 10
        for text in ids:
            a.read(base + text)
        assert len(a.obtained) == 10, "A reads whom it was shown"
        for viewer in (b, nobody):
            for text in ids:
                viewer.read(base + text)
            require(not viewer.obtained, "nobody is shown under an id of somebody else")
        counted = Viewer(house, f"{name}.c")
        text = ids[-1]
        for _ in range(10):
            text = _following(text)
            counted.read(base + text)
            a.read(base + text)
        require(not counted.obtained and len(a.obtained) == 10, "counting on shows nobody")
        assert set(house.rows(f"account:{name}.a")) == a.obtained, (
            "A's own views are on record by person"
        )
        require(_audit(house, pages, base, a, b) == 0, "the check of the command passes")


def _audit(house: House, pages: str, base: str, a: Viewer, b: Viewer) -> int:
    words = ["--url", house.url, "--path", f"{base}{{id}}", "--list", pages, "--per-second", "50"]
    words += ["--as-a", a.cookie, "--as-b", b.cookie, "--guesses", "5"]
    done = subprocess.run(
        [HIMAYA, "audit", "ids", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode


def test_cs24_6_ids_lead_nowhere(house, name):
    """Links of the directory are sealed for each viewer: others get nobody, counting on finds nobody."""
    the_ids_lead_nowhere(house, name, "/directory?from=30&n=10", "/p/")


def test_cs24_6_twin_ids_lead_nowhere(house, name):
    """The same people under their plain ids: whoever has a list of ids is shown everybody on it."""
    with broken("nobody is shown under an id of somebody else"):
        the_ids_lead_nowhere(house, name, "/friends/p1?from=50&n=10", "/u/")


def test_cs24_6_the_command_finds_plain_ids(house, name):
    """`himaya audit ids` ends with 1 where ids are passed on and can be counted."""
    require(
        plain_ids_are_found(house, name, "/friends/p1?from=70&n=5", "/u/"), "the command says so"
    )


def test_cs24_6_twin_the_command_finds_plain_ids(house, name):
    """It does not say so of sealed ids."""
    with broken("the command says so"):
        require(
            plain_ids_are_found(house, name, "/directory?from=70&n=5", "/p/"), "the command says so"
        )


def plain_ids_are_found(house: House, name: str, pages: str, base: str) -> bool:
    """Tell whether the command ends with 1 for the ids that stand on a page."""
    with Viewer(house, f"{name}.a") as a, Viewer(house, f"{name}.b") as b:
        return _audit(house, pages, base, a, b) == 1
