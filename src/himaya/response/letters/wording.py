"""The texts of letters: one TOML file per language, with whether somebody reviewed it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from himaya.core.errors import InputError
from himaya.response.rendering.shown import within

#: Version of the texts; raised with every change of what a letter says.
VERSION = "1"


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of one language. `reviewed` says by whom and when, "" by nobody."""

    language: str
    direction: Literal["ltr", "rtl"]
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
        """Return a text with its words filled in; each value is made safe to stand there."""
        return text.format(**{name: self.value(value) for name, value in values.items()})

    def value(self, text: str) -> str:
        """Return a value as it may stand in these words: in its line, and in its own direction."""
        return within(text, self.direction) if text else ""

    @property
    def status(self) -> str:
        """Return whether somebody reviewed the text, in words for whoever reads it."""
        name = "reviewed" if self.reviewed else "unreviewed"
        return self.words[name].format(
            language=self.language, version=VERSION, reviewed=self.reviewed
        )


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
