"""From what himaya noticed to words that may leave the house: no name, address, session or path is in them."""

from __future__ import annotations

import re

from himaya.config.types import Severity
from himaya.core.finding import Finding
from himaya.runner.alerting.alert import MAX_NAMES, Kind, Occurrence

#: How the principals of findings are called, by the word before the colon of their name.
_WHO = {
    "account": "an account",
    "session": "a session",
    "key": "an API key",
    "address": "an address",
    "prefix": "a network",
    "asn": "a provider",
    "fingerprint": "a class of clients",
    "batch": "a sign-up batch",
    "surface": "a surface",
    "class": "a class of visitors",
}

#: Findings whose `why` is made of declared names and numbers alone.
_PLAIN = {"drift": Kind.FIELD, "surge": Kind.SURGE, "exhaustion": Kind.EXHAUSTION}

#: Findings that honest people do not cause.
_HIGH = frozenset({"canary", "drift", "surge"})

_SHOW = "himaya alert show ID --names --why REASON"
_STATUS = "himaya status"

#: How gaps begin that are no loss of the log feed but time in which everything passed.
_PASSED = ("switched off", "the gate did not answer", "the authority did not answer")

#: How the gap of a silent log begins.
SILENT = "no line of the log came"


def of_finding(finding: Finding) -> Occurrence:
    """Return what a finding is to somebody who may not learn of whom it is."""
    kind, _, name = finding.actor.partition(":")
    if finding.detector == "group":
        return _case(finding, name)
    severity: Severity = "high" if finding.detector in _HIGH else "medium"
    plain = _PLAIN.get(finding.detector)
    if plain is not None:
        return Occurrence(
            plain,
            # Each undeclared field is an alert of its own; a shared budget is known by its kind, not by its name.
            finding.why if plain is Kind.FIELD else f"{finding.detector}/{_what(kind, name)}",
            severity,
            finding.at,
            f"{finding.why}.",
            _STATUS if plain is Kind.SURGE else _SHOW,
            f"{finding.detector} {_what(kind, name)}",
            _names(finding),
        )
    return Occurrence(
        Kind.FINDING,
        f"{finding.detector}/{_what(kind, name)}",
        severity,
        finding.at,
        f"{finding.detector} found {_WHO.get(kind, 'an actor')}: its measure is {finding.value:g},"
        f" the threshold {finding.threshold:g}.",
        _SHOW,
        finding.detector,
        _names(finding),
    )


def _what(kind: str, name: str) -> str:
    """Return a principal without its name; surfaces and classes are the site's own words."""
    return f"{kind}:{name}" if kind in {"surface", "class"} else kind


def _names(finding: Finding) -> tuple[str, ...]:
    return (finding.actor, *finding.members)[:MAX_NAMES]


def _case(finding: Finding, case: str) -> Occurrence:
    return Occurrence(
        Kind.CASE,
        case,
        "high",
        finding.at,
        f"A case was opened: {len(finding.members)} actors that work together, by a test on the ledger.",
        f"himaya case show {case} --ledger LEDGER",
        f"case {case}",
    )


def case_waits(now: float, case: str, waited_s: float) -> Occurrence:
    """Return that nobody acknowledged a suspected case; the owner is told at once."""
    return Occurrence(
        Kind.CASE,
        f"{case}/waits",
        "high",
        now,
        f"Nobody acknowledged a suspected case for {waited_s / 60:.0f} min.",
        f"himaya case show {case} --ledger LEDGER",
        f"case {case}",
        to_owner=True,
    )


def of_gap(start: float, end: float, why: str, surface: str, door: str) -> Occurrence:
    """Return what an unobserved period is: a silent log, time in which everything passed, or lost observation."""
    plain, reference = why.partition(":")[0], f"surface {surface}" if surface else ""
    lasted = f"{max(0.0, end - start):.0f} s"
    see = "himaya doctor --config himaya.toml"
    if why.startswith(SILENT):
        return silence(end, end - start)
    if door or why.startswith(_PASSED):
        where = f" on surface {surface}" if surface else ""
        text = f"For {lasted} requests{where} passed without a decision: {plain}."
        return Occurrence(Kind.FAIL_OPEN, surface, "high", end, text, see, reference)
    text = f"A period of {lasted} is unobserved: {plain}."
    # Numbers differ from time to time; what happened is the same.
    return Occurrence(Kind.GAP, re.sub(r"\d+", "N", plain), "high", end, text, see, reference)


def silence(now: float, lasted_s: float) -> Occurrence:
    """Return that the log has gone silent, or that nobody reads it any more."""
    text = (
        f"The log feed is silent: no line came for {lasted_s:.0f} s, and lines used to come."
        " What is shown meanwhile is not observed."
    )
    return Occurrence(
        Kind.SILENCE, "log", "high", now, text, "himaya doctor --config himaya.toml", "log feed"
    )


def gate_away(now: float, lasted_s: float) -> Occurrence:
    """Return that lines of the log wait for a gate that does not answer."""
    text = f"The gate has not answered for {lasted_s:.0f} s; lines of the log wait for it."
    return Occurrence(Kind.GATE, "gate", "high", now, text, _STATUS, "gate")


def ledger_trouble(now: float) -> Occurrence:
    """Return that the ledger cannot be written."""
    text = "The ledger cannot be written; rows wait, and are lost when too many do."
    return Occurrence(Kind.LEDGER, "ledger", "high", now, text, _STATUS, "ledger")


def disk_low(now: float, free_mb: int, least_mb: int) -> Occurrence:
    """Return that the disk of the ledger is nearly full; both in MB."""
    text = f"The disk of the ledger has {free_mb} MB left; the bound is {least_mb} MB."
    return Occurrence(
        Kind.DISK, "ledger", "high", now, text, "himaya ledger status --ledger LEDGER", "ledger"
    )


def key_old(now: float, key: str, age_days: int, most_days: int) -> Occurrence:
    """Return that a key file should be replaced; `key` is the configuration's word for it, never its path."""
    text = (
        f"The file of {key} is {age_days} days old; keys are to be replaced after {most_days} days."
    )
    see = "himaya doctor --config himaya.toml"
    return Occurrence(Kind.KEY, key, "low", now, text, see, key, again_s=86400.0)


def anchor_trouble(now: float, place: str) -> Occurrence:
    """Return that a place takes no deposits of the chain's head; `place` is the configuration's word for it."""
    text = f"The head of the ledger's chain could not be deposited at {place}; it is tried again."
    return Occurrence(Kind.ANCHOR, place, "medium", now, text, _STATUS, f"anchor {place}")


def letter_overdue(now: float, case: str, letter: str, last_day: str) -> Occurrence:
    """Return that the recipient of a letter of a case did not answer until `last_day` (an ISO date) was over."""
    text = f"No answer to letter {letter} of case {case} came; its last day was {last_day}."
    see = f"himaya case letter show {case} --ledger LEDGER"
    return Occurrence(
        Kind.LETTER, f"{case}/{letter}", "medium", now, text, see, f"case {case}", again_s=86400.0
    )


def test(now: float) -> Occurrence:
    """Return the alert that tries the channels."""
    text = "This is a test of the alerts; nothing happened."
    return Occurrence(
        Kind.TEST, "test", "low", now, text, "himaya alert list", "test", again_s=0.001
    )
