"""Words that himaya never says: nobody can prove that somebody was left alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "himaya"
NEVER = ("not exposed", "not from us", "you were not", "unexposed", "never exposed")
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


def _found(texts: Iterator[str]) -> set[str]:
    plain = (" ".join(re.sub(r"<[^>]*>", " ", text).lower().split()) for text in texts)
    return {words for text in plain for words in NEVER if words in text}


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
