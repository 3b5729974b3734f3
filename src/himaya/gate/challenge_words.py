"""The words of the refusal pages: one catalogue per language, chosen by the reader's browser.

A new language is a new dictionary with the same keys; a test keeps the keys equal.
"""

from __future__ import annotations

Words = dict[str, str]

ENGLISH: Words = {
    "challenge.title": "A short check before you see more people",
    "challenge.lead": (
        "This page shows people. To keep them from being collected, {site} counts how many different"
        " people each visitor sees. You have reached the number for now."
    ),
    "challenge.offer": "After the check you can see {people} more people within {valid}.",
    "block.title": "You have seen as many people as one visitor can for now",
    "block.lead": (
        "This page shows people. To keep them from being collected, {site} limits how many different"
        " people each visitor sees."
    ),
    "block.seen": "People you have seen already stay open to you.",
    "throttle.title": "Please slow down a little",
    "throttle.lead": (
        "This page shows people. To keep them from being collected, {site} slows down visitors who"
        " open many of them in a short time."
    ),
    "away.title": "This page cannot be shown at the moment",
    "away.lead": (
        "This page shows people, and the part of {site} that protects them does not answer. Nothing is"
        " wrong with your browser."
    ),
    "why": "Why",
    "retry": "You can go on in about {time} at the earliest.",
    "quick": "Quick check",
    "quick.text": "Your browser does a small calculation. There is nothing to type and nothing to recognise.",
    "quick.button": "Continue",
    "quick.insecure": (
        "The quick check needs a secure connection (https), which this page does not have. Please wait instead."
    ),
    "wait": "Or wait",
    "wait.text": (
        "If the quick check does not work for you: stay on this page for {wait}, then press the button."
        " No script is needed. It gives you the same."
    ),
    "wait.button": "I have waited",
    "mistake": "Is this a mistake?",
    "mistake.write": "Write to {appeal} and give the reference",
    "mistake.nobody": "Tell whoever runs {site} and give the reference",
    "kept": (
        "What is kept: {site} records which people were shown to which account or address, so that it can"
        " tell those people. The check loads nothing from other sites and follows nobody."
    ),
    "failure.unreadable": "The check could not be read. Please try again.",
    "failure.forged": "This check was not made for you here. Please try again.",
    "failure.expired": "The check is too old. Please try again.",
    "failure.other_actor": "This check was started by another visitor or from another network. Please try again.",
    "failure.wrong": "The calculation is not right. Please try again.",
    "failure.early": "The time is not over yet: please wait {left} more, then press the button again.",
    "failure.used": "This check was used already. Please do a new one.",
    "failure.day_used_up": (
        "This check was used already, or today's checks are used up; they start again tomorrow (UTC)."
    ),
    "second": "1 second",
    "seconds": "{n} seconds",
    "minute": "1 minute",
    "minutes": "{n} minutes",
    "hour": "1 hour",
    "hours": "{n} hours",
    "day": "1 day",
    "days": "{n} days",
}

CATALOGUE: dict[str, Words] = {"en": ENGLISH}

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def language_of(accept_language: str) -> str:
    """Return the language of the catalogue that the reader prefers (RFC 9110 section 12.5.4), else English."""
    for item in accept_language[:200].split(","):
        tag = item.partition(";")[0].strip().lower().partition("-")[0]
        if tag in CATALOGUE:
            return tag
    return "en"


def span(words: Words, seconds: float) -> str:
    """Return a length of time in words, rounded up in its largest fitting unit.

    >>> span(ENGLISH, 30), span(ENGLISH, 300), span(ENGLISH, 3600)
    ('30 seconds', '5 minutes', '1 hour')
    """
    whole = max(1, int(-(-seconds // 1)))
    unit, size = next(
        (unit, size) for unit, size in _UNITS if whole >= size * (2 if size == 60 else 1)
    )
    count = -(-whole // size)
    return words[unit] if count == 1 else words[f"{unit}s"].format(n=count)
