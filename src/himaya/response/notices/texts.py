"""The words of notices in one language: a template file, checked against the English one key by key."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from himaya.config.bounded import read_bounded
from himaya.core.errors import InputError
from himaya.response.rendering.shown import within

_OURS = Path(__file__).parent / "templates"
#: The language whose keys and braces all others have.
FIRST = "en"
MAX_BYTES = 1 << 20
_BRACE = re.compile(r"\{(\w+)\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: What no notice says: nobody is ordered about, and the ledger cannot know that somebody was spared.
FORBIDDEN = (
    ("you", "must"),
    ("not", "exposed"),
    ("vous", "devez"),
    ("usted", "debe"),
    ("يجب", "عليك"),
)

Table = dict[str, str | list[str]]


class Texts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one language. `status` is draft, or reviewed `reviewed_by` somebody `reviewed_on` a day.

    `sha256` is that of the file: what was released is sent in the very words that were released.
    """

    language: str
    direction: Literal["ltr", "rtl"]
    status: Literal["draft", "reviewed"]
    reviewed_by: str
    reviewed_on: str
    marks: dict[str, str]
    words: dict[str, str]
    people: Table
    authority: dict[str, str]
    contents: dict[str, str]
    filled: dict[str, str]
    done: dict[str, str]
    fields: dict[str, str]
    sha256: str = ""

    def fill(self, words: str, **values: object) -> str:
        """Return words with their braces filled; each value is made safe to stand there."""
        return _BRACE.sub(lambda found: self.value(values[found[1]]), words)

    def value(self, text: object) -> str:
        """Return foreign text as it may stand in these words."""
        return within(text, self.direction)

    def line(self, key: str, **values: object) -> str:
        """Return a sentence of the table `people`, filled."""
        return self.fill(str(self.people[key]), **values)

    def lines(self, key: str) -> tuple[str, ...]:
        """Return the points of the table `people`."""
        return tuple(self.people[key])

    def field(self, name: str) -> str:
        """Return a field in words, or as the site names it."""
        return self.fields.get(name) or self.value(name)

    def status_mark(self) -> str:
        """Return the sentence that says whether somebody reviewed these words."""
        if self.status == "reviewed":
            said, values = "text_reviewed", {"by": self.reviewed_by, "on": self.reviewed_on}
        else:
            said, values = "text_draft", {}
        return self.fill(self.marks[said], language=self.language, **values)


class Library:
    """The languages a site has: ours, and those of its directory, which come first."""

    def __init__(self, directory: str = "") -> None:
        """Read every language. Raises InputError with file, key and what is wrong with it."""
        self._texts = dict(_ours())
        for path in sorted(Path(directory).glob("*.toml")) if directory else ():
            found = read_texts(path)
            self._texts[found.language] = found

    @property
    def languages(self) -> list[str]:
        """Return the languages, in alphabetical order."""
        return sorted(self._texts)

    def texts(self, language: str) -> Texts:
        """Return the words of a language. Raises InputError when there are none."""
        found = self._texts.get(language)
        if found is None:
            raise InputError(
                f"there is no text in {language!r}; there are: {', '.join(self.languages)}."
                " Put a file of it into `response.templates`"
            )
        return found

    def has(self, language: str) -> bool:
        """Tell whether there are words of a language."""
        return language in self._texts


@cache
def _ours() -> Mapping[str, Texts]:
    return {texts.language: texts for texts in map(read_texts, sorted(_OURS.glob("*.toml")))}


def read_texts(path: Path) -> Texts:
    """Return the words in a file. Raises InputError: not TOML, a key missing, other braces than in English."""
    data = read_bounded(path, MAX_BYTES)
    try:
        found = msgspec.convert(tomllib.loads(data.decode()), Texts)
    except (
        tomllib.TOMLDecodeError,
        UnicodeDecodeError,
        RecursionError,
        msgspec.ValidationError,
    ) as problem:
        raise InputError(
            f"cannot be used as texts of a language: {problem}", file=str(path)
        ) from problem
    first = found if path == _OURS / f"{FIRST}.toml" else _first()
    wrong = next(_problems(found, first), "")
    if wrong:
        raise InputError(wrong, file=str(path))
    return msgspec.structs.replace(found, sha256=hashlib.sha256(data).hexdigest())


@cache
def _first() -> Texts:
    return read_texts(_OURS / f"{FIRST}.toml")


def _problems(found: Texts, first: Texts) -> Iterator[str]:
    if not _LANGUAGE.fullmatch(found.language):
        yield f"language: {found.language!r} is no language tag, such as fr or pt-BR"
    if found.status == "reviewed" and not (found.reviewed_by and found.reviewed_on):
        yield 'status: "reviewed" needs reviewed_by and reviewed_on'
    mine, theirs = dict(_flat(found)), dict(_flat(first))
    for key in theirs.keys() - mine.keys():
        yield f"{key}: is missing"
    for key in mine.keys() - theirs.keys():
        if not key.startswith("fields."):
            yield f"{key}: is not used by any notice"
    for key, text in mine.items():
        wanted = set(_BRACE.findall(theirs.get(key, text)))
        if set(_BRACE.findall(text)) != wanted:
            yield f"{key}: has to have these braces and no other: {sorted(wanted) or 'none'}"
        yield from (f"{key}: {said}" for said in forbidden(text))


def forbidden(text: str) -> Iterator[str]:
    """Yield what a notice does not say and this text does."""
    plain = " ".join(text.casefold().split())
    for words in map(" ".join, FORBIDDEN):
        if words in plain:
            yield f"a notice does not say {words!r}"


def _flat(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield every text by its key; of a list, all points as one text."""
    tables: dict[str, Any] = msgspec.structs.asdict(texts)
    for name, table in tables.items():
        if not isinstance(table, dict):
            continue
        for key, text in table.items():
            yield f"{name}.{key}", text if isinstance(text, str) else "\n".join(text)
