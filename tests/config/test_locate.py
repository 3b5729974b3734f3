"""Where a key stands in a TOML text."""

from __future__ import annotations

import re
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from himaya.config.locate import Path, key_lines, line_of

NAMES = st.sampled_from(["a", "b", "route", "x-y", "k_1", "9"])


def leaves(value: object, path: Path = ()) -> dict[Path, object]:
    """Return every scalar of a parsed text by its path."""
    if isinstance(value, dict):
        pairs = [leaves(v, (*path, k)) for k, v in value.items()]
    elif isinstance(value, list):
        pairs = [leaves(v, (*path, i)) for i, v in enumerate(value)]
    else:
        return {path: value}
    return {k: v for found in pairs for k, v in found.items()}


class Text:
    """A TOML text under construction; every value is a number used once, so its line is known."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.lines, self.next = draw, [], 0

    def scalar(self) -> str:
        self.next += 1
        forms = ["{}", '"v{} # no [comment] = {{"', "'v{} ]'", '"""v{}\n[x]\ny = 1\n"""']
        return self.draw(st.sampled_from(forms)).format(1000 + self.next)

    def key(self, name: str) -> str:
        return self.draw(st.sampled_from([name, f'"{name}"', f"'{name}'"]))

    def value(self, depth: int) -> str:
        shape = self.draw(
            st.sampled_from(["scalar", "scalar", "array", "inline"] if depth else ["scalar"])
        )
        if shape == "array":
            gap = self.draw(st.sampled_from(["", " ", "\n  ", " # ] why\n "]))
            items = [self.value(depth - 1) for _ in range(self.draw(st.integers(0, 3)))]
            tail = self.draw(st.sampled_from(["", ","])) if items else ""
            return "[" + gap + ("," + gap).join(items) + tail + gap + "]"
        if shape == "inline":
            names = self.draw(st.lists(NAMES, unique=True, max_size=3))
            return (
                "{ " + ", ".join(f"{self.key(n)} = {self.value(depth - 1)}" for n in names) + " }"
            )
        return self.scalar()

    def pairs(self) -> None:
        for name in self.draw(st.lists(NAMES, unique=True, max_size=3)):
            dotted = self.draw(st.booleans())
            key = f"{self.key(name)} . deep" if dotted else self.key(name)
            self.lines.append(f"{key} = {self.value(2)}")
            self.lines.extend(self.draw(st.lists(st.sampled_from(["", "# note [x]"]), max_size=1)))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw a valid TOML text with tables, arrays of tables, dotted and inline keys."""
    text = Text(draw)
    text.pairs()
    for number in range(draw(st.integers(0, 3))):
        shape = draw(
            st.sampled_from(["[t{0}]", "[t{0}.sub]", "[[list]]", "[[list]]\n[list.inner]"])
        )
        text.lines.append(shape.format(number))
        text.pairs()
    return "\n".join(text.lines)


@given(texts())
def test_every_value_is_found_on_its_line(text: str) -> None:
    """The scanner names exactly the paths tomllib names, each on the line that carries its value."""
    parsed, lines = tomllib.loads(text), key_lines(text)
    expected = leaves(parsed)
    assert set(expected) <= set(lines)
    rows = text.split("\n")
    for path, value in expected.items():
        mark = re.search(r"\d{4,}", str(value))
        assert mark
        assert mark.group() in rows[lines[path] - 1]


@given(st.text(alphabet="[]{}=\"'#,. \n\\ab1", max_size=60))
def test_any_text_ends(text: str) -> None:
    """The scanner ends on any text, valid or not, and never raises on a valid one."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(leaves(tomllib.loads(text))) - {()} <= set(key_lines(text))


def test_arrays_of_tables_count() -> None:
    """The second item of an array of tables is told apart from the first."""
    lines = key_lines(
        '[[surface]]\nid = "a"\n\n[[surface]]\nid = "b"\nfields = [\n  "x",\n  "y",\n]\n'
    )
    assert (lines["surface", 0, "id"], lines["surface", 1, "id"]) == (2, 5)
    assert lines["surface", 1, "fields", 1] == 8


def test_missing_path_falls_back_to_what_encloses_it() -> None:
    """A key that is not written is reported on the line of its table; an unknown one on line 0."""
    lines = key_lines("[owner]\n")
    assert line_of(lines, ("owner", "contact")) == 1
    assert line_of(lines, ("site", "name")) == 0
