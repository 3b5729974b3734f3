"""Reading regimes: the files of the package, and a site's own over them.

A site's file of the same name replaces what it names and keeps the rest; a new name adds a regime. Whoever changes a
limit and does not say how the new one is known has it marked as the site's own and not verified.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from himaya.config.decode import Problem, decode_as
from himaya.config.loading import read, syntax
from himaya.config.locate import Path as KeyPath
from himaya.config.locate import key_lines
from himaya.config.words import key_of
from himaya.core.errors import ConfigError
from himaya.response.regimes.checks import problems_of
from himaya.response.regimes.regime import Regime

#: Where a group of fields lies; a site that writes one of these keys without a mark leaves its group unverified.
_FIELDS: dict[KeyPath, str] = {
    ("authority",): "authority",
    ("authority", "languages"): "languages",
    ("law",): "law",
    ("law", "articles"): "articles",
    ("to_authority", "duty"): "authority_duty",
    ("to_authority", "threshold"): "authority_duty",
    ("to_authority", "limits"): "authority_deadline",
    ("to_authority", "contents"): "authority_contents",
    ("to_authority", "form_url"): "form_url",
    ("to_people", "duty"): "people_notice",
    ("to_people", "threshold"): "people_notice",
    ("to_people", "limits"): "people_notice",
    ("to_people", "contents"): "people_contents",
    ("versions",): "authority_deadline",
    ("records",): "records",
    ("scraping",): "scraping",
    ("changes",): "changes",
}
_SITE = {"evidence": "site", "verified": False}


class Text(NamedTuple):
    """A file of regimes: its name in messages, its text, and what that says."""

    file: str
    text: str
    raw: dict[str, Any]


class Entry(NamedTuple):
    """A regime and where it comes from. `own` is the site's file, "" where the package's stands unchanged."""

    regime: Regime
    own: str


def read_all(directory: Path | None) -> tuple[list[Entry], list[ConfigError]]:
    """Return every regime of the package and of a site's directory, and every mistake in the files."""
    found: list[Entry] = []
    errors: list[ConfigError] = []
    shipped, own = dict(_shipped()), _own(directory, errors)
    for name in sorted(shipped.keys() | own.keys()):
        _take(name, [t for t in (shipped.get(name), own.get(name)) if t], found, errors)
    return found, errors


def _take(name: str, texts: list[Text], found: list[Entry], errors: list[ConfigError]) -> None:
    """Read one regime from its one or two texts; the first is what the second stands over."""
    raw = texts[0].raw if len(texts) == 1 else _merged(texts[0].raw, _marked(texts[1].raw))
    regime, problems = decode_as(Regime, raw)
    if regime is not None:
        problems = list(problems_of(regime, name))
    errors += [_placed(one, texts) for one in problems]
    if regime is not None and not problems:
        is_own = len(texts) > 1 or not texts[0].file.startswith("himaya:")
        found.append(Entry(regime, texts[-1].file if is_own else ""))


def _shipped() -> Iterator[tuple[str, Text]]:
    for place in files("himaya.response.regimes").joinpath("data").iterdir():
        if place.name.endswith(".toml"):
            text = place.read_text(encoding="utf-8")
            name = place.name.removesuffix(".toml")
            yield name, Text(f"himaya:{place.name}", text, tomllib.loads(text))


def _own(directory: Path | None, errors: list[ConfigError]) -> dict[str, Text]:
    """Return the texts of a site's directory by name; what is no TOML goes to `errors`."""
    found: dict[str, Text] = {}
    for path in _listed(directory, errors):
        try:
            found[path.stem] = _read(path)
        except ConfigError as problem:
            errors.append(problem)
    return found


def _read(path: Path) -> Text:
    """Return the text of a site's file. Raises ConfigError."""
    text = read(path)
    try:
        return Text(str(path), text, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise syntax(problem, text, str(path)) from problem


def _listed(directory: Path | None, errors: list[ConfigError]) -> list[Path]:
    if directory is None:
        return []
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".toml")
    except OSError as problem:
        said = f"the directory of own regimes cannot be read: {problem.strerror}."
        hint = "It is named by [response] regimes."
        errors.append(ConfigError(said, file=str(directory), hint=hint))
        return []


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` with what `above` says: tables key by key, anything else as a whole."""
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        is_table = isinstance(old, dict) and isinstance(value, dict)
        found[key] = _merged(old or {}, value) if is_table else value
    return found


def _marked(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a site's tables with a mark of its own for each group that it changes and says no evidence of."""
    said = raw.get("evidence", {})
    if not isinstance(said, dict):
        return raw
    groups = {group for path, group in _FIELDS.items() if _has(raw, path)}
    groups |= {"people_notice"} if "versions" in raw else set()
    return {**raw, "evidence": {**dict.fromkeys(sorted(groups), _SITE), **said}}


def _has(raw: Any, path: KeyPath) -> bool:  # noqa: ANN401  (tables as they are written)
    for key in path:
        if not isinstance(raw, dict) or key not in raw:
            return False
        raw = raw[key]
    return True


def _placed(problem: Problem, texts: list[Text]) -> ConfigError:
    """Give a mistake its place: in the last text that writes the key, or the nearest table above it."""
    paths = [problem.path[:end] for end in range(len(problem.path), 0, -1)]
    written = [(text.file, key_lines(text.text)) for text in reversed(texts)]
    places = [(file, lines[path]) for path in paths for file, lines in written if path in lines]
    file, line = places[0] if places else (texts[-1].file, 0)
    key = key_of(problem.path)
    return ConfigError(problem.problem, file=file, line=line, key=key, hint=problem.hint)
