"""Challenges: what a proof buys, for whom, how often; and what a refusal says."""

import base64
import json
import re
import time

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.actor import Actor
from himaya.core.clearance import sign, sign_clearance, verify, verify_clearance
from himaya.core.decision import Action, Admission, Decision, Reason
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.policy import Budget, Budgets, ChallengePolicy, Policy
from himaya.core.surface import Surface
from himaya.gate.challenge import COOKIE, MAX_FORM, Challenges, reference_of, safe_target
from himaya.gate.challenge_pages import wants_html
from himaya.gate.challenge_proof import Failure
from himaya.gate.challenge_spent import Spent
from himaya.gate.challenge_words import CATALOGUE, ENGLISH, language_of, span

SECRET = b"a secret of the test, long enough"
ME = Actor(address="203.0.113.9", account="u1")
OTHER = Actor(address="203.0.113.9", account="u2")
ANONYMOUS = Actor(address="203.0.113.9")
POLICY = ChallengePolicy(people=3, valid_s=600, per_day=2, cost=1, wait_s=30)
REASON = Reason("budget", "account", "hour", 11, 10)
CHALLENGED = Decision(Action.CHALLENGE, surface="search", reasons=(REASON,))
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "en-GB"}
# Ahead of this machine's clock, by which the library also checks expiry: these tests may run long after they were read.
NOW = time.time() + 7200


def challenges(secret=SECRET, **more):
    return Challenges(secret, POLICY, "Example", "appeals@example.org", **more)


def solved(asked, actor=ME, now=NOW, scope="search"):
    page = asked.handle("GET", f"/.himaya/challenge?scope={scope}", b"", {}, actor, now).page
    puzzle = altcha.Challenge.from_dict(json.loads(page.body))
    return altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()


def send(asked, fields, actor=ME, now=NOW, headers=BROWSER, **more):
    kind = {"Content-Type": "application/json"}
    body = json.dumps(fields).encode()
    return asked.handle("POST", "/.himaya/clear", body, {**headers, **kind}, actor, now, **more)


def field(page, name):
    return dict(page.headers).get(name, "")


def cookie_of(page):
    return field(page, "Set-Cookie").partition(";")[0]


def refusal(
    asked=None, decision=CHALLENGED, headers=BROWSER, actor=ME, target="/search?q=a", now=NOW
):
    asked = asked or challenges()
    return asked.page(decision, actor, target, now, "ABCD-EFGH-IJ", headers=headers)


# tokens -------------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_a_token_gives_its_parts_back_and_no_other(parts, binding):
    """Any texts survive signing; another key, purpose or binding gives nothing."""
    token = sign(SECRET, "p", binding, *parts)
    assert verify(SECRET, "p", binding, token) == tuple(parts)
    assert verify(SECRET, "q", binding, token) is None
    assert verify(SECRET, "p", binding + "x", token) is None
    assert verify(b"another", "p", binding, token) is None


@given(st.text(max_size=60), st.integers(0, 200), st.characters())
def test_no_altered_token_holds(text, at, char):
    """A changed, cut or invented token is worth nothing and raises nothing."""
    token = sign_clearance(SECRET, "abc", int(NOW) + 9, ME)
    assert verify_clearance(SECRET, text, ME, NOW) == ""
    altered = token[:at] + char + token[at + 1 :]
    assert altered == token or verify_clearance(SECRET, altered, ME, NOW) == ""
    assert verify_clearance(SECRET, token[:-1], ME, NOW) == ""


def test_a_clearance_is_bound_to_its_actor_and_ends():
    """Another account, or anonymous from elsewhere, cannot use it; after its time nobody can."""
    token = sign_clearance(SECRET, "abc", int(NOW) + 9, ME)
    assert verify_clearance(SECRET, token, ME, NOW) == "abc"
    assert verify_clearance(SECRET, token, OTHER, NOW) == ""
    assert verify_clearance(SECRET, token, ME, NOW + 10) == ""
    assert "u1" not in token


def test_an_anonymous_clearance_holds_in_its_network():
    """A phone that changes its address within a /24 or /48 keeps its clearance."""
    token = sign_clearance(SECRET, "abc", int(NOW) + 9, ANONYMOUS)
    assert verify_clearance(SECRET, token, Actor(address="203.0.113.77"), NOW) == "abc"
    assert verify_clearance(SECRET, token, Actor(address="203.0.114.9"), NOW) == ""


# proof of work ------------------------------------------------------------------------------------


def test_a_solved_challenge_buys_a_clearance_once():
    """The proof leads back with a signed cookie; shown again it buys nothing."""
    asked = challenges()
    payload = solved(asked)
    body = f"altcha={payload.replace('+', '%2B')}&to=%2Fsearch%3Fq%3Da".encode()
    form = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
    done = asked.handle("POST", "/.himaya/clear", body, form, ME, NOW, secure=True)
    assert done.page.status == 303
    assert field(done.page, "Location") == "/search?q=a"
    cookie = field(done.page, "Set-Cookie")
    assert cookie.endswith("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure")
    assert asked.clearance_of(f"a=b; {cookie_of(done.page)}", ME, NOW) == done.clearance != ""
    again = asked.handle("POST", "/.himaya/clear", body, form, ME, NOW)
    assert (again.page.status, again.clearance) == (403, "")
    assert ENGLISH["failure.used"] in again.page.body.decode()


def test_one_proof_names_one_clearance_in_every_process():
    """Two workers cannot be paid with one proof: the engine sees the same id twice."""
    one, two = challenges(), challenges()
    payload = solved(one)
    first, second = send(one, {"altcha": payload}), send(two, {"altcha": payload})
    assert first.clearance == second.clearance
    engine = Engine(Policy(challenge=POLICY))
    assert engine.clear(first.clearance, ME, NOW)
    assert not engine.clear(second.clearance, ME, NOW)
    assert second.otherwise.status == 429


@pytest.mark.parametrize(
    ("actor", "later", "failure"),
    [(OTHER, 0, "other_actor"), (ANONYMOUS, 0, "other_actor"), (ME, 601, "expired")],
)
def test_a_proof_of_another_actor_or_too_late_buys_nothing(actor, later, failure):
    """A proof is bound to who asked for it, and to ten minutes."""
    asked = challenges()
    done = send(asked, {"altcha": solved(asked)}, actor=actor, now=NOW + later)
    assert (done.page.status, done.clearance) == (403, "")
    assert ENGLISH[f"failure.{failure}"] in done.page.body.decode()


def tampered(payload, change):
    document = json.loads(base64.b64decode(payload))
    change(document)
    return base64.b64encode(json.dumps(document).encode()).decode()


TAMPERED = {
    "cheaper": (lambda d: d["challenge"]["parameters"].update(cost=0), "forged"),
    "no prefix": (lambda d: d["challenge"]["parameters"].update(keyPrefix=""), "forged"),
    "longer": (lambda d: d["challenge"]["parameters"].update(expiresAt=9999999999), "forged"),
    "actor": (lambda d: d["challenge"]["parameters"]["data"].update(actor="x"), "other_actor"),
    "name": (lambda d: d["challenge"]["parameters"]["data"].update(name="x\ud800"), "forged"),
    "mark": (lambda d: d["challenge"]["parameters"]["data"].update(mark="\ud800"), "forged"),
    "unnamed": (lambda d: d["challenge"]["parameters"].update(data=None), "forged"),
    "unsigned": (lambda d: d["challenge"].pop("signature"), "forged"),
    "counter": (lambda d: d["solution"].update(counter=d["solution"]["counter"] + 1), "wrong"),
    "key": (lambda d: d["solution"].update(derivedKey="00" * 32), "wrong"),
    "unsolved": (lambda d: d.pop("solution"), "unreadable"),
}


@pytest.mark.parametrize(("change", "failure"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_proof_buys_nothing(change, failure):
    """Nothing in a signed challenge or its solution can be made easier."""
    asked = challenges()
    done = send(asked, {"altcha": tampered(solved(asked), change)})
    assert done.clearance == ""
    assert ENGLISH[f"failure.{failure}"] in done.page.body.decode()


def test_a_challenge_is_calculated_once_right_or_wrong(monkeypatch):
    """A wrong solution spends the challenge, so that nobody can make us calculate again and again."""
    asked, calculated = challenges(), []
    verify_solution = altcha.verify_solution
    count = lambda *args: (calculated.append(1), verify_solution(*args))[1]  # noqa: E731
    monkeypatch.setattr("himaya.gate.challenge_proof.altcha.verify_solution", count)
    payload = solved(asked)
    wrong = tampered(payload, lambda d: d["solution"].update(derivedKey="00" * 32))
    pages = [send(asked, {"altcha": one}).page.body.decode() for one in (wrong, wrong, payload)]
    assert ENGLISH["failure.wrong"] in pages[0]
    assert all(ENGLISH["failure.used"] in page for page in pages[1:])
    assert len(calculated) == 1


@given(
    st.binary(max_size=200) | st.just(b"[" * 5000),
    st.sampled_from(["application/json", "text/x", ""]),
)
def test_no_form_makes_the_gate_fail(body, kind):
    """Whatever is sent to the clear route, the answer is a refusal page."""
    done = challenges().handle("POST", "/.himaya/clear", body, {"Content-Type": kind}, ME, NOW)
    assert (done.page.status, done.clearance) == (403, "")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_payload_makes_the_check_fail(document):
    """Any JSON as a payload is a refusal, never an error."""
    payload = base64.b64encode(json.dumps(document).encode()).decode()
    assert send(challenges(), {"altcha": payload}).clearance == ""


def test_a_form_over_the_bound_is_not_read():
    """A form larger than the bound buys nothing, whatever it holds."""
    asked = challenges()
    done = send(asked, {"altcha": solved(asked), "pad": "x" * MAX_FORM})
    assert done.clearance == ""


# waiting ------------------------------------------------------------------------------------------


def waiting(page):
    return re.search(r'name="wait" value="([^"]+)"', page.body.decode())[1]


def test_waiting_buys_the_same_and_cannot_be_skipped():
    """The form without script works after its time, once, for its actor; never before."""
    asked = challenges()
    token = waiting(refusal(asked))
    early = send(asked, {"wait": token}, now=NOW + 20.5)
    assert early.clearance == ""
    assert "please wait 10 seconds more" in early.page.body.decode()
    assert waiting(early.page) == token
    assert send(asked, {"wait": token}, actor=OTHER, now=NOW + 31).clearance == ""
    done = send(asked, {"wait": token}, now=NOW + 31)
    assert asked.clearance_of(cookie_of(done.page), ME, NOW + 31) == done.clearance != ""
    assert send(asked, {"wait": token}, now=NOW + 32).clearance == ""


def test_a_wait_ends_and_cannot_be_invented():
    """A token of yesterday, an altered one, and a clearance cookie shown as one buy nothing."""
    asked = challenges()
    token = waiting(refusal(asked))
    assert send(asked, {"wait": token}, now=NOW + 31 + 600).clearance == ""
    clearance = sign_clearance(SECRET, "x", int(NOW) + 99, ME)
    for forged in (token[:-2] + "xx", clearance, "", "1...", "x" * 5000):
        assert send(asked, {"wait": forged}, now=NOW + 31).clearance == ""
        assert asked.clearance_of(f"{COOKIE}={token}", ME, NOW) == ""


# cookies ------------------------------------------------------------------------------------------


def test_a_forged_cookie_is_no_clearance():
    """Only what this site signed for this actor counts; many cookies of the name cost little."""
    asked = challenges()
    done = send(asked, {"altcha": solved(asked)})
    good = cookie_of(done.page)
    assert asked.clearance_of(good, OTHER, NOW) == ""
    assert challenges(b"another secret of 16").clearance_of(good, ME, NOW) == ""
    assert asked.clearance_of(good[:-1], ME, NOW) == ""
    assert asked.clearance_of(f"{COOKIE}=1.x.y; {good}", ME, NOW) == done.clearance
    assert asked.clearance_of(f"{COOKIE}=x; " * 9 + good, ME, NOW) == ""
    assert asked.clearance_of("", ME, NOW) == ""


def test_spent_proofs_are_bounded_and_never_forgotten_while_good():
    """Past the bound the soonest to end leaves, and everything as old as it counts as spent."""
    spent = Spent(most=3)
    for number in range(9):
        assert spent.spend(f"n{number}", NOW + number, NOW - 1)
    assert len(spent) == 3
    assert not any(spent.spend(f"n{number}", NOW + number, NOW - 1) for number in range(9))
    assert spent.spend("later", NOW + 50, NOW - 1)
    assert spent.spend("n1", NOW + 99, NOW + 60)
    assert len(spent) == 1


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30))))
def test_no_proof_is_ever_spent_twice(events):
    """For any order of names and times a name good until a fixed end is spent at most once."""
    spent, done = Spent(most=4), set()
    for number, expires in events:
        name = f"{number}/{expires}"
        if spent.spend(name, expires, 0):
            assert name not in done
            done.add(name)
        assert len(spent) <= 4


# what a clearance buys ----------------------------------------------------------------------------


def test_a_solved_challenge_buys_exactly_the_policys_number():
    """After the budget, a clearance opens `people` further profiles and not one more."""
    surface = Surface(id="profile", route="/u/{subject}")
    budgets = Budgets(account=Budget(hour=2), address=None, prefix=None, session=None)
    policy = Policy(mode="enforce", surfaces=(surface,), budgets=budgets, challenge=POLICY)
    engine, asked, seen = Engine(policy), challenges(), []
    cookie = ""
    for number in range(20):
        clearance = asked.clearance_of(cookie, ME, NOW)
        request = Request(f"r{number}", ME, f"/u/p{number}", clearance=clearance, sees_body=True)
        decision = engine.decide(request, NOW)
        if decision.action is Action.CHALLENGE and not cookie:
            done = send(asked, {"altcha": solved(asked)})
            assert engine.clear(done.clearance, ME, NOW)
            cookie = cookie_of(done.page)
        engine.record(
            Exchange(request, 200 if decision.passes else 403, refused=not decision.passes), NOW
        )
        seen += [number] * decision.passes
    assert len(seen) == 2 + POLICY.people


# the pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "status", "retry"),
    [
        (CHALLENGED, 403, ""),
        (Decision(Action.BLOCK, reasons=(REASON,), retry_after_s=300), 429, "300"),
        (
            Decision(Action.BLOCK, reasons=(Reason("breadth", "account", "hour", 9, 5),)),
            403,
            "3600"[:0] or "300",
        ),
        (Decision(Action.THROTTLE, reasons=(REASON,), delay_s=1.2), 429, "2"),
        (Admission(Action.CHALLENGE, reasons=(REASON,)), 403, ""),
        (Admission(Action.BLOCK, reasons=(REASON,)), 429, "300"),
    ],
)
def test_every_refusal_tells_the_same_facts_to_people_and_programs(decision, status, retry):
    """Page and JSON carry status, reference, appeal, the reason in words, and when to come back."""
    page = refusal(decision=decision)
    data = refusal(decision=decision, headers={"Accept": "application/json"})
    problem = json.loads(data.body)
    assert page.status == data.status == problem["status"] == status
    assert field(page, "Retry-After") == field(data, "Retry-After") == retry
    assert field(data, "Content-Type") == "application/problem+json"
    text = page.body.decode()
    assert problem["title"] in text
    assert problem["reference"] == "ABCD-EFGH-IJ"
    assert "ABCD-EFGH-IJ" in text
    assert "appeals@example.org" in text
    assert problem["appeal"] == "appeals@example.org"
    assert problem["reasons"] == [reason.words() for reason in decision.reasons]
    assert all(reason[1:] in text for reason in problem["reasons"])
    assert field(page, "Cache-Control") == field(data, "Cache-Control") == "no-store"


def test_a_page_works_without_script_and_loads_nothing_from_elsewhere():
    """Language, form, no inline script or style, no foreign address, a strict policy."""
    page = refusal()
    text = page.body.decode()
    assert '<html lang="en">' in text
    assert re.findall(r'(?:src|href|action)="([^"]+)"', text)
    for link in re.findall(r'(?:src|href|action|challenge)="([^"]+)"', text):
        assert link.startswith(("/.himaya/", "data:,", "mailto:appeals@example.org"))
    assert not re.search(r"<script(?! type=\"module\" src)|<style| on\w+=| style=", text)
    policy = field(page, "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "blob:" not in policy


def test_every_file_of_the_page_is_shipped_with_its_licence():
    """What the page names is there, with an ETag that saves sending it again."""
    asked = challenges()
    names = re.findall(r'"/\.himaya/([\w.]+\.(?:js|css))"', refusal().body.decode())
    assert sorted(names) == ["altcha.css", "check.js", "page.css"]
    for name in [*names, "altcha.js", "pbkdf2.js", "altcha-LICENSE.txt"]:
        page = asked.handle("GET", f"/.himaya/{name}", b"", {}, ME, NOW).page
        assert page.status == 200
        assert page.body
        tag = {"If-None-Match": field(page, "ETag")}
        assert asked.handle("GET", f"/.himaya/{name}", b"", tag, ME, NOW).page.status == 304
    licence = asked.handle("GET", "/.himaya/altcha-LICENSE.txt", b"", {}, ME, NOW).page
    assert b"MIT License" in licence.body


def test_other_paths_are_not_ours():
    """Only our own routes are answered here."""
    asked = challenges()
    for method, path in [("GET", "/u/1"), ("GET", "/.himaya/x"), ("GET", "/.himaya/clear"),
                         ("DELETE", "/.himaya/challenge"), ("GET", "/.himaya/../page.css")]:  # fmt: skip
        assert asked.handle(method, path, b"", {}, ME, NOW) is None


def test_what_a_request_brings_is_escaped_on_the_page():
    """Target, scope and reference cannot write into the page."""
    evil = '"><script>alert(1)</script>'
    decision = Decision(Action.CHALLENGE, surface=evil)
    page = challenges().page(decision, ME, f"/x?{evil}", NOW, evil, headers=BROWSER)
    assert b"<script>alert" not in page.body
    done = send(challenges(), {"altcha": "x", "to": evil, "scope": evil, "reference": evil})
    assert b"<script>alert" not in done.page.body


@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "x", "", "/a\nb", "/é", "/" * 3000,
     "/.himaya/clear", "javascript:alert(1)"],
)  # fmt: skip
def test_a_solved_challenge_never_leads_elsewhere(target):
    """Only a plain path of this site is gone back to."""
    assert safe_target(target) == "/"
    assert safe_target("/u/1?x=%C3%A9") == "/u/1?x=%C3%A9"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER["Accept"], True),
        ("text/html", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("application/problem+json;q=0.5, text/html", True),
        ("image/avif,image/webp,*/*;q=0.8", False),
        ("text/html;q=x", False),
    ],
)
def test_browsers_get_pages_and_programs_get_json(accept, html):
    """Whoever names HTML gets a page; everybody else JSON."""
    assert wants_html(accept) is html


def test_the_catalogue_is_whole():
    """Every language has the same words; every failure has its sentence; unknown languages read English."""
    for words in CATALOGUE.values():
        assert words.keys() == ENGLISH.keys()
    assert all(f"failure.{failure.value}" in ENGLISH for failure in Failure)
    assert language_of("tlh, en;q=0.5") == "en"
    assert [span(ENGLISH, s) for s in (0, 1, 90, 300, 3600, 86400)] == [
        "1 second", "1 second", "90 seconds", "5 minutes", "1 hour", "1 day"]  # fmt: skip


def test_a_reference_is_found_by_its_request():
    """The same request id gives the same reference, short and readable."""
    assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{2}", reference_of("r1"))
    assert reference_of("r1") == reference_of("r1") != reference_of("r2")


def test_a_short_secret_is_refused():
    """A secret that could be guessed is no secret."""
    with pytest.raises(ValueError, match="16 bytes"):
        challenges(b"short")
