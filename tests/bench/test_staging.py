"""Asking a staging site: consent or nothing, named test people only, bounded, and the number of people lost is true."""

from __future__ import annotations

import itertools
import json
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.acceptance.gate import Gate
from tests.acceptance.site import phone
from tests.bench.staging_site import PLACE, StagingSite, Tap, script

from himaya.bench.staging import Probe, Staging, probe, probe_story, stage, staging_story
from himaya.bench.staging import token as consent
from himaya.bench.staging.client import Client, StoppedError
from himaya.bench.staging.people import Asks, TestPerson, read_people
from himaya.bench.staging.target import Target, resolve
from himaya.core.errors import ConfigError, InputError, LedgerError, ServiceError
from himaya.core.surface import Surface
from himaya.ledger.reader import Reader

POLICY = """
[owner]
name = "a"
contact = "a@example.org"
[retention]
identified_days = 31
[[surface]]
id = "profile"
route = "/u/{subject}"
fields = ["name", "email"]
"""
PEOPLE = 60


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory):
    site = StagingSite(tmp_path_factory.mktemp("site") / "token")
    yield site
    site.close()


@pytest.fixture(name="gate", scope="module")
def _gate(site, tmp_path_factory):
    gate = Gate(tmp_path_factory.mktemp("gate"), site.server_port)
    gate.configure(budgets={"address": {"day": 25}})
    try:
        gate.start()
        yield gate
    finally:
        gate.stop()


@pytest.fixture(name="options")
def _options(tmp_path):
    """Return a function that writes policy and people and returns options."""

    def make(url, *, policy=POLICY, people=None, **more):
        (tmp_path / "himaya.toml").write_text(policy)
        named = people or "\n".join(f"p{n}" for n in range(PEOPLE))
        (tmp_path / "people.txt").write_text(named)
        token = {"token_file": tmp_path / "token", "token_wait_s": 0.3, "per_second": 50.0}
        return Staging(url, tmp_path / "himaya.toml", tmp_path / "people.txt", **{**token, **more})

    return make


def behind(gate, options, site, **more):
    """Return options against the gate, whose own configuration they read."""
    made = options(f"http://127.0.0.1:{gate.port}", policy=gate.config.read_text(), **more)
    return made if "token_file" in more else replaced(made, token_file=site.token_file)


def replaced(options, **changes):
    import msgspec

    return msgspec.structs.replace(options, **changes)


def quiet(_):
    return None


def serving(token_file, answer):
    """Return a site's function that serves the token, and `answer` for everything else."""

    def page(place, headers):
        if place == PLACE:
            return 200, {}, token_file.read_bytes()
        return answer(place, headers)

    return page


# -- consent -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}, b""), "status 404"),
        ((200, {}, b"token-of-yesterday"), "something else"),
        ((200, {}, b""), "something else"),
        ((302, {"Location": "/token"}, b""), "redirects"),
        ((302, {"Location": "http://127.0.0.1:9/token"}, b""), "redirects"),
        ((500, {}, b""), "status 500"),
    ],
)
def test_without_its_token_a_host_is_not_asked(options, answer, words):
    """No token, a wrong one, or one behind a redirect: the run ends, and nothing but the token was asked for."""
    with script(lambda *_: answer) as site:
        with pytest.raises(ServiceError, match=rf"does not serve this run's token: .*{words}"):
            stage(options(site.url), quiet)
        assert set(site.asked) == {PLACE}


def test_a_token_that_another_host_serves_is_not_followed(options, tmp_path):
    """A redirect to a place that does serve the token is refused too: the host must answer itself."""
    file = tmp_path / "token"
    with script(lambda *_: (200, {}, file.read_bytes())) as other:
        elsewhere = {"Location": f"{other.url}{PLACE}"}
        with (
            script(lambda *_: (302, elsewhere, b"")) as site,
            pytest.raises(ServiceError, match="redirects"),
        ):
            stage(options(site.url), quiet)
        assert other.asked == []


def test_a_token_with_more_around_it_is_none(options, tmp_path):
    """A page that merely contains the token, as one that echoes its input would, is no consent."""
    file = tmp_path / "token"
    page = lambda *_: (200, {}, b"<p>" + file.read_bytes() + b"</p>")  # noqa: E731
    with script(page) as site, pytest.raises(ServiceError, match="something else"):
        stage(options(site.url), quiet)


def test_nobody_there(options):
    """A host that cannot be reached is said, within the wait."""
    with pytest.raises(ServiceError, match="no connection"):
        stage(options("http://127.0.0.1:9"), quiet)


def test_the_operator_is_told_the_token_and_the_run_begins_when_it_is_served(options, tmp_path):
    """The token is printed and written, new in every run; it may be put there while the run waits."""
    said = []
    put = tmp_path / "put"

    def page(place, _):
        if place == PLACE:
            return (200, {}, put.read_bytes()) if put.exists() else (404, {}, b"")
        return 404, {}, b""

    def say(text):
        said.append(text)
        if "token" in text:
            put.write_text(text.splitlines()[1])

    with script(page) as site:
        stage(options(site.url, token_file=None), say)
        stage(options(site.url), say)
    tokens = [text.splitlines()[1] for text in said if "Serve this token" in text]
    assert len(set(tokens)) == 2
    assert all(len(token) >= 40 for token in tokens)
    assert (tmp_path / "token").read_text() == f"{tokens[1]}\n"
    assert PLACE in said[0]


def test_waiting_for_the_token_is_polling(monkeypatch, options, tmp_path):
    """The place is asked again and again until it serves the token."""
    file, turn = tmp_path / "token", itertools.count()
    page = lambda *_: (200, {}, file.read_bytes()) if next(turn) > 2 else (404, {}, b"")  # noqa: E731
    with script(page) as site, Client(resolve(site.url), per_second=50) as client:
        file.write_text("abc")
        consent.await_token(client, "abc", 5.0, quiet, poll_s=0.01)
        assert len(site.asked) == 4


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/", "only http:// and https://"),
        ("file:///etc/passwd", "only http:// and https://"),
        ("127.0.0.1:8080", "only http:// and https://"),
        ("http://user:secret@127.0.0.1/", "must not hold a user name"),
        ("http://user@127.0.0.1/", "must not hold a user name"),
        ("http://", "write scheme, host and port only"),
        ("http://127.0.0.1/path", "write scheme, host and port only"),
        ("http://127.0.0.1/?x=1", "write scheme, host and port only"),
        ("http://127.0.0.1:99999", "Port out of range"),
        ("http://[::1", "Invalid IPv6"),
    ],
)
def test_urls_that_are_no_target(options, url, words):
    """Anything but http(s)://host[:port] is refused before anybody is asked, and no password is repeated."""
    with pytest.raises(InputError) as raised:
        stage(options(url), quiet)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


def test_more_than_a_test_cannot_be_asked_for(options):
    """The bounds have bounds of their own."""
    for more in ({"most_requests": 10**6}, {"per_second": 5000.0}, {"most_requests": 0}):
        with pytest.raises(InputError, match="can be asked for"):
            stage(options("http://127.0.0.1:9", **more), quiet)


# -- the client ----------------------------------------------------------------------------------


def test_redirects_stay_on_the_host_and_port(options, tmp_path):
    """A redirect within the target is followed; one to another port, host, scheme or user is not, and is counted."""
    away = ["http://127.0.0.1:9/", "http://localhost/", "https://127.0.0.1/", "//127.0.0.1:9/"]

    def answer(place, _):
        number = int(place.rpartition("p")[2].partition("?")[0].rstrip("/"))
        if place.endswith("/"):
            return 200, {"Content-Type": "text/html"}, b"here"
        location = f"{place}/" if number >= len(away) else away[number]
        return 302, {"Location": location}, b""

    with script(serving(tmp_path / "token", answer)) as site:
        told = stage(options(site.url, people="\n".join(f"p{n}" for n in range(6))), quiet)
    assert told.redirects_left == len(away)
    assert told.people_lost == 2
    assert told.patterns[0].statuses == {"200": 2, "302": 4}


def test_the_address_is_resolved_once():
    """Requests go to the pinned address under the target's name, even when the name leads nowhere any more."""
    with script(lambda *_: (200, {}, b"ok")) as site:
        target = resolve(f"http://localhost:{site.server_port}")
        assert target.host == "localhost"
        pinned = replaced(target, host="staging.invalid", address="127.0.0.1")
        with Client(pinned, per_second=50) as client:
            assert client.get("/").status == 200
        assert site.heard[0]["host"] == f"staging.invalid:{site.server_port}"


def test_failures_in_a_row_stop_the_run(options, tmp_path):
    """Five answers of 5xx one after the other end everything; the result says so and holds what was found before."""

    def answer(place, _):
        return (200, {}, b"x") if place in {"/u/p0", "/u/p1"} else (503, {}, b"")

    with script(serving(tmp_path / "token", answer)) as site:
        told = stage(options(site.url), quiet)
        assert len(site.asked) == 1 + 2 + 5
    assert "5 failures in a row, the last one status 503" in told.stopped
    assert told.people_lost == 2


def test_requests_are_bounded_and_paced(options, tmp_path):
    """No more requests than allowed, not faster than allowed, and a name by which an operator knows them."""
    page = serving(tmp_path / "token", lambda *_: (200, {}, b"x"))
    began = time.monotonic()
    with script(page) as site:
        told = stage(options(site.url, most_requests=11, per_second=20.0), quiet)
        assert len(site.asked) == 12
        assert all("himaya-bench/" in each["user-agent"] for each in site.heard)
    assert time.monotonic() - began > 10 / 20
    assert told.requests == 11
    assert told.people_lost == 11
    assert "bound of 11 requests" in told.stopped


def test_broken_connections_stop_the_run():
    """A target that went away is not asked for ever."""
    with script(lambda *_: (200, {}, b"x")) as site:
        target = resolve(site.url)
    with Client(target, per_second=50) as client:
        assert [client.get("/").status for _ in range(4)] == [599] * 4
        with pytest.raises(StoppedError, match="a broken connection"):
            client.get("/")


def test_long_bodies_are_cut():
    """An answer without end does not fill the memory, and the next one is read from its beginning."""
    with (
        script(lambda place, _: (200, {}, b"x" * (5_000_000 if place == "/big" else 3))) as site,
        Client(resolve(site.url), per_second=50) as client,
    ):
        assert len(client.get("/big").body) == 4 * 1024 * 1024
        assert client.get("/small").body == b"xxx"


def test_certificates_are_checked_against_the_host(tmp_path, monkeypatch):
    """Over https the certificate must be of the target's name, whatever the address; a self-made one is refused."""
    with script(lambda *_: (200, {}, b"x")) as site:
        pem = certificate(tmp_path, "staging.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        site.socket = context.wrap_socket(site.socket, server_side=True)

        def status(host):
            named = Target("https", host, site.server_port, "127.0.0.1")
            with Client(named, per_second=50) as client:
                return client.get("/").status

        assert status("staging.example") == 599
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert status("staging.example") == 200
        assert status("other.example") == 599


def certificate(directory, host):
    """Write a certificate that signs itself, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(*form, serialization.NoEncryption())
    path = directory / "both.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


# -- test people and surfaces ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"), [("a\nb\na\n", 3), ("a b\n", 1), ("", 0), ("# nobody\n", 0)]
)
def test_files_of_test_people_are_checked(tmp_path, text, line):
    """Nobody twice, only name=value after a subject, at least one; the error names file and line."""
    path = tmp_path / "people"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_people(path)
    assert (raised.value.file, raised.value.line) == (str(path), line)


def test_test_people_may_have_values_for_look_ups(tmp_path):
    """Comments and blank lines do not count; values follow the subject."""
    path = tmp_path / "people"
    path.write_text("# ours\n\nu1 phone=123 mail=a@b # the first\nu2\n")
    one, two = read_people(path)
    assert (one.subject, one.values) == ("u1", {"phone": "123", "mail": "a@b"})
    assert (two.subject, two.values) == ("u2", {})
    with pytest.raises(InputError, match="absent"):
        read_people(tmp_path / "absent")


def test_only_surfaces_that_name_test_people_are_asked():
    """What cannot be asked for a named person is left out with the reason; with nothing left it is an error."""
    surfaces = [
        Surface("mail", "/mail", "lookup", query="mail"),
        Surface("phone", "/phone", "lookup", query="phone"),
        Surface("post", "/import", "listing", methods=("POST",)),
        Surface("deep", "/{org}/{subject}"),
        Surface("slug", "/p/{slug}"),
        Surface("search", "/search", "listing"),
        Surface("profile", "/u/{subject}"),
    ]
    people = [TestPerson("u/1", {"phone": "1 2"}), TestPerson("u2")]
    asks = Asks(surfaces, people, "himaya.toml", listings=True)
    assert [s.id for s in asks.singles] == ["profile", "phone"]
    assert [s.id for s in asks.listings] == ["search"]
    assert list(asks.left_out) == ["deep", "slug", "mail", "post"]
    assert asks.single(asks.singles[1], people[0]).place == "/phone?phone=1%202"
    assert asks.single(asks.singles[1], people[1]) is None
    with pytest.raises(ConfigError, match="no surface can be asked"):
        Asks(surfaces[2:5], people, "himaya.toml")


def test_fields_are_read_from_json(options, tmp_path):
    """A profile in JSON tells which of the declared fields it really shows; others count as declared."""

    def answer(place, _):
        body = {"user": {"name": "N", "email": None if place.endswith("1") else "e", "other": 1}}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    with script(serving(tmp_path / "token", answer)) as site:
        told = stage(options(site.url, people="p1\np2"), quiet)
    assert told.fields_lost == {"email": 1, "name": 2}
    (surface,) = told.patterns[0].surfaces
    assert surface.read
    assert surface.fields == {"name": 2, "email": 1}


LISTING = """
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["header"]
max_people = 20
"""


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_lists_count_for_named_people_only(options, tmp_path, kind):
    """Whoever else stands on a page is not counted and not kept, also where the site does not say who stands there."""
    body = b'<a href="/u/p1">1</a><a href="/u/x9">9</a>'
    if kind != "text/html":
        body = json.dumps({"found": [{"ref": "p1"}, {"ref": "x9"}]}).encode()

    def answer(place, _):
        return (200, {"Content-Type": kind}, body) if "/search" in place else (404, {}, b"")

    with script(serving(tmp_path / "token", answer)) as site:
        made = options(site.url, policy=POLICY + LISTING, people="p1\np2", listings=True)
        told = stage(made, quiet)
        assert "/search?page=1" in site.asked
    listed = next(each for each in told.patterns if each.id == "listings")
    assert (told.people_lost, listed.people) == (1, 1)
    assert "x9" not in json.dumps(list(staging_story(told)))


def test_without_leave_only_named_people_are_asked_for(options, tmp_path):
    """Listings show others too: unless they were asked for, no page of them is, and that is said."""
    owned = LISTING.replace("search", "friends").replace("/friends", "/u/{owner}/friends")
    with script(serving(tmp_path / "token", lambda *_: (200, {}, b"x"))) as site:
        told = stage(options(site.url, policy=POLICY + LISTING + owned, people="p1\np2"), quiet)
        assert set(site.asked) - {PLACE} == {"/u/p1", "/u/p2"}
    assert [each.id for each in told.patterns] == ["fast"]
    assert list(told.left_out) == ["search", "friends"]
    assert all("--listings asks for them" in why for why in told.left_out.values())
    assert "Not asked: search, because its pages show others" in "\n".join(staging_story(told))
    with pytest.raises(ConfigError, match="no surface can be asked"):
        Asks([Surface("search", "/search", "listing")], [TestPerson("p1")], "himaya.toml")


def test_a_lookup_is_asked_for_those_who_have_a_value(options, tmp_path):
    """A second surface is asked by the value that stands beside the person."""
    lookup = '[[surface]]\nid = "lookup"\nroute = "/lookup"\nkind = "lookup"\nquery = "phone"\n'

    def answer(place, _):
        return (200, {}, b"x") if place == "/lookup?phone=77" else (403, {}, b"")

    with script(serving(tmp_path / "token", answer)) as site:
        told = stage(options(site.url, policy=POLICY + lookup, people="p1 phone=77\np2"), quiet)
    two = next(each for each in told.patterns if each.id == "two")
    assert [(each.surface, each.people, each.refused) for each in two.surfaces] == [
        ("profile", 0, 2),
        ("lookup", 1, 0),
    ]


def test_addresses_are_claimed_only_when_allowed(options, tmp_path):
    """Without leave no address header is sent; with it each pattern has addresses of its own."""
    answer = serving(tmp_path / "token", lambda *_: (200, {}, b"x"))
    with script(answer) as site:
        stage(options(site.url, people="p1"), quiet)
        assert not any("x-forwarded-for" in each for each in site.heard)
        told = stage(options(site.url, people="\n".join("abcdefgh"), forwarded=True), quiet)
    assert [each.id for each in told.patterns] == ["fast", "addresses"]
    claimed = [each["x-forwarded-for"] for each in site.heard if "x-forwarded-for" in each]
    assert len(set(claimed)) == 6
    assert all(each.startswith("2001:db8:") for each in claimed)


def test_headers_of_the_operator_go_with_every_request(options, tmp_path):
    """A staging site that must be signed in to is sent the operator's own header, and the token is asked without it."""
    answer = serving(tmp_path / "token", lambda *_: (200, {}, b"x"))
    with script(answer) as site:
        stage(options(site.url, people="p1", headers=(("Cookie", "sid=7"),)), quiet)
        assert [each.get("cookie") for each in site.heard] == [None, "sid=7"]


# -- against a real gate ---------------------------------------------------------------------------


def test_people_lost_are_those_whose_bytes_arrived(gate, site, options):
    """Each pattern, from its own address, gets what a day's budget allows; the sum is what a tap on the wire saw."""
    tap = Tap(gate.port)
    try:
        made = behind(gate, options, site, forwarded=True, listings=True)
        told = stage(replaced(made, target=f"http://127.0.0.1:{tap.port}"), quiet)
        arrived = {n for n in tap.people() if n < PEOPLE}
    finally:
        tap.close()
    assert told.people_lost == len(arrived)
    assert told.test_people == PEOPLE
    fast, two, listings, addresses = told.patterns
    assert (fast.people, fast.before, fast.refused) == (25, 25, 5)
    assert fast.ended == "refused 5 times in a row"
    assert two.people <= 25
    assert {each.surface for each in two.surfaces} == {"profile", "photo"}
    assert listings.people > 0
    assert addresses.people > 25
    assert told.people_lost >= addresses.people
    words = "\n".join(staging_story(told))
    assert f"{told.people_lost} of {PEOPLE} test people lost" in words
    assert "Not asked: lookup, because no test person has a value for phone." in words


def test_from_one_address_all_patterns_together_are_bounded(gate, site, options):
    """Without claimed addresses the patterns share a budget: people lost are at most a day's budget of an address."""
    people = "\n".join(f"p{n} phone={phone(n)}" for n in range(PEOPLE))
    told = stage(behind(gate, options, site, people=people), quiet)
    assert 0 < told.people_lost <= 25
    assert any("share its budgets" in note for note in told.notes)


def test_a_probe_finds_an_exact_ledger(gate, site, options):
    """The ledger names exactly those whom the examiner obtained; who was refused is not in it; the use is recorded."""
    told = probe(
        behind(gate, options, site, forwarded=True), Probe(gate.ledger, by="examiner"), quiet
    )
    assert told.actor.startswith("address:2001:db8:")
    assert told.equal
    assert told.exit_code == 0
    assert (told.obtained, told.named) == (25, 25)
    assert (told.missing, told.surplus) == ([], [])
    assert told.not_obtained == [f"p{n}" for n in range(25, PEOPLE)]
    assert "exactly these" in "\n".join(probe_story(told))
    with Reader.open(gate.ledger) as reader:
        uses = [each for each in reader.log() if each.get("why") == "probe"]
    assert [each["by"] for each in uses].count("examiner") == 1


def test_a_probe_as_an_account(gate, site, options):
    """Signed in by the operator's own header, the examiner is known by the account that the site names."""
    with gate.visitor("examiner.account") as visitor:
        cookie = (("Cookie", f"sid={visitor.cookies['sid']}"),)
    made = behind(gate, options, site, headers=cookie, forwarded=True, people="p7\np8\np9")
    with pytest.raises(InputError, match="name the actor"):
        probe(made, Probe(gate.ledger), quiet)
    told = probe(made, Probe(gate.ledger, actor="account:examiner.account"), quiet)
    assert (told.equal, told.named) == (True, 3)


def test_a_probe_tells_a_ledger_that_is_not_exact(gate, site, options, tmp_path):
    """Asked of a ledger that did not see the requests, the probe says who is missing, and the exit code is 1."""
    other = Gate(tmp_path / "other", site.server_port)
    (tmp_path / "other").mkdir()
    other.configure()
    other.start()
    try:
        about = Probe(other.ledger, settle_s=1.0)
        told = probe(behind(gate, options, site, forwarded=True, people="p1\np2"), about, quiet)
    finally:
        other.stop()
    assert (told.equal, told.exit_code) == (False, 1)
    assert told.missing == ["p1", "p2"]
    words = "\n".join(probe_story(told))
    assert "NOT exactly these" in words
    assert "Obtained and not named: p1, p2." in words


def test_a_probe_without_a_ledger_asks_nobody(site, options, tmp_path):
    """A ledger that is not there is said before the host is asked for anything."""
    with script(lambda *_: (200, {}, b"")) as other:
        with pytest.raises(LedgerError):
            probe(options(other.url), Probe(tmp_path / "none"), quiet)
        assert other.asked == []
