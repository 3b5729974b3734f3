"""The texts of letters: one TOML file per language, with whether somebody reviewed it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from himaya.core.errors import InputError

#: Version of the texts; raised with every change of what a letter says.
VERSION = "1"


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of one language. `reviewed` says by whom and when, "" by nobody."""

    language: str
    direction: str
    reviewed: str
    words: dict[str, str]
    identity: dict[str, str]
    sure: dict[str, str]
    titles: dict[str, str]
    facts: dict[str, str]
    bases: dict[str, str]
    demands: dict[str, list[str]]
    answers: dict[str, str]
    reservation: dict[str, str]
    annex: dict[str, str]
    form: dict[str, str | list[str]]

    def fill(self, text: str, **values: str) -> str:
        """Return a text with its words filled in.

        Where the language runs from right to left, each value is isolated from left to right (Unicode UAX 9, LRI and
        PDI): else the parts of a date change places.
        """
        return text.format(**{name: self.isolated(plain(value)) for name, value in values.items()})

    def isolated(self, value: str) -> str:
        """Return a value that keeps its own direction within the language."""
        return f"\u2066{value}\u2069" if self.direction == "rtl" and value else value

    @property
    def status(self) -> str:
        """Return whether somebody reviewed the text, in words for whoever reads it."""
        name = "reviewed" if self.reviewed else "unreviewed"
        return self.words[name].format(
            language=self.language, version=VERSION, reviewed=self.reviewed
        )


def plain(text: str) -> str:
    """Return text from outside in one line, without what steers a terminal or turns a direction."""
    return "".join(one if one.isprintable() else " " for one in text)


def languages() -> list[str]:
    """Return the languages there are texts in."""
    found = files("himaya.response.letters").joinpath("texts").iterdir()
    return sorted(one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml"))


@cache
def texts(language: str) -> Texts:
    """Return the texts of a language. Raises InputError when there are none."""
    if language not in languages():
        raise InputError(
            f"there are no letters in {language!r}; there are: {', '.join(languages())}"
        )
    place = files("himaya.response.letters").joinpath(f"texts/{language}.toml")
    return msgspec.convert(tomllib.loads(place.read_text("utf-8")), Texts)
