"""The asks a client can make: one function per page of the site."""

from __future__ import annotations

from urllib.parse import quote

from himaya.bench.asks import Ask

HOME = Ask("/")
SETTINGS = Ask("/settings")

PER_SEARCH, PER_CALL, PER_SUGGEST, PER_FRIENDS, PER_FOLLOWERS, PER_IMPORT = 20, 50, 8, 50, 200, 50
#: A search or a list ends after so many pages, as on real sites.
MOST_PAGES = 50


def profile(link: str) -> Ask:
    """Ask for somebody's page."""
    return Ask(f"/u/{quote(link, safe='')}")


def photo(link: str) -> Ask:
    """Ask for somebody's picture."""
    return Ask(f"/photo/{quote(link, safe='')}")


def preview(link: str) -> Ask:
    """Ask for the small card that a messenger shows for a link."""
    return Ask(f"/preview/{quote(link, safe='')}")


def friends(link: str, page: int = 0) -> Ask:
    """Ask for a page of somebody's friends, 50 people."""
    return Ask(f"/u/{quote(link, safe='')}/friends?page={page}")


def relatives(page: int = 0) -> Ask:
    """Ask for a page of the people the viewer is related to, 50 people."""
    return Ask(f"/relatives?page={page}")


def followers(link: str, page: int = 0) -> Ask:
    """Ask the interface for a page of somebody's followers, 200 people."""
    return Ask(f"/api/followers/{quote(link, safe='')}?page={page}")


def search(words: str, page: int = 0) -> Ask:
    """Search for people: `name:12` (a surname) or `org:7` (an employer), 20 people a page."""
    return Ask(f"/search?q={words}&page={page}")


def api(page: int = 0) -> Ask:
    """Ask the interface for a page of everybody, 50 people."""
    return Ask(f"/api/people?page={page}")


def suggest(surname: int) -> Ask:
    """Ask for what is suggested while a name is typed, 8 people."""
    return Ask(f"/suggest?q=name:{surname}")


def by_phone(number: int) -> Ask:
    """Ask whom a telephone number belongs to."""
    return Ask(f"/lookup?phone={number}")


def by_email(number: int) -> Ask:
    """Ask whom a mail address belongs to."""
    return Ask(f"/lookup-mail?email=m{number}@mail.example")


def contacts(numbers: tuple[int, ...]) -> Ask:
    """Import an address book of at most 50 telephone numbers."""
    return Ask("/import", "POST", numbers[:PER_IMPORT])
