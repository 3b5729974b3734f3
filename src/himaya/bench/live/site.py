"""The world as a web site: pages with links, JSON, a login; and the two response headers any site would send himaya."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from himaya.bench.asks import Answer, Ask, Client
from himaya.bench.live import http
from himaya.bench.live.marks import mark
from himaya.bench.world.links import PER_IMPORT
from himaya.bench.world.site import World
from himaya.core.actor import Actor
from himaya.core.exchange import Person
from himaya.core.subjects import format_subjects

COOKIE = "sid"
#: What these paths answer is JSON, whose people himaya reads from the body.
_JSON = frozenset({"suggest", "api", "lookup", "lookup-mail", "import"})
_PRIVATE = ("Cache-Control", "private, no-store")
#: Home pages link to so many searches: where somebody without a list of people begins.
_SEARCHES = 40


class Site:
    """Answers requests from a world; keeps nothing of whoever asks: a session cookie is the account's name in hex."""

    def __init__(self, world: World) -> None:
        """Serve this world."""
        self._world = world

    def __call__(self, request: http.Request) -> http.Answer:
        """Return the answer to one request."""
        if request.path == "/login":
            return self._login(request.query.get("as", ""))
        ask = _ask(request)
        if ask is None:
            return http.Answer(400, b"a list of telephone numbers was expected\n", "text/plain")
        client = self._client(request)
        answer = self._world.answer(client, ask)
        told = ("Himaya-Account", quote(client.actor.account)) if client.actor.account else None
        found = self._shown(
            request, client, _without(answer, request.headers.get("himaya-redact", ""))
        )
        found.headers += [_PRIVATE, *([told] if told else [])]
        return found

    def _login(self, account: str) -> http.Answer:
        if not account:
            return http.Answer(400, b"/login?as=ACCOUNT\n", "text/plain")
        headers = [
            ("Location", "/"),
            ("Set-Cookie", f"{COOKIE}=s{account.encode().hex()}; Path=/; HttpOnly"),
            ("Himaya-Account", quote(account)),
        ]
        return http.Answer(303, b"", headers=headers)

    def _client(self, request: http.Request) -> Client:
        """Return who asks, as the application sees it: session, key, and the address its front door tells."""
        session = request.cookie(COOKIE)
        account = _account(session)
        person = self._world.names.person(account) if account else -1
        if person >= 0:
            self._world.accounts[account] = person
        key = request.headers.get("x-api-key", "")
        address = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
        actor = Actor(address=address, account=account, session=account and session, key=key)
        return Client(actor, request.headers.get("user-agent", ""))

    def _shown(self, request: http.Request, client: Client, answer: Answer) -> http.Answer:
        head = request.path[1:].partition("/")[0]
        if head in _JSON:
            return _json(answer)
        if answer.status != 200:
            return http.Answer(answer.status, f"{_ICON}<h1>Not here</h1>".encode())
        subjects = ("Himaya-Subjects", format_subjects(answer.people))
        if head == "photo":
            return http.Answer(200, _photo(answer), "image/svg+xml", [subjects])
        body = "".join([_TOP, *self._links(request, client, answer), "</body></html>\n"])
        return http.Answer(200, body.encode(), headers=[subjects])

    def _links(self, request: http.Request, client: Client, answer: Answer) -> list[str]:
        """Return the people of a page and what one can go on to from it."""
        names = self._world.names
        page = [
            _card(person, names.link(client.viewer, person.subject)) for person in answer.people
        ]
        if request.path == "/":
            searches = min(_SEARCHES, self._world.people.surnames)
            page += [f'<a href="/search?q=name:{n}">People {n}</a>\n' for n in range(searches)]
        if request.path.startswith("/u/") and request.path.count("/") == 2:
            page.append(self._around(request.path[3:], client))
        if answer.more:
            page.append(f'<a rel="next" href="{_next(request)}">More</a>\n')
        return page

    def _around(self, link: str, client: Client) -> str:
        world = self._world
        person = world.names.open(client.viewer, link)
        surname, employer = int(world.people.surname[person]), int(world.people.employer[person])
        return (
            f'<a href="/u/{quote(link)}/friends?page=0">Friends</a>\n'
            f'<a href="/search?q=name:{surname}">Same name</a>\n<a href="/search?q=org:{employer}">Same employer</a>\n'
        )


# An icon of its own: a browser asks for one by itself, and without the headers its driver gave it.
_ICON = '<link rel="icon" href="data:,">'
_TOP = (
    f'<!doctype html><html lang="en"><head>{_ICON}<title>Proving ground</title></head><body>\n'
    '<nav><a href="/">Home</a></nav>\n'
)


def _account(session: str) -> str:
    try:
        return bytes.fromhex(session[1:]).decode() if session[:1] == "s" else ""
    except ValueError:
        return ""


def _ask(request: http.Request) -> Ask | None:
    """Return what is asked, None for a body that is no list of numbers."""
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    target = f"{request.path}?{query}" if query else request.path
    if request.method != "POST":
        return Ask(target)
    try:
        numbers = msgspec.json.decode(request.body, type=list[int])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Ask(target, "POST", tuple(numbers[:PER_IMPORT]))


def _without(answer: Answer, redact: str) -> Answer:
    """Return the answer without the fields that himaya asked to leave out."""
    gone = {name.strip() for name in redact.split(",")}
    if not redact:
        return answer
    people = (
        Person(p.subject, tuple(f for f in p.fields or () if f not in gone)) for p in answer.people
    )
    return msgspec.structs.replace(answer, people=tuple(people))


def _json(answer: Answer) -> http.Answer:
    rows = [
        {"id": person.subject, **{name: mark(person.subject, name) for name in person.fields or ()}}
        for person in answer.people
    ]
    body = msgspec.json.encode({"people": rows, "more": answer.more})
    return http.Answer(answer.status, body, "application/json")


def _card(person: Person, link: str) -> str:
    """Return somebody as a page shows them; the picture is loaded from its own address."""
    fields, to = person.fields or (), quote(link)
    name = mark(person.subject, "name") if "name" in fields else "somebody"
    face = (
        f'<img src="/photo/{to}" alt="{mark(person.subject, "photo")}">'
        if "photo" in fields
        else ""
    )
    rest = "".join(
        f'<span class="{field}">{mark(person.subject, field)}</span> '
        for field in fields
        if field not in {"name", "photo"}
    )
    return f'<article>{face}<a href="/u/{to}">{name}</a> {rest}</article>\n'


def _photo(answer: Answer) -> bytes:
    texts = "".join(f"<text>{mark(person.subject, 'photo')}</text>" for person in answer.people)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{texts}</svg>'.encode()


def _next(request: http.Request) -> str:
    page = request.query.get("page", "0")
    after = int(page) + 1 if page.isascii() and page.isdigit() and len(page) < 6 else 1
    query = request.query | {"page": str(after)}
    pairs = "&amp;".join(f"{quote(k)}={quote(v, safe=':')}" for k, v in query.items())
    return f"{quote(request.path)}?{pairs}"
