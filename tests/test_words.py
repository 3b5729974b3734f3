"""Words that himaya never says: nobody can prove that somebody was left alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "himaya"
NEVER = ("not exposed", "not from us", "you were not", "unexposed", "never exposed")
#: What no text about a case says, in any of its languages: it orders nobody about, and clears nobody.
ORDERS = (
    *("you must", "you have to", "you are obliged", "you are required"),
    *("vous devez", "vous êtes tenu", "pas été exposé"),
    *("usted debe", "debe usted", "deberá", "no ha sido expuest"),
    *("يجب عليك", "يتعين عليك", "عليكم أن", "لم تتعرض"),
)
BINARY = {".png", ".ico", ".woff2", ".ttf", ".gz", ".zst", ".parquet", ".so"}


def _said(path: Path) -> Iterator[str]:
    """Yield what a file can put in front of somebody: string literals of a module, or the whole of another file."""
    text = path.read_text()
    if path.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    ours = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in ours
        ):
            yield node.value


def _found(texts: Iterator[str], never: tuple[str, ...] = NEVER) -> set[str]:
    plain = (" ".join(re.sub(r"<[^>]*>", " ", text).lower().split()) for text in texts)
    return {words for text in plain for words in never if words in text}


FILES = sorted(
    path
    for path in SRC.rglob("*")
    if path.is_file() and path.suffix not in BINARY and "__pycache__" not in path.parts
)


def test_no_output_says_that_somebody_was_left_alone():
    """No template and no string literal says "not exposed", "not from us" or "you were not" of anybody."""
    assert len(FILES) > 400
    found = {str(path.relative_to(SRC)): _found(_said(path)) for path in FILES}
    assert {name: words for name, words in found.items() if words} == {}


def test_nothing_about_a_case_orders_anybody_about():
    """Texts of notices, letters, laws and commands say "you must" to nobody, in English, French, Spanish or Arabic."""
    rooms = [path for path in FILES if "response" in path.parts or path.name.startswith("case")]
    assert {"notices/templates/ar.toml", "letters/texts/fr.toml", "regimes/data/eu.toml"} <= {
        str(path.relative_to(SRC / "response")) for path in rooms if "response" in path.parts
    }
    # The file that refuses such words names them.
    said = {p: _found(_said(p), ORDERS) for p in rooms if p.name != "texts.py"}
    assert {path.name: words for path, words in said.items() if words} == {}
    assert _found(iter(["<p>You <b>must</b> act, usted  debe</p>"]), ORDERS) == {
        "you must",
        "usted debe",
    }


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", 'print("You were " "not shown")', {"you were not"}),
        ("a.py", 'print(f"{name} was not\\n exposed")', {"not exposed"}),
        ("a.j2", "<p>This is <b>not</b> from\n us.</p>", {"not from us"}),
        ("a.py", '"""It never says "not exposed"."""\nx = 1  # not exposed\n', set()),
    ],
)
def test_the_search_finds_what_it_looks_for(tmp_path, name, text, words):
    """The words are found over line breaks, parts of a literal and markup; docstrings may state the rule."""
    (tmp_path / name).write_text(text)
    assert _found(_said(tmp_path / name)) == words
