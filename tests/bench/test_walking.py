"""How guessable ids are: the figures are those of worlds whose truth is known, and the verdicts follow."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
import uuid
from collections import Counter

import msgspec
import pytest
from tests.acceptance.gate import HIMAYA
from tests.bench.staging_site import script

from himaya.bench.walking import (
    SitePlan,
    audit_file,
    audit_logs,
    audit_site,
    ids_story,
    measure,
    site_story,
)
from himaya.bench.walking.guesses import people_of
from himaya.bench.walking.measure import Seen
from himaya.bench.walking.shape import numbers_in
from himaya.config import loads
from himaya.core.errors import InputError, ServiceError
from himaya.ids import Ids

UNTIL = 1_800_000_000.0
COUNT = 1500
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def judged(ids, population=None, **more):
    """Return what is measured of ids that were each used an unknown number of times."""
    uses = dict.fromkeys(ids, 0)
    return measure(
        Seen(surface="p", route="/u/{subject}", uses=uses, population=population, **more), UNTIL
    )


def drawn(make, seed=1):
    generator = random.Random(seed)
    return list(dict.fromkeys(make(generator) for _ in range(COUNT)))


def _uuid(version, high):
    def make(r):
        number = (high(r) << 80) | (r.getrandbits(12) << 64) | r.getrandbits(62)
        return str(uuid.UUID(int=number & ~(0xF << 76) | (version << 76) | (2 << 62)))

    return make


def _moment(r):
    return int(1.6e12 + r.random() * 1e11)


def _ulid(r):
    number, text = _moment(r), ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        text = CROCKFORD[digit] + text
    return text + "".join(r.choices(CROCKFORD, k=16))


SHAPES = {
    "counter": (lambda r: str(r.randrange(1, 5000)), "walkable", "", "number"),
    "prefixed": (lambda r: f"user-{r.randrange(1, 5000)}", "walkable", "", "number"),
    "padded": (lambda r: f"{r.randrange(1, 5000):08d}", "walkable", "", "number"),
    "hexadecimal": (lambda r: f"{r.randrange(4096, 9000):04x}", "walkable", "", "number"),
    "base64": (
        lambda r: base64.b64encode(f"User:{r.randrange(1, 5000)}".encode()).decode(), "walkable", "", "number"),
    "md5": (lambda r: hashlib.md5(str(r.randrange(1, 5000)).encode()).hexdigest(), "walkable", "", "number"),
    "six digits": (lambda r: str(r.randrange(10**5, 10**6)), "guessable", "", "number"),
    "six letters": (lambda r: "".join(r.choices(LETTERS, k=6)), "guessable", "", "code"),
    "seconds": (lambda r: str(_moment(r) // 1000), "guessable", "seconds since 1970", "number"),
    "names": (lambda r: "".join(r.choices("abcdefghij", k=r.randrange(4, 12))), "named", "", "name"),
    "uuid 7": (_uuid(7, _moment), "dated", "UUID, version 7", "UUID, version 7"),
    "ulid": (_ulid, "dated", "ULID", "code"),
    "object id": (
        lambda r: f"{_moment(r) // 1000:08x}{r.getrandbits(64):016x}", "dated", "MongoDB ObjectId", "code"),
    "snowflake": (
        lambda r: str(((_moment(r) - 1_288_834_974_657) << 22) | (r.randrange(3) << 12)),
        "dated", "snowflake", "number"),
    "uuid 4": (_uuid(4, lambda r: r.getrandbits(48)), "opaque", "", "UUID, version 4"),
    "eleven letters": (lambda r: "".join(r.choices(LETTERS, k=11)), "opaque", "", "code"),
    "eighteen digits": (lambda r: str(r.randrange(10**17, 10**18)), "opaque", "", "number"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_verdict_follows_from_how_ids_are_made(name):
    """Counters are walkable however they are dressed up; short codes guessable; times are told; random ids opaque."""
    make, verdict, clock, kind = SHAPES[name]
    found = judged(drawn(make))
    assert (found.verdict, found.shape.kind) == (verdict, kind), found.why
    assert (found.clock.format if found.clock else "") == clock


def test_sealed_ids_are_opaque_and_shown_to_nobody():
    """Tokens of himaya.ids: no numbers, no clock, all 192 bits even, and no verdict but opaque."""
    ids = Ids(b"k" * 32)
    found = judged([ids.seal(str(n), f"account:{n % 40}", UNTIL) for n in range(COUNT)])
    assert (found.verdict, found.order, found.clock) == ("opaque", None, None)
    assert 191 < sum(found.bits) < 193
    assert found.best.bits > 150


def test_uuids_of_one_machine_are_walkable():
    """Of UUID version 1 made in one go only some characters change, and a drawn one often exists."""
    made = [
        str(uuid.UUID(fields=(0x10000000 + 37 * n, 0x4A4A, 0x11EC, 0x80, 7, 0x1234)))
        for n in range(COUNT)
    ]
    found = judged(made)
    assert (found.verdict, found.clock.format) == ("walkable", "UUID, version 1")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
def test_the_chance_of_a_guess_covers_the_truth(share):
    """In 20 worlds where a known share of numbers exists, the interval of "number in range" holds it in 19 or more."""
    held = 0
    for seed in range(20):
        generator = random.Random(seed)
        people = [n for n in range(10_000) if generator.random() < share]
        # Everybody is looked at alike; where some are looked at more, there are more unseen than estimated.
        uses = Counter(str(n) for n in generator.choices(people, k=2 * len(people)))
        seen = Seen(surface="p", route="", uses=dict(uses))
        guess = next(g for g in measure(seen, UNTIL).guesses if g.how == "number in range")
        truth = len(people) / (int(max(people)) - int(min(people)) + 1)
        held += guess.low * 0.999 <= truth <= guess.high * 1.001
    assert held >= 19


def test_the_guesser_of_next_numbers_finds_what_counting_finds():
    """Every second number exists of a dense range: half of the tries hit, less the half that is unknown to us."""
    found = judged([str(n) for n in random.Random(3).sample(range(4000), 2000)])
    guess = next(g for g in found.guesses if g.how == "next number")
    truth = 0.5 * 0.5 / (1 - 0.25)  # exists, is in the other half, and is not known already
    assert guess.low <= truth <= guess.high


def test_people_unseen_are_estimated_from_people_seen_once():
    """Of 2,000 people looked at at random 2,000 times, some 1,264 are seen and 2,000 lie in the interval."""
    generator = random.Random(5)
    uses = {}
    for _ in range(2000):
        person = generator.randrange(2000)
        uses[person] = uses.get(person, 0) + 1
    low, likely, high = people_of(Counter(uses.values()))
    assert low < 2000 < high
    assert abs(likely - 2000) < 200


def test_few_ids_are_no_ground_for_a_verdict():
    """Under thirty ids the verdict is that there are too few, even for 1, 2, 3."""
    found = judged([str(n) for n in range(29)])
    assert found.verdict == "few"
    assert judged([str(n) for n in range(30)]).verdict == "walkable"


@pytest.mark.parametrize("text", ["a" * 200, "a.b" * 60, "1" * 200, "a1" * 100, "é" * 50, "%%%"])
def test_odd_ids_are_measured_quickly(text):
    """Long words, many dots and many digits end in a verdict at once."""
    assert judged([f"{text}{n}{text}" for n in range(40)]).ids == 40


def test_numbers_are_written_as_they_were_read():
    """A neighbour is spelled like the ids: prefix, leading zeros, base64 and letter case stay."""
    for ids, number, wanted in (
        (["user-7", "user-9", "user-12"], 8, "user-8"),
        (["0007", "0009", "0012"], 8, "0008"),
        (["00ff", "0a1b", "00aa"], 255, "00ff"),
        (["VXNlcjo3", "VXNlcjo5", "VXNlcjoxMg=="], 13, "VXNlcjoxMw=="),
    ):
        assert numbers_in(ids).write(number) == wanted


# logs -----------------------------------------------------------------------------------------------------

CONFIG = """
[owner]
name = "a"
contact = "a@example.org"
[retention]
identified_days = 31
[site]
population = 20000
[[surface]]
id = "profile"
route = "/u/{subject}"
[[surface]]
id = "card"
route = "/p/{token}"
people = ["app"]
[[surface]]
id = "photo"
route = "/photo/{subject}.jpg"
kind = "media"
"""


def _line(address, user, path, status=200, second=0):
    at = f"02/Mar/2026:10:{second // 60 % 60:02d}:{second % 60:02d} +0000"
    return f'{address} - {user} [{at}] "GET {path} HTTP/1.1" {status} 512 "-" "Mozilla"\n'


@pytest.fixture(name="log")
def _log(tmp_path):
    """Return a log: 200 counted profiles that two accounts share, sealed cards that each account has alone."""
    ids, lines = Ids(b"k" * 32), []
    for n in range(200):
        for user in ("anna", "bernd"):
            lines.append(_line("192.0.2.1", user, f"/u/{n}", second=n))
            card = ids.seal(str(n), user, UNTIL)
            lines += [_line("192.0.2.1", user, f"/p/{card}", second=n)] * 2
            other = ids.seal(str(n), "somebody", UNTIL)
            lines.append(_line("192.0.2.1", user, f"/p/{other}", 404, second=n))
    lines.append(_line("192.0.2.9", "-", "/u/7"))
    lines.append(_line("192.0.2.9", "-", "/u/9", 403))
    file = tmp_path / "access.log"
    file.write_text("".join(lines))
    return file


def test_a_log_tells_ids_that_work_for_several_viewers_from_ids_that_do_not(log):
    """Counted ids are walkable and shared; of sealed ones used twice none worked for a second account."""
    audit = audit_logs([str(log)], loads(CONFIG))
    profile, card = audit.routes
    assert (profile.surface, profile.verdict, profile.ids) == ("profile", "walkable", 200)
    assert (profile.requests, profile.refused, profile.reuse.by_several) == (402, 1, 200)
    assert profile.reuse.told_by == {"account": 400, "address": 1}
    assert (card.surface, card.verdict, card.ids, card.missed) == ("card", "opaque", 400, 400)
    assert (card.reuse.again, card.reuse.by_several) == (400, 0)
    assert card.reuse.high < 0.01
    assert audit.exit_code == 1
    assert "Not in the logs: photo." in audit.notes


def test_without_a_configuration_routes_are_guessed(log):
    """The route of counted profiles is found by itself, and the output says that it was guessed."""
    audit = audit_logs([str(log)], None)
    assert audit.guessed
    assert "/u/{subject}" in [route.route for route in audit.routes]
    assert any("were guessed" in line for line in ids_story(audit))


def test_the_output_holds_no_id(log):
    """Words and JSON of an audit name counts and shapes, never an id of somebody."""
    ids = Ids(b"k" * 32)
    audit = audit_logs([str(log)], loads(CONFIG))
    told = "\n".join(ids_story(audit)) + msgspec.json.encode(audit).decode()
    assert all(ids.seal(str(n), "anna", UNTIL) not in told for n in range(200))
    assert "anna" not in told


def test_ids_that_must_be_for_one_viewer_fail_when_shared(tmp_path):
    """Random ids pass the check; with --per-viewer they fail once two accounts used the same."""
    made = drawn(_uuid(4, lambda r: r.getrandbits(48)))[:60]
    file = tmp_path / "access.log"
    users = ("anna", "bernd")
    file.write_text(
        "".join(_line("192.0.2.1", u, f"/u/{t}", second=1) for t in made for u in users)
    )
    config = loads(CONFIG)
    assert audit_logs([str(file)], config).exit_code == 0
    assert audit_logs([str(file)], config, per_viewer=True).exit_code == 1


def test_a_log_without_people_is_told(tmp_path):
    """No route with ids: one sentence that says what to name."""
    file = tmp_path / "access.log"
    file.write_text(_line("192.0.2.1", "-", "/about") * 3)
    with pytest.raises(InputError, match="no route with ids of people"):
        audit_logs([str(file)], None)


def test_a_file_of_ids_is_measured(tmp_path):
    """One id a line; what a file cannot tell is said; an empty or missing one is refused."""
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(str(n) for n in range(100)))
    audit = audit_file(file, UNTIL)
    assert (audit.routes[0].verdict, audit.routes[0].reuse, audit.exit_code) == (
        "walkable",
        None,
        1,
    )
    file.write_text("\n\n")
    for path in (file, tmp_path / "none"):
        with pytest.raises(InputError, match=str(path)):
            audit_file(path, UNTIL)


# one's own site ---------------------------------------------------------------------------------------------

KEY = Ids(b"s" * 32)


def viewer_of(headers):
    return headers.get("cookie", "").removeprefix("who=")


def site(*, sealed, login=False, soft=False):
    """Return a site of 300 people: counted ids, or sealed for whoever is signed in; perhaps 200 for everything."""

    def answer(target, headers):
        viewer = viewer_of(headers)
        if target == "/list":
            ids = [KEY.seal(str(n), viewer, UNTIL) if sealed else str(n) for n in range(100, 140)]
            return 200, {}, "".join(f'<a href="/u/{text}">x</a>' for text in ids).encode()
        if login and not viewer:
            return 302, {"Location": f"/login?next={target}"}, b""
        if target.startswith("/login"):
            return 200, {}, b"please sign in"
        text = target.removeprefix("/u/")
        who = KEY.open(text, viewer or "nobody", UNTIL) if sealed else text
        if who is not None and who.isdigit() and int(who) < 300:
            return 200, {}, f"<h1>Person number {who}</h1> lives at {int(who) * 7} road".encode()
        return (200 if soft else 404), {}, f"Sorry, {text} is not here at all".encode()

    return answer


def plan(url, **more):
    base = {
        "path": "/u/{id}",
        "as_a": (("Cookie", "who=anna"),),
        "as_b": (("Cookie", "who=bernd"),),
    }
    return SitePlan(
        url=url, **{**base, "lists": ("/list",), "per_second": 50.0, "guesses": 8, **more}
    )


def asked(url, **more):
    return audit_site(plan(url, **more), lambda _: None)


@pytest.mark.parametrize("soft", [False, True], ids=["404", "200 for all"])
def test_counted_ids_are_passed_on_and_guessed(soft):
    """A's ids show people to B and without a login, and the next numbers show people nobody had listed."""
    with script(site(sealed=False, soft=soft)) as running:
        audit = asked(running.url)
    assert (audit.own.shown, audit.other.shown, audit.nobody.shown) == (20, 20, 20)
    assert audit.passes_on
    assert audit.guessable
    assert audit.exit_code == 1
    near = audit.guesses[0]
    assert near.how.startswith("guess: the next numbers")
    assert near.shown == near.asked > 0
    words = "\n".join(site_story(audit))
    assert "PASSED ON" in words
    assert "GUESSABLE" in words
    assert any("answers 200 for ids" in note for note in audit.notes) == soft


@pytest.mark.parametrize("soft", [False, True], ids=["404", "200 for all"])
def test_sealed_ids_work_for_their_viewer_alone(soft):
    """A reads all of its own; B, nobody and guesses get nothing; exit code 0, within the stated requests."""
    with script(site(sealed=True, soft=soft)) as running:
        audit = asked(running.url)
        assert len(running.asked) == audit.requests <= 1 + 3 * 2 + 3 * 20 + 2 * 8
        assert {head["user-agent"].split("/")[0] for head in running.heard} == {"himaya-bench"}
    assert (audit.own.shown, audit.other.shown, audit.nobody.shown) == (20, 0, 0)
    assert audit.other.high < 0.2
    assert [guess.shown for guess in audit.guesses] == [0, 0]
    assert audit.exit_code == 0


def test_a_page_that_asks_to_sign_in_shows_nobody():
    """A redirect to the login is no page of a person, though it ends in 200."""
    with script(site(sealed=False, login=True)) as running:
        audit = asked(running.url)
    assert (audit.other.shown, audit.nobody.shown) == (20, 0)


def test_the_bound_on_requests_holds():
    """The run ends with the bound, says so, and does not pass."""
    with script(site(sealed=True)) as running:
        audit = asked(running.url, most_requests=20)
        assert len(running.asked) <= 26
    assert audit.stopped == "the bound on requests is reached"
    assert audit.exit_code == 1


def test_ids_kept_from_an_earlier_day_are_asked_again():
    """With --ids, ids that have run out work for nobody, and that is said as such."""
    old = Ids(b"s" * 32).seal("101", "anna", UNTIL - 90 * 86_400)
    with (
        script(site(sealed=True)) as running,
        pytest.raises(InputError, match="none of 1 ids worked"),
    ):
        asked(running.url, lists=(), ids=(old,))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"path": "/u/"}, "one {id} in it"),
        ({"path": "u/{id}"}, "one {id} in it"),
        ({"lists": ()}, "--list"),
        ({"lists": ("/none",)}, "status 404"),
        ({"path": "/x/{id}"}, "no link that fits"),
        ({"url": "ftp://127.0.0.1"}, "--url ftp"),
    ],
)
def test_a_plan_that_cannot_be_asked_is_refused(more, words):
    """What is wrong is named by its option."""
    with script(site(sealed=True)) as running, pytest.raises(InputError, match=words):
        asked(**{"url": running.url, **more})


def test_another_host_must_consent(monkeypatch):
    """A host that is not this machine is asked for the token, and for nothing else, when it does not serve it."""
    from himaya.bench.walking import site as module

    with script(site(sealed=True)) as running:
        monkeypatch.setattr(module, "ip_address", lambda _: type("Far", (), {"is_loopback": False}))
        with pytest.raises(ServiceError, match="does not serve this run's token"):
            asked(running.url, token_wait_s=0.0)
        assert running.asked == ["/.well-known/himaya-bench"]


def test_the_command_asks_a_site_and_says_so_in_json():
    """The installed command: exit code 0 for sealed ids, 1 for counted ones; cookies come from the command line."""
    for sealed, code in ((True, 0), (False, 1)):
        with script(site(sealed=sealed)) as running:
            words = ["--url", running.url, "--path", "/u/{id}", "--list", "/list", "--as-a", "who=anna",
                     "--as-b", "Cookie: who=bernd", "--per-second", "50", "--guesses", "3", "--json"]  # fmt: skip
            done = subprocess.run(
                [HIMAYA, "audit", "ids", *words],
                capture_output=True,
                text=True,
                check=False,
                timeout=100,
            )
        assert done.returncode == code, done.stderr
        told = json.loads(done.stdout)
        assert told["other"]["shown"] == (0 if sealed else 20)


def test_the_command_measures_a_log_and_keeps_secrets(log, tmp_path):
    """Words on standard output, exit code 1 for counted ids, 2 with one sentence for options that do not fit."""
    config = tmp_path / "himaya.toml"
    config.write_text(CONFIG)

    def run(*words):
        return subprocess.run(
            [HIMAYA, "audit", "ids", *map(str, words)], capture_output=True, text=True, check=False
        )

    done = run(log, "--config", config)
    assert done.returncode == 1
    assert "profile /u/{subject}: WALKABLE" in done.stdout
    assert "card /p/{token}: OPAQUE" in done.stdout
    for words in (
        [],
        [log, "--ids", config],
        [log, "--path", "/u/{id}"],
        [log, "--url", "http://127.0.0.1"],
    ):
        wrong = run(*words)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert wrong.stderr.count("\n") == 1
    secret = run(
        "--url", "http://127.0.0.1:1", "--path", "/u/{id}", "--list", "/", "--as-a", "hunter2"
    )
    assert secret.returncode == 2
    assert "hunter2" not in secret.stderr
