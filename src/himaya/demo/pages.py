"""The pages of the demo site, rendered from the templates beside this file; no JavaScript."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from himaya.demo.names import POSTS
from himaya.demo.people import PASSWORD, Member

STYLE = files("himaya.demo").joinpath("templates/style.css").read_bytes()

_ENV = Environment(loader=PackageLoader("himaya.demo"), autoescape=True, undefined=StrictUndefined)
_SEARCH_PAGE = 20


@cache
def _template(name: str) -> Template:
    return _ENV.get_template(f"{name}.html")


def welcome(population: int) -> str:
    """Return the front page for somebody who is not signed in; it shows nobody."""
    return _template("welcome").render(viewer=None, population=population)


def home(viewer: Member, friends: Sequence[Member]) -> str:
    """Return the signed-in front page: what friends wrote, and who they are."""
    posts = [(friend, _post(friend)) for friend in friends]
    return _template("home").render(viewer=viewer, friends=friends, posts=posts)


def profile(viewer: Member | None, member: Member) -> str:
    """Return a profile page; marked up as an h-card (microformats2)."""
    return _template("profile").render(viewer=viewer, member=member, post=_post(member))


def friends(viewer: Member | None, member: Member, people: Sequence[Member]) -> str:
    """Return the friend list of a member."""
    return _template("friends").render(viewer=viewer, member=member, people=people)


def search(
    viewer: Member | None, query: str, page: int, total: int, people: Sequence[Member]
) -> str:
    """Return one page of search results."""
    last = max(1, -(-total // _SEARCH_PAGE))
    return _template("search").render(
        viewer=viewer, query=query, page=page, last=last, total=total, people=people
    )


def contacts(viewer: Member | None, phone: str, member: Member | None) -> str:
    """Return the contact look-up page, with its answer once a number was entered."""
    return _template("contacts").render(viewer=viewer, phone=phone, member=member)


def login(viewer: Member | None, handle: str, *, failed: bool) -> str:
    """Return the sign-in page; it tells the password, as this is a demo."""
    return _template("login").render(viewer=viewer, handle=handle, failed=failed, password=PASSWORD)


def developers(viewer: Member | None) -> str:
    """Return the page that describes the JSON API."""
    return _template("developers").render(viewer=viewer)


def missing(viewer: Member | None) -> str:
    """Return the page for addresses that lead nowhere."""
    return _template("missing").render(viewer=viewer)


def _post(member: Member) -> str:
    """Return what a member wrote last: always the same for the same member."""
    text = random.Random(f"post:{member.handle}").choice(POSTS)
    return text.format(town=member.town, job=member.job, employer=member.employer)
