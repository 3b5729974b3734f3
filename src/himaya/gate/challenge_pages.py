"""Refusals as a page for people or as JSON for programs, with the same facts in both."""

from __future__ import annotations

import hashlib
import json
import math
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import jinja2
import msgspec

from himaya.core.decision import Action, Admission, Decision
from himaya.gate.challenge_words import CATALOGUE, Words, language_of, span

#: Where the gate answers for itself; applications must not use this prefix.
PREFIX = "/.himaya/"

#: Nothing from elsewhere, nothing inline, no frame around it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SHIPPED = {
    "check.js": ("check.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
    "altcha.js": ("vendor/altcha/altcha.js", "text/javascript"),
    "altcha.css": ("vendor/altcha/altcha.css", "text/css"),
    "pbkdf2.js": ("vendor/altcha/pbkdf2.js", "text/javascript"),
    "altcha-LICENSE.txt": ("vendor/altcha/LICENSE.txt", "text/plain"),
}

_RETRY_S = {"hour": 300, "day": 3600, "month": 86400}


class Page(NamedTuple):
    """A whole answer: status, header fields, body bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Refusal(msgspec.Struct, frozen=True):
    """The facts of a refusal. `kind` is challenge, block, throttle or away; times are seconds.

    `wait_token` and `to` are filled for challenges only: the token of the waiting form, and where to go after
    it. `failure` is the word key of what was wrong with a proof, "" for none.
    """

    kind: str
    status: int
    reference: str
    reasons: tuple[str, ...] = ()
    retry_after_s: int = 0
    wait_token: str = ""
    to: str = "/"
    scope: str = ""
    failure: str = ""
    left_s: float = 0.0


class Offer(msgspec.Struct, frozen=True):
    """What a site says on its refusals: its name, where to appeal, and what a challenge buys."""

    site: str
    appeal: str
    people: int
    valid_s: int
    wait_s: int


def refusal_of(decision: Decision | Admission, reference: str) -> Refusal:
    """Return the facts of a decision that refuses.

    Status: 403 for a challenge; 429 with Retry-After (RFC 6585 section 4) where time alone heals it, a budget or a
    throttle; 403 for a standing block.
    """
    reasons = tuple(reason.words() for reason in decision.reasons)
    kind = decision.action.value
    if decision.action is Action.CHALLENGE:
        return Refusal(kind, 403, reference, reasons)
    if decision.action is Action.THROTTLE:
        delay = decision.delay_s if isinstance(decision, Decision) else 1.0
        return Refusal(kind, 429, reference, reasons, max(1, math.ceil(delay)))
    wait = decision.retry_after_s if isinstance(decision, Decision) else 0
    wait = wait or max((_RETRY_S.get(reason.window, 0) for reason in decision.reasons), default=0)
    budget = any(reason.rule == "budget" for reason in decision.reasons)
    return Refusal("block", 429 if budget else 403, reference, reasons, wait)


def wants_html(accept: str) -> bool:
    """Tell whether the asker takes HTML at least as gladly as JSON (RFC 9110 section 12.5.1).

    Browsers name text/html when they open a page; whoever does not name it is a program.
    """
    html = json_like = 0.0
    for item in accept[:1000].split(","):
        name, quality = _quality(item)
        if name in {"text/html", "application/xhtml+xml", "text/*"}:
            html = max(html, quality)
        elif name.endswith("json"):
            json_like = max(json_like, quality)
    return html > 0 and html >= json_like


def render(refusal: Refusal, offer: Offer, *, accept: str, language: str) -> Page:
    """Return the answer to a refused request: HTML or `application/problem+json` (RFC 9457)."""
    tongue = language_of(language)
    words = CATALOGUE[tongue]
    common: tuple[tuple[str, str], ...] = (
        ("Cache-Control", "no-store"),
        ("Vary", "Accept, Accept-Language, Cookie"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Robots-Tag", "noindex"),
        ("Referrer-Policy", "same-origin"),
        ("Himaya-Reference", refusal.reference),
    )
    if refusal.retry_after_s:
        common += (("Retry-After", str(refusal.retry_after_s)),)
    if wants_html(accept):
        body = _html(refusal, offer, words, tongue)
        policy = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return Page(
            refusal.status, (*common, ("Content-Type", "text/html; charset=utf-8"), policy), body
        )
    problem = json.dumps(_problem(refusal, offer, words), ensure_ascii=False, indent=1).encode()
    return Page(refusal.status, (*common, ("Content-Type", "application/problem+json")), problem)


def shipped(name: str, if_none_match: str = "") -> Page | None:
    """Return a file of the page (script, style, licence) with an ETag, or None when there is none."""
    if name not in _SHIPPED:
        return None
    body, tag = _file(_SHIPPED[name][0])
    kind = _SHIPPED[name][1]
    headers = (
        ("Cache-Control", "public, max-age=3600"),
        ("ETag", tag),
        ("X-Content-Type-Options", "nosniff"),
    )
    if tag in if_none_match:
        return Page(304, headers, b"")
    # The worker takes its policy from its own file's headers.
    policy = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    return Page(200, (*headers, ("Content-Type", f"{kind}; charset=utf-8"), policy), body)


def _html(refusal: Refusal, offer: Offer, words: Words, language: str) -> bytes:
    template = _templates().get_template("refusal.html")
    text = template.render(
        **_said(refusal, offer, words),
        word=words,
        language=language,
        refusal=refusal,
        offer=offer,
        prefix=PREFIX,
        appeal_link=_link(offer.appeal, refusal.reference),
        wait=span(words, offer.wait_s),
    )
    return text.encode()


def _said(refusal: Refusal, offer: Offer, words: Words) -> dict[str, str]:
    """Return the sentences that page and JSON share."""
    kind = refusal.kind
    said = {
        "title": words[f"{kind}.title"],
        "lead": words[f"{kind}.lead"].format(site=offer.site),
        "offered": "",
        "retry": "",
        "failure": "",
    }
    # Views of people already seen are free within a budget, not under a standing block.
    if kind == "block" and refusal.status == 429:
        said["lead"] += f" {words['block.seen']}"
    if kind == "challenge":
        valid = span(words, offer.valid_s)
        said["offered"] = words["challenge.offer"].format(people=offer.people, valid=valid)
    if refusal.retry_after_s:
        said["retry"] = words["retry"].format(time=span(words, refusal.retry_after_s))
    if refusal.failure:
        left = span(words, refusal.left_s)
        said["failure"] = words[f"failure.{refusal.failure}"].format(left=left)
    return said


def _problem(refusal: Refusal, offer: Offer, words: Words) -> dict[str, object]:
    said = _said(refusal, offer, words)
    detail = " ".join(filter(None, (said["failure"], said["lead"], said["offered"], said["retry"])))
    problem: dict[str, object] = {
        "type": f"urn:himaya:refusal:{refusal.kind}",
        "title": said["title"],
        "status": refusal.status,
        "detail": detail,
        "action": refusal.kind,
        "reasons": list(refusal.reasons),
        "reference": refusal.reference,
        "appeal": offer.appeal,
    }
    if refusal.retry_after_s:
        problem["retry_after_s"] = refusal.retry_after_s
    if refusal.kind == "challenge":
        problem |= {
            "challenge": f"{PREFIX}challenge?scope={refusal.scope}",
            "answer": f"{PREFIX}clear",
            "people": offer.people,
            "valid_s": offer.valid_s,
            "wait": refusal.wait_token,
            "wait_s": offer.wait_s,
        }
    return problem


def _link(appeal: str, reference: str) -> str:
    """Return what the appeal contact links to, "" when it is plain text."""
    if appeal.startswith(("https://", "http://", "mailto:")):
        return appeal
    if "@" in appeal and " " not in appeal:
        return f"mailto:{appeal}?subject=Reference%20{reference}"
    return ""


def _quality(item: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("himaya.gate", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=16)
def _file(path: str) -> tuple[bytes, str]:
    body = resources.files("himaya.gate").joinpath("pages", *path.split("/")).read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'
