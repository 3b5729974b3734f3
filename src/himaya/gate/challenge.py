"""Challenges: the page of a refusal, the routes under `/.himaya/`, and the clearance cookie.

    page       what a refused request is answered with
    handle     the routes of the page itself; says which clearance was bought
    clearance  which clearance a request carries

A solved challenge is worth what the engine says: the caller hands `Handled.clearance` to `engine.clear`, which knows
the ids it has seen and the day's number. The same proof always names the same clearance, so that two processes
cannot be paid with one proof.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from himaya.core.actor import Actor
from himaya.core.clearance import sign_clearance, verify_clearance
from himaya.core.decision import Admission, Decision
from himaya.core.policy import ChallengePolicy
from himaya.gate.challenge_pages import PREFIX, Offer, Page, Refusal, refusal_of, render, shipped
from himaya.gate.challenge_proof import (
    Failure,
    Proof,
    check_puzzle,
    check_wait,
    new_puzzle,
    new_wait,
    read_wait,
)
from himaya.gate.challenge_spent import Spent
from himaya.gate.people import Headers, header_values

COOKIE = "himaya_clearance"

#: The largest form body that is read, in bytes.
MAX_FORM = 16 * 1024

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [a + b for a in _LETTERS for b in _LETTERS]

_MAX_TO = 2048
_MAX_COOKIES = 4


class Handled(NamedTuple):
    """The answer of one of our own routes.

    With a `clearance`, hand it to `engine.clear`: `page` is right when that is True, `otherwise` when it
    is False (the day's number is used up, or the proof was shown to another process before).
    """

    page: Page
    clearance: str = ""
    otherwise: Page | None = None


class Challenges:
    """Makes and checks the challenges of one site. `policy` may be replaced while running."""

    def __init__(
        self,
        secret: bytes,
        policy: ChallengePolicy,
        site: str,
        appeal: str = "",
        *,
        remember: int = 100_000,
    ) -> None:
        """Sign with `secret` (the same in every process of a site); remember at most `remember` shown proofs."""
        if len(secret) < 16:
            raise ValueError("the challenge secret needs at least 16 bytes")
        self._secret = secret
        self._spent = Spent(remember)
        self.policy = policy
        self.site = site or "This site"
        self.appeal = appeal

    def page(
        self,
        decision: Decision | Admission,
        actor: Actor,
        target: str,
        now: float,
        reference: str,
        *,
        headers: Headers = (),
    ) -> Page:
        """Return the answer to a request that `decision` refuses; `headers` are the request's.

        HTML when the request names it in Accept, else JSON. `reference` goes onto the page; `target` is where
        a solved challenge leads back to.
        """
        scope = decision.surface if isinstance(decision, Decision) else ""
        refusal = refusal_of(decision, reference)
        return self._render(self._with_forms(refusal, actor, target, scope, now), headers)

    def unavailable(self, reference: str, *, headers: Headers = ()) -> Page:
        """Return the answer of a surface that fails closed while the authority is away (503)."""
        return self._render(Refusal("away", 503, reference, retry_after_s=10), headers)

    def handle(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Headers,
        actor: Actor,
        now: float,
        *,
        secure: bool = False,
    ) -> Handled | None:
        """Answer a request to one of our own routes; None when `path` is none of them.

        `path` is the request target. `secure` says that the site is served over https, so that the cookie is
        kept to it.
        """
        route, _, query = path.partition("?")
        if not route.startswith(PREFIX):
            return None
        name = route.removeprefix(PREFIX)
        if name == "challenge" and method in {"GET", "HEAD"}:
            return Handled(self._puzzle(actor, query, now))
        if name == "clear" and method == "POST":
            return self._clear(body, headers, actor, now, secure=secure)
        if method in {"GET", "HEAD"}:
            known = shipped(name, _first(headers, "if-none-match"))
            return Handled(known) if known else None
        return None

    def clearance_of(self, cookie_header: str, actor: Actor, now: float) -> str:
        """Return the id of the valid clearance that a Cookie header carries for this actor, or ""."""
        tried = 0
        for pair in cookie_header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE and tried < _MAX_COOKIES:
                tried += 1
                clearance = verify_clearance(self._secret, value.strip('"'), actor, now)
                if clearance:
                    return clearance
        return ""

    def _puzzle(self, actor: Actor, query: str, now: float) -> Page:
        scope = _field(parse_qs(query[:200]), "scope")
        puzzle = new_puzzle(self._secret, actor, scope, self.policy.cost, now)
        return _json(puzzle)

    def _clear(
        self, body: bytes, headers: Headers, actor: Actor, now: float, *, secure: bool
    ) -> Handled:
        form = _form(body, _first(headers, "content-type"))
        proof = self._check(form, actor, now)
        if isinstance(proof, Failure):
            return Handled(self._failed(proof, form, headers, actor, now))
        page = self._cleared(proof, form, headers, actor, now, secure=secure)
        otherwise = self._failed(Failure.DAY_USED_UP, form, headers, actor, now)
        return Handled(page, proof.clearance, otherwise)

    def _check(self, form: dict[str, str], actor: Actor, now: float) -> Proof | Failure:
        if form.get("altcha"):
            return check_puzzle(self._secret, form["altcha"], actor, self._spent, now)
        if form.get("wait"):
            return check_wait(self._secret, form["wait"], actor, self._spent, now)
        return Failure.UNREADABLE

    def _cleared(
        self,
        proof: Proof,
        form: dict[str, str],
        headers: Headers,
        actor: Actor,
        now: float,
        *,
        secure: bool,
    ) -> Page:
        valid_s = self.policy.valid_s
        token = sign_clearance(self._secret, proof.clearance, int(now) + valid_s, actor)
        flags = "; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        cookie = ("Set-Cookie", f"{COOKIE}={token}; Path=/; Max-Age={valid_s}{flags}")
        if "json" in _first(headers, "content-type"):
            said = _json({"cleared": True, "people": self.policy.people, "valid_s": valid_s})
            return Page(200, (*said.headers, cookie), said.body)
        back = ("Location", safe_target(form.get("to", "/")))
        return Page(303, (("Cache-Control", "no-store"), back, cookie), b"")

    def _failed(
        self, failure: Failure, form: dict[str, str], headers: Headers, actor: Actor, now: float
    ) -> Page:
        """Return the page again with what was wrong, and with the same wait where it is not over."""
        over = failure is Failure.DAY_USED_UP
        refusal = Refusal(
            "block" if over else "challenge",
            429 if over else 403,
            form.get("reference", "")[:40] or new_reference(),
            retry_after_s=int(86400 - now % 86400) if over else 0,
            failure=failure.value,
        )
        refusal = self._with_forms(refusal, actor, form.get("to", "/"), form.get("scope", ""), now)
        if failure is Failure.EARLY:
            waiting = read_wait(self._secret, form["wait"], actor)
            left = waiting.ready - now if waiting else 0.0
            refusal = msgspec.structs.replace(refusal, wait_token=form["wait"], left_s=left)
        return self._render(refusal, headers)

    def _with_forms(
        self, refusal: Refusal, actor: Actor, target: str, scope: str, now: float
    ) -> Refusal:
        if refusal.kind != "challenge":
            return refusal
        token = new_wait(self._secret, secrets.token_hex(16), actor, self.policy.wait_s, now)
        return msgspec.structs.replace(
            refusal, wait_token=token, to=safe_target(target), scope=scope[:64]
        )

    def _render(self, refusal: Refusal, headers: Headers) -> Page:
        policy = self.policy
        offer = Offer(self.site, self.appeal, policy.people, policy.valid_s, policy.wait_s)
        accept, language = _first(headers, "accept"), _first(headers, "accept-language")
        return render(refusal, offer, accept=accept, language=language)


def safe_target(target: str) -> str:
    """Return a path on this site to go back to; anything that could lead elsewhere becomes `/`."""
    plain = all(" " < char < "\x7f" and char != "\\" for char in target)
    leads_here = target.startswith("/") and not target.startswith(("//", PREFIX))
    return target if plain and leads_here and len(target) <= _MAX_TO else "/"


def new_reference() -> str:
    """Return a random reference number, easy to read out: `K7Q2-MX4D-PA`."""
    return reference_of(secrets.token_hex(8))


def reference_of(request_id: str) -> str:
    """Return the reference number of a request id; whoever knows the id finds the reference."""
    # The first ten letters of the hash in Base32 (RFC 4648 section 6), two at a time: every request has one.
    bits = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:7]) >> 6
    pair = _PAIRS
    return (
        f"{pair[bits >> 40]}{pair[bits >> 30 & 1023]}-"
        f"{pair[bits >> 20 & 1023]}{pair[bits >> 10 & 1023]}-{pair[bits & 1023]}"
    )


def _form(body: bytes, content_type: str) -> dict[str, str]:
    """Return the fields of a form or of a flat JSON object; empty when they cannot be read."""
    if len(body) > MAX_FORM:
        return {}
    try:
        if "json" in content_type:
            fields = json.loads(body)
            pairs = fields.items() if isinstance(fields, dict) else ()
            return {key: value for key, value in pairs if isinstance(value, str)}
        parsed = parse_qs(body.decode("utf-8"), max_num_fields=16)
    except (ValueError, RecursionError):
        return {}
    return {name: _field(parsed, name) for name in parsed}


def _field(parsed: dict[str, list[str]], name: str) -> str:
    return parsed.get(name, [""])[0]


def _first(headers: Headers, name: str) -> str:
    return next(iter(header_values(headers, name)), "")


def _json(value: object) -> Page:
    headers = (("Cache-Control", "no-store"), ("Content-Type", "application/json"))
    return Page(200, headers, json.dumps(value).encode())
