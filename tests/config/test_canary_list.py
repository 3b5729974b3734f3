"""The secret list of canaries: what it may hold, and what becomes of it in the configuration."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import load, loads, warnings
from himaya.config.canaries import MAX_LINE, parse, render
from himaya.core.errors import ConfigError, InputError

PLACE = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True)
SUBJECT = st.text(min_size=1, max_size=50).filter(
    lambda text: text.isprintable() and text == text.strip()
)
SITE = """
[canaries]
file = "canaries.txt"
[[surface]]
id = "profile"
route = "/u/{subject}"
"""


def _write(folder: Path, listed: str = "gap 17\nsitemap 99\n", text: str = SITE) -> Path:
    (folder / "canaries.txt").write_text(listed)
    (folder / "canaries.txt").chmod(0o600)
    (folder / "himaya.toml").write_text(text)
    return folder / "himaya.toml"


@given(st.dictionaries(SUBJECT, PLACE, max_size=20))
def test_what_is_written_is_read_back(placed):
    """Any ids that can be printed come back with their places, in their order."""
    assert list(parse(render(placed).encode(), 20).items()) == list(placed.items())


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_a_list_or_an_error(data):
    """The reader returns a table or says file and line; nothing else is raised."""
    found = problem = None
    try:
        found = parse(data, 5, "list.txt")
    except InputError as raised:
        problem = raised
    if problem is not None:
        assert (problem.file, problem.line > 0) == ("list.txt", True)
    else:
        assert len(found) <= 5
        assert all(subject.isprintable() and place for subject, place in found.items())


def test_comments_blanks_and_ids_with_blanks():
    """Comments and blank lines are passed over; an id may hold blanks."""
    text = b"\xef\xbb\xbf# a list\n\n  gap   10 482  \nsitemap\tx\n"
    assert parse(text, 5) == {"10 482": "gap", "x": "sitemap"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gap", "expected a place"),
        ("secret-place! 17", "names no place"),
        (f"{'g' * 41} 17", "names no place"),
        ("gap 17\ngap 17", "stands in the list before"),
        ("gap 1\ngap 2\ngap 3\ngap 4", "more than 3 canaries"),
        ("gap a\x07b", "control character"),
        ("g" * (MAX_LINE + 1), "longer than"),
    ],
)
def test_mistakes_are_named_without_the_ids(line, said):
    """Each mistake names file and line; what stands there is a secret, and is not repeated."""
    with pytest.raises(InputError, match=said) as caught:
        parse(line.encode(), 3, "list.txt")
    assert str(caught.value).startswith("list.txt:")
    assert "17" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_policy_holds_the_hash_and_no_id(tmp_path):
    """The activated text and the policy name the hash of the file; another list is another policy."""
    file = _write(tmp_path)
    first = load(file)
    digest = hashlib.sha256((tmp_path / "canaries.txt").read_bytes()).hexdigest()
    assert first.canary_places == {"17": "gap", "99": "sitemap"}
    assert first.policy().canaries == digest
    assert f'sha256 = "{digest}"' in first.canonical
    assert '"17"' not in first.canonical
    _write(tmp_path, "gap 17\nsitemap 98\n")
    assert load(file).policy().hash() != first.policy().hash()


def test_the_activated_text_loads_again_as_the_same_policy(tmp_path):
    """What the chain keeps gives the same policy while the list is the same; a hash that is written is replaced."""
    first = load(_write(tmp_path))
    again = loads(first.canonical, directory=tmp_path)
    assert again.policy().hash() == first.policy().hash()
    told = SITE.replace("[canaries]", '[canaries]\nsha256 = "made up"')
    assert load(_write(tmp_path, text=told)).policy() == first.policy()


def test_without_the_key_there_are_none(tmp_path):
    """No file named: nothing is read, and the policy has no hash."""
    config = loads(SITE.replace('file = "canaries.txt"', ""), directory=tmp_path)
    assert config.canary_places == {}
    assert config.policy().canaries == ""
    assert [text for text in warnings(config) if "canar" in text] == []


def test_a_list_that_is_not_there_is_a_mistake(tmp_path):
    """A named list that is missing, or that everybody may read, is named with line and key, and what to do."""
    file = _write(tmp_path)
    (tmp_path / "canaries.txt").chmod(0o644)
    with pytest.raises(ConfigError, match=r"himaya.toml:3: canaries.file: .*chmod 600"):
        load(file)
    (tmp_path / "canaries.txt").unlink()
    with pytest.raises(ConfigError, match=r"himaya.toml:3: canaries.file: .*canary make"):
        load(file)
    assert load(file, canaries=False).canary_places == {}


def test_more_than_the_bound_is_a_mistake(tmp_path):
    """`canaries.most` bounds the list."""
    text = SITE.replace("[canaries]", "[canaries]\nmost = 1")
    with pytest.raises(ConfigError, match="more than 1 canaries"):
        load(_write(tmp_path, text=text))


def test_canaries_of_one_place_lead_to_nothing_and_it_is_said(tmp_path):
    """One place alone, or an action without a list, is a note of `config check`."""
    (note,) = [t for t in warnings(load(_write(tmp_path, "gap 17\n"))) if "canar" in t]
    assert "fewer than two places" in note
    text = SITE.replace('file = "canaries.txt"', "") + '[detectors.canary]\naction = "block"\n'
    assert any("no canaries are listed" in t for t in warnings(loads(text, directory=tmp_path)))


@pytest.mark.parametrize("name", ["anna", "session:1", "account:"])
def test_who_is_exempt_is_named_by_a_facet(name):
    """An exempt actor is an account, a key or an address."""
    with pytest.raises(ConfigError, match="expected account:NAME"):
        loads(f'[detectors.canary]\nexempt = ["{name}"]\n')


def test_few_are_exempt():
    """The list of exempt actors is bounded."""
    names = ", ".join(f'"account:{n}"' for n in range(1001))
    with pytest.raises(ConfigError, match="more than 1000 actors"):
        loads(f"[detectors.canary]\nexempt = [{names}]\n")
