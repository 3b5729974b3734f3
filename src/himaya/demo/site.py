"""The demo site: which page a request gets, who is signed in, and what it tells himaya.

What it tells is two response headers and nothing else: `Himaya-Account` for signed-in members,
`Himaya-Subjects` on the pages that list people. Search results and the JSON API tell nothing: there
himaya reads the links and the JSON paths that `himaya.toml` declares.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from himaya.bench.live.http import Answer, Request
from himaya.demo import pages
from himaya.demo.people import PASSWORD, Member, phone_of, plain_letters
from himaya.demo.portrait import portrait

COOKIE = "halqa"
PER_PAGE = 20
PER_CALL = 50
_MAX_SESSIONS = 20_000
_MAX_QUERIES = 512
_PRIVATE = ("Cache-Control", "private, no-store")


class Directory:
    """The members, found by handle, telephone number or words."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Index the members once."""
        self.members = members
        self.by_handle = {member.handle: member for member in members}
        self.by_phone = {phone_of(place): member for place, member in enumerate(members)}
        self._texts = [plain_letters(f"{m.name} {m.job} {m.town}") for m in members]
        self._found: OrderedDict[str, list[int]] = OrderedDict()

    def friends(self, member: Member) -> list[Member]:
        """Return the friends of a member."""
        return [self.members[place] for place in member.friends]

    def search(self, query: str, page: int) -> tuple[int, list[Member]]:
        """Return how many members match all words of a query, and one page of 20 of them."""
        words = " ".join(plain_letters(query).split()[:6])
        places = self._found.get(words)
        if places is None:
            places = self._found[words] = self._look(words.split())
            if len(self._found) > _MAX_QUERIES:
                self._found.popitem(last=False)
        start = (page - 1) * PER_PAGE
        return len(places), [self.members[place] for place in places[start : start + PER_PAGE]]

    def _look(self, words: list[str]) -> list[int]:
        if not words:
            return []
        texts = enumerate(self._texts)
        return [place for place, text in texts if all(word in text for word in words)]


class Sessions:
    """Who is signed in; the oldest of a full table is signed out."""

    def __init__(self) -> None:
        """Start with nobody signed in."""
        self._open: OrderedDict[str, str] = OrderedDict()

    def start(self, handle: str) -> str:
        """Sign a member in and return the new cookie value."""
        token = secrets.token_urlsafe(18)
        self._open[token] = handle
        if len(self._open) > _MAX_SESSIONS:
            self._open.popitem(last=False)
        return token

    def handle(self, token: str) -> str:
        """Return whose session this is, "" for nobody's."""
        return self._open.get(token, "")

    def end(self, token: str) -> None:
        """Sign out."""
        self._open.pop(token, None)


Page = Callable[["Site", Request, Member | None, str], Answer]


class Site:
    """Answers requests; holds the members and the sessions, nothing else."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Serve these members."""
        self.directory = Directory(members)
        self.sessions = Sessions()

    def __call__(self, request: Request) -> Answer:
        """Return the answer to a request."""
        viewer = self.directory.by_handle.get(self.sessions.handle(request.cookie(COOKIE)))
        if request.method not in {"GET", "HEAD", "POST"}:
            return Answer(405, b"", "text/plain", [("Allow", "GET, HEAD, POST")])
        answer = self._page(request)(self, request, viewer, _tail(request.path))
        if viewer is not None and not _has(answer, "Himaya-Account"):
            answer.headers.append(("Himaya-Account", viewer.handle))
        return answer

    def _page(self, request: Request) -> Page:
        head = request.path.strip("/").partition("/")[0]
        if request.method == "POST":
            return _POSTS.get(request.path, _missing)
        if head == "api":
            return _API.get("/".join(request.path.split("/")[:3]), _missing)
        return _PAGES.get(head, _missing)


def _tail(path: str) -> str:
    """Return what follows the first segment: `/u/mona.rizk/friends` gives `mona.rizk/friends`."""
    return path.strip("/").partition("/")[2]


def _has(answer: Answer, name: str) -> bool:
    return any(key == name for key, _ in answer.headers)


def _page_number(request: Request) -> int:
    text = request.query.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _html(body: str, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, body.encode(), headers=[_PRIVATE, *headers])


def _json(value: object, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value), "application/json", [_PRIVATE, *headers])


def _subjects(people: Sequence[Member]) -> tuple[str, str]:
    """Return the header that names the people on a page; a lone dash says nobody."""
    return "Himaya-Subjects", ", ".join(member.handle for member in people) or "-"


def _redirect(to: str, *headers: tuple[str, str]) -> Answer:
    return Answer(303, b"", headers=[("Location", to), _PRIVATE, *headers])


# -- pages ---------------------------------------------------------------------------------


def _home(site: Site, _: Request, viewer: Member | None, tail: str) -> Answer:
    if tail:
        return _missing(site, Request(), viewer, tail)
    if viewer is None:
        return _html(pages.welcome(len(site.directory.members)), _subjects([]))
    friends = site.directory.friends(viewer)
    return _html(pages.home(viewer, friends), _subjects(friends))


def _profile(site: Site, request: Request, viewer: Member | None, tail: str) -> Answer:
    handle, _, rest = tail.partition("/")
    member = site.directory.by_handle.get(handle)
    if member is None or rest not in {"", "friends"}:
        return _missing(site, request, viewer, tail)
    if not rest:
        return _html(pages.profile(viewer, member))
    friends = site.directory.friends(member)
    return _html(pages.friends(viewer, member, friends), _subjects([member, *friends]))


def _search(site: Site, request: Request, viewer: Member | None, _: str) -> Answer:
    query, number = request.query.get("q", "").strip()[:100], _page_number(request)
    total, people = site.directory.search(query, number)
    return _html(pages.search(viewer, query, number, total, people))


def _contacts(site: Site, request: Request, viewer: Member | None, _: str) -> Answer:
    phone = _digits(request.query.get("phone", ""))
    member = site.directory.by_phone.get(phone)
    found = [member] if member else []
    status = 404 if phone and not member else 200
    return _html(pages.contacts(viewer, phone, member), _subjects(found), status=status)


def _photo(site: Site, request: Request, viewer: Member | None, tail: str) -> Answer:
    member = site.directory.by_handle.get(tail.removesuffix(".svg"))
    if member is None or not tail.endswith(".svg"):
        return _missing(site, request, viewer, tail)
    picture = portrait(member.handle, member.look)
    return Answer(200, picture, "image/svg+xml", [("Cache-Control", "private, max-age=86400")])


def _style(_: Site, __: Request, ___: Member | None, ____: str) -> Answer:
    return Answer(200, pages.STYLE, "text/css", [("Cache-Control", "public, max-age=3600")])


def _me(_: Site, __: Request, viewer: Member | None, ___: str) -> Answer:
    return _redirect(f"/u/{viewer.handle}" if viewer else "/login")


def _login_page(site: Site, _: Request, viewer: Member | None, __: str) -> Answer:
    return _html(pages.login(viewer, site.directory.members[0].handle, failed=False))


def _developers(_: Site, __: Request, viewer: Member | None, ___: str) -> Answer:
    return _html(pages.developers(viewer))


def _missing(_: Site, __: Request, viewer: Member | None, ___: str) -> Answer:
    return _html(pages.missing(viewer), status=404)


def _login(site: Site, request: Request, viewer: Member | None, _: str) -> Answer:
    form = request.form()
    handle = form.get("handle", "").strip().lower()
    if handle not in site.directory.by_handle or form.get("password") != PASSWORD:
        return _html(pages.login(viewer, handle, failed=True), status=401)
    cookie = f"{COOKIE}={site.sessions.start(handle)}; Path=/; HttpOnly; SameSite=Lax"
    return _redirect("/", ("Set-Cookie", cookie), ("Himaya-Account", handle))


def _logout(site: Site, request: Request, _: Member | None, __: str) -> Answer:
    site.sessions.end(request.cookie(COOKIE))
    return _redirect("/", ("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0"))


# -- the JSON API --------------------------------------------------------------------------


def _api_people(site: Site, request: Request, _: Member | None, tail: str) -> Answer:
    handle = tail.removeprefix("people").strip("/")
    if handle:
        member = site.directory.by_handle.get(handle)
        return (
            _json(_row(member, whole=True)) if member else _json({"error": "unknown"}, status=404)
        )
    number = _page_number(request)
    people = site.directory.members[(number - 1) * PER_CALL : number * PER_CALL]
    rows = [_row(member, whole=False) for member in people]
    return _json({"page": number, "total": len(site.directory.members), "people": rows})


def _row(member: Member, *, whole: bool) -> dict[str, str]:
    row = {
        "handle": member.handle,
        "name": member.name,
        "job": member.job,
        "employer": member.employer,
        "town": member.town,
    }
    return row | {"email": member.email, "about": member.about} if whole else row


def _api_lookup(site: Site, request: Request, _: Member | None, __: str) -> Answer:
    phone = _digits(request.query.get("phone", ""))
    member = site.directory.by_phone.get(phone)
    if member is None:
        return _json({"match": None}, status=404)
    match = {"handle": member.handle, "name": member.name, "town": member.town, "phone": phone}
    return _json({"match": match})


def _digits(text: str) -> str:
    """Return a telephone number as `+` and digits. A bare `+` in a query arrives as a space."""
    digits = "".join(letter for letter in text[:40] if letter in "0123456789")
    return f"+{digits}" if digits else ""


_PAGES: dict[str, Page] = {
    "": _home,
    "u": _profile,
    "search": _search,
    "contacts": _contacts,
    "photo": _photo,
    "style.css": _style,
    "me": _me,
    "login": _login_page,
    "developers": _developers,
}
_POSTS: dict[str, Page] = {"/login": _login, "/logout": _logout}
_API: dict[str, Page] = {"/api/people": _api_people, "/api/lookup": _api_lookup}
