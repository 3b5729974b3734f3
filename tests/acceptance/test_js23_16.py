"""JS23-16: deletion is demanded, its confirmation kept, and a later sample opens the case again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from tests.acceptance.letter_desk import LEGAL, Desk
from tests.acceptance.promise import broken, require
from tests.response.crew_case import MEMBERS, Site

from himaya.core.errors import InputError
from himaya.response.letters.standing import letter_of


@pytest.fixture(scope="module", name="scraped")
def _scraped(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Make a ledger in which a crew collected people, once."""
    return Site(tmp_path_factory.mktemp("scraped"))


def desk_of(scraped: Site, directory: Path) -> Desk:
    """Return a desk over a copy of it."""
    return Desk(Site(directory, scraped).ledger, directory)


def demanded(desk: Desk) -> str:
    """Open a case about the crew, of whom deletion was demanded; return it."""
    case = desk.about(*MEMBERS)
    desk.sent_letter(case, "deletion")
    return case


def confirm(desk: Desk, case: str) -> None:
    """Record a signed form."""
    form = desk.directory / "form.pdf"
    form.write_bytes(b"signed")
    desk.told("letter", "confirm", case, "l-1", "--file", form, "--scope", "everything")


def close(desk: Desk, case: str, **why: str) -> None:
    """Do everything else that a case needs, and close it."""
    if desk.case(case).state == "confirmed":
        desk.act(case, "contained")
        desk.act(case, "counted", data={"countries": {}})
        for kind in ("assessed", "notified"):
            desk.act(case, kind, **LEGAL)
        desk.act(case, "compared")
    desk.act(case, "closed", data=why, **LEGAL)


def a_later_sample_opens_it_again(desk: Desk, first: int) -> None:
    """A deletion is confirmed and the case closed; then a file of forty people turns up."""
    case = demanded(desk)
    confirm(desk, case)
    close(desk, case)
    require(desk.case(case).state == "closed", "a confirmed deletion closes")
    found = desk.directory / "found.csv"
    found.write_text("id\n" + "".join(f"person-{n}\n" for n in range(first, first + 40)))
    desk.told("leak", found, "--key", "id")
    after = desk.case(case)
    require(after.state == "confirmed", "a later sample opens the case again")
    require(letter_of(after, "l-1").state == "contradicted", "and contradicts the confirmation")


def nothing_closes_without_a_confirmation(desk: Desk, **why: str) -> None:
    """The case is closed while nobody confirmed a deletion."""
    case = demanded(desk)
    with suppress(InputError):
        close(desk, case, **why)
    require(desk.case(case).state != "closed", "without confirmation or reason it does not close")


def test_js23_16_a_later_sample_opens_it_again(scraped, tmp_path):
    """A file that has people of a closed case opens it again and contradicts the confirmation."""
    a_later_sample_opens_it_again(desk_of(scraped, tmp_path), 0)


def test_js23_16_twin_a_later_sample_opens_it_again(scraped, tmp_path):
    """A file of other people opens nothing."""
    with broken("a later sample opens the case again"):
        a_later_sample_opens_it_again(desk_of(scraped, tmp_path), 300)


def test_js23_16_nothing_closes_without_a_confirmation(scraped, tmp_path):
    """A case of which no deletion was confirmed does not close."""
    nothing_closes_without_a_confirmation(desk_of(scraped, tmp_path))


def test_js23_16_twin_nothing_closes_without_a_confirmation(scraped, tmp_path):
    """With a recorded reason it does."""
    reason = "the recipient was dissolved"
    with broken("without confirmation or reason it does not close"):
        nothing_closes_without_a_confirmation(
            desk_of(scraped, tmp_path), without_confirmation=reason
        )
