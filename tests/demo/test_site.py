"""The pages of the demo site."""

from __future__ import annotations

import json

import pytest

from himaya.core.subjects import parse_subjects
from himaya.demo.site import PER_CALL, PER_PAGE


def told(answer):
    """Return whom the answer's Himaya-Subjects header names."""
    return [person.subject for person in parse_subjects(dict(answer.headers)["Himaya-Subjects"])]


def test_front_page_shows_nobody(visit):
    """Somebody who is not signed in sees a front page that says so to himaya: nobody is on it."""
    answer = visit.get("/")
    assert answer.status == 200
    assert told(answer) == []
    assert b"/u/" not in answer.body


def test_sign_in_names_the_account(visit, members):
    """Signing in sets a session cookie and names the account, there and on every later answer."""
    answer = visit.sign_in(members[5].handle)
    assert answer.status == 303
    assert dict(answer.headers)["Himaya-Account"] == members[5].handle
    assert dict(visit.get("/search").headers)["Himaya-Account"] == members[5].handle


def test_wrong_password(visit, members):
    """A wrong password signs nobody in."""
    answer = visit.post("/login", f"handle={members[5].handle}&password=wrong")
    assert answer.status == 401
    assert "Himaya-Account" not in dict(answer.headers)


def test_sign_out(visit, members):
    """After signing out the session is worth nothing."""
    visit.sign_in(members[5].handle)
    visit.post("/logout")
    assert "Himaya-Account" not in dict(visit.get("/").headers)


def test_home_lists_friends(visit, members):
    """The signed-in front page shows the friends, and its header names exactly them."""
    visit.sign_in(members[0].handle)
    answer = visit.get("/")
    friends = [members[place] for place in members[0].friends]
    assert told(answer) == [friend.handle for friend in friends]
    assert all(friend.name.replace("'", "&#39;") in answer.body.decode() for friend in friends)


def test_profile(visit, members):
    """A profile page shows the member, and neither friends nor anybody else."""
    page = visit.get(f"/u/{members[3].handle}").body.decode()
    assert all(part in page for part in (members[3].job, members[3].town, members[3].email))
    assert page.count("h-card") == 1


def test_friend_list_names_everybody_on_it(visit, members):
    """The header of a friend list names its owner and all friends."""
    answer = visit.get(f"/u/{members[3].handle}/friends")
    expected = [members[3].handle, *(members[place].handle for place in members[3].friends)]
    assert told(answer) == expected


def test_search_pages(visit, members):
    """Search shows twenty people a page, and its pages together everybody who matches."""
    found = set()
    for page in range(1, 30):
        body = visit.get("/search", q="e", page=str(page)).body.decode()
        handles = {m.handle for m in members if f'class="p-name" href="/u/{m.handle}"' in body}
        assert len(handles) <= PER_PAGE
        found |= handles
    assert found
    assert f"{len(found):,} people for" in visit.get("/search", q="e").body.decode()


def test_search_ignores_accents(visit, members):
    """A name is found without its accents, and several words must all match."""
    member = members[7]
    body = visit.get("/search", q=f"{member.name} {member.town}").body.decode()
    assert f'href="/u/{member.handle}"' in body


def test_empty_search(visit):
    """Searching for nothing shows nobody."""
    assert b"h-card" not in visit.get("/search", q="  ").body


def test_api_pages(visit, members):
    """The JSON interface lists everybody, fifty a call, in a fixed order."""
    rows = []
    for page in range(1, 9):
        rows += json.loads(visit.get("/api/people", page=str(page)).body)["people"]
    assert [row["handle"] for row in rows] == [member.handle for member in members]
    assert json.loads(visit.get("/api/people", page="9").body)["people"] == []
    assert len(json.loads(visit.get("/api/people").body)["people"]) == PER_CALL


def test_api_person(visit, members):
    """One person can be asked for; an unknown one is 404."""
    assert json.loads(visit.get(f"/api/people/{members[9].handle}").body)["name"] == members[9].name
    assert visit.get("/api/people/nobody").status == 404


def test_lookup(visit, members):
    """A number of a member leads to the member, another number is a 404."""
    hit = visit.get("/api/lookup", phone=members[2].phone)
    assert json.loads(hit.body)["match"]["handle"] == members[2].handle
    # A bare plus in a query arrives as a space.
    assert visit.get("/api/lookup", phone=" " + members[2].phone[1:]).status == 200
    assert visit.get("/api/lookup", phone="+999500000001").status == 404
    assert visit.get("/api/lookup").status == 404


def test_contacts(visit, members):
    """The contact page shows a hit, names it to himaya, and is a 404 for a miss."""
    answer = visit.get("/contacts", phone=members[2].phone)
    assert told(answer) == [members[2].handle]
    assert visit.get("/contacts", phone="+999500000001").status == 404
    assert told(visit.get("/contacts")) == []


def test_photo(visit, members):
    """Every member has a picture; nobody else has."""
    answer = visit.get(f"/photo/{members[0].handle}.svg")
    assert (answer.status, answer.content_type) == (200, "image/svg+xml")
    assert visit.get("/photo/nobody.svg").status == 404


@pytest.mark.parametrize(
    "path", ["/nope", "/u/nobody", "/u/", "/u/x/y/z", "/api/else", "/photo/", "//", "/search/../x"]
)
def test_unknown_addresses(visit, path):
    """What leads nowhere is a 404 or the front page, never an error."""
    assert visit.get(path).status in {200, 404}


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "99999999999999999", "٣"])
def test_odd_page_numbers(visit, page):
    """An odd page number is answered like a page, never with an error."""
    assert visit.get("/search", q="a", page=page).status == 200
    assert visit.get("/api/people", page=page).status == 200


def test_markup_is_escaped(visit):
    """What a visitor types comes back as text."""
    body = visit.get("/search", q='<script>alert("x")</script>').body
    assert b"<script>" not in body


def test_sessions_are_bounded(visit, members, monkeypatch):
    """A full table of sessions signs the oldest one out."""
    monkeypatch.setattr("himaya.demo.site._MAX_SESSIONS", 3)
    visit.sign_in(members[0].handle)
    first = visit.cookie
    for member in members[1:4]:
        visit.sign_in(member.handle)
    visit.cookie = first
    assert "Himaya-Account" not in dict(visit.get("/").headers)
    assert len(visit.site.sessions._open) == 3


def test_remembered_searches_are_bounded(visit, monkeypatch):
    """Remembered searches leave when there are too many."""
    monkeypatch.setattr("himaya.demo.site._MAX_QUERIES", 5)
    for number in range(20):
        visit.get("/search", q=f"a{number}")
    assert len(visit.site.directory._found) == 5
