"""Tokens open for whom they were made, while they hold, and for nothing else; what they look like says nothing."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import ConfigError, InputError
from himaya.ids import DAY_S, Ids, new_key, read_keys
from himaya.ids import ids as module

NOW = 1_800_000_000.0
KEY, OTHER = b"k" * 32, b"o" * 32
WEEK = 7 * DAY_S

SUBJECTS = st.one_of(
    st.integers(0, 1 << 60).map(str),
    st.uuids().map(str),
    st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")),
    st.sampled_from(["0", "007", "-1", "\x80", "a\0", "\0", "¹", "72057594037927936"]),
)


@given(subject=SUBJECTS, viewer=st.text(min_size=1, max_size=30), at=st.floats(0, 4e9))
def test_a_token_opens_for_its_viewer_and_gives_the_id_back(subject, viewer, at):
    """Whatever the id: sealed and opened it is the same text, and the token is safe in a URL."""
    ids = Ids(KEY)
    token = ids.seal(subject, viewer, at)
    assert module._SHAPE.fullmatch(token)
    assert ids.open(token, viewer, at) == subject
    assert ids.seal(subject, viewer, at) == token


@given(subject=SUBJECTS, viewer=st.text(min_size=1, max_size=30))
def test_a_token_opens_for_nobody_else(subject, viewer):
    """Another viewer, another purpose, another key: each gets None, also where names run together."""
    ids = Ids(KEY)
    token = ids.seal(subject, viewer, NOW, "photo")
    assert ids.open(token, f"{viewer}x", NOW, "photo") is None
    assert ids.open(token, viewer, NOW) is None
    assert ids.open(token, viewer[:-1] or "y", NOW, f"photo{viewer[-1]}") is None
    assert Ids(OTHER).open(token, viewer, NOW, "photo") is None


def test_a_token_holds_for_its_period_and_as_many_as_are_kept():
    """The link of a viewer is the same all through a period and another in the next; it ends when said."""
    ids = Ids(KEY, rotate_s=WEEK, keep=2)
    start = (NOW // WEEK) * WEEK
    token = ids.seal("17", "account:4", start)
    assert ids.seal("17", "account:4", start + WEEK - 1) == token
    assert ids.seal("17", "account:4", start + WEEK) != token
    opens = [ids.open(token, "account:4", start + n * WEEK) for n in range(4)]
    assert opens == ["17", "17", "17", None]
    assert ids.open(token, "account:4", start + 3 * WEEK - 1) == "17"
    assert ids.holds_s == (2 * WEEK, 3 * WEEK)


def test_a_host_whose_clock_is_a_little_behind_opens_new_tokens():
    """Half a minute before a period begins its tokens open already; a period ahead they do not."""
    ids = Ids(KEY)
    start = (NOW // WEEK + 1) * WEEK
    token = ids.seal("17", "account:4", start)
    assert ids.open(token, "account:4", start - 30) == "17"
    assert ids.open(token, "account:4", start - 90) is None


def test_a_key_is_replaced_without_breaking_links():
    """The first key seals, all open; once the old key is gone its tokens are."""
    old, both, new = Ids(KEY), Ids([OTHER, KEY]), Ids(OTHER)
    token = old.seal("17", "account:4", NOW)
    assert both.open(token, "account:4", NOW) == "17"
    assert both.seal("17", "account:4", NOW) == new.seal("17", "account:4", NOW) != token
    assert new.open(token, "account:4", NOW) is None


@given(st.text(max_size=80) | st.from_regex(r"\A[as]([A-Za-z0-9_-]{4}){8,20}\Z"))
def test_what_was_not_sealed_does_not_open(text):
    """Any text may be given: None comes back, and never an error."""
    ids = Ids([KEY, OTHER])
    assert ids.open(text, "account:4", NOW) is None
    assert ids.open_shared(text, NOW) is None


def test_every_changed_character_breaks_a_token():
    """A token has one spelling: whichever character is changed, added or dropped, it does not open."""
    ids = Ids(KEY)
    for token, opens in (
        (ids.seal("17", "account:4", NOW), lambda text: ids.open(text, "account:4", NOW)),
        (ids.share("17", "account:4", NOW), lambda text: ids.open_shared(text, NOW)),
    ):
        assert opens(token) is not None
        changed = [token[:n] + c + token[n + 1 :] for n in range(len(token)) for c in "AZaz09-_"]
        longer = [token + end for end in ("A", "AAAA", "=", "\n", " ")]
        wrong = [text for text in (*changed, *longer, token[:-1], token[:-4]) if text != token]
        assert [text for text in wrong if opens(text) is not None] == []


def test_tokens_of_numbers_have_33_characters_and_of_uuids_45():
    """The length is what the docs say, and tells the kind of id, not which one."""
    ids = Ids(KEY)

    def length(subject):
        return len(ids.seal(subject, "account:4", NOW))

    assert {length(str(n)) for n in (0, 9, 10**6, 2**40, 2**56 - 1)} == {33}
    assert {length(str(UUID(int=n))) for n in (0, 5 << 90, 2**128 - 1)} == {45}
    assert [length("x" * n) for n in (1, 6, 7, 15, 16, 24)] == [33, 33, 45, 45, 57, 57]
    assert len(ids.seal("x" * 200, "a", NOW)) == len(ids.seal("é" * 100, "b", NOW)) <= 1 + 150 * 4


def test_tokens_tell_neither_order_nor_who_looks():
    """Of a thousand people no two tokens are alike anywhere: no prefix, no order, no shared part between viewers."""
    ids = Ids(KEY)
    people = [str(n) for n in range(1000)]
    tokens = {viewer: [ids.seal(p, viewer, NOW) for p in people] for viewer in ("a", "b")}
    assert len({*tokens["a"], *tokens["b"]}) == 2000
    firsts = [len({token[n] for token in tokens["a"]}) for n in range(1, 33)]
    assert min(firsts) == 64
    rising = sum(a < b for a, b in zip(tokens["a"], tokens["a"][1:], strict=False))
    assert 440 < rising < 560
    same = sum(
        x == y for pair in zip(*tokens.values(), strict=True) for x, y in zip(*pair, strict=True)
    )
    assert 300 < same - 1000 < 700  # all begin with "a"; of 32,000 further pairs 1 in 64 agrees


def test_opening_tries_the_same_number_of_seals_whatever_is_given(monkeypatch):
    """How long it takes says nothing about a token: fitting or not, every key meets every period."""
    tried, module_aessiv = [], module.AESSIV

    class Cipher:
        def __init__(self, key):
            self._cipher = module_aessiv(key)

        def encrypt(self, data, about):
            return self._cipher.encrypt(data, about)

        def decrypt(self, data, about):
            tried.append(about)
            return self._cipher.decrypt(data, about)

    monkeypatch.setattr(module, "AESSIV", Cipher)
    ids = Ids([OTHER, KEY], keep=3)
    fits, old = ids.seal("17", "account:4", NOW), Ids(KEY).seal("17", "account:4", NOW - 2 * WEEK)
    counts = []
    for token, viewer in (
        (fits, "account:4"),
        (old, "account:4"),
        (fits, "account:5"),
        ("a" * 33, "x"),
    ):
        tried.clear()
        ids.open(token, viewer, NOW)
        counts.append(len(tried))
    assert counts == [8, 8, 8, 8]


def test_a_shared_link_opens_for_everybody_until_it_ends_and_names_its_sharer():
    """It gives person, sharer and end; after the end, and as a viewer's token, it opens nothing."""
    ids = Ids(KEY)
    token = ids.share("17", "account:4", NOW, lasts_s=DAY_S)
    shared = ids.open_shared(token, NOW + DAY_S - 1)
    assert (shared.subject, shared.sharer) == ("17", "account:4")
    assert 0 <= shared.until - (NOW + DAY_S) < 3600
    assert ids.open_shared(token, shared.until - 1) is not None
    assert ids.open_shared(token, shared.until) is None
    assert ids.open(token, "account:4", NOW) is None
    assert ids.open(f"a{token[1:]}", "account:4", NOW) is None
    assert ids.open_shared(f"s{ids.seal('17', 'account:4', NOW)[1:]}", NOW) is None
    assert ids.open_shared(token, NOW, "photo") is None
    assert len(token) == 57


@given(subject=SUBJECTS, sharer=st.text(min_size=1, max_size=40))
def test_whatever_is_shared_comes_back(subject, sharer):
    """Person and sharer are the texts they were."""
    shared = Ids(KEY).open_shared(Ids(KEY).share(subject, sharer, NOW), NOW)
    assert (shared.subject, shared.sharer) == (subject, sharer)


@pytest.mark.parametrize("subject", ["", "x" * 201, "é" * 101])
def test_ids_that_cannot_be_sealed_are_named(subject):
    """An empty id and one over 200 bytes are refused with their length."""
    with pytest.raises(InputError, match="1 to 200 bytes"):
        Ids(KEY).seal(subject, "account:4", NOW)


def test_a_viewer_is_needed():
    """An empty viewer would be everybody: it is refused in each call."""
    ids = Ids(KEY)
    token = ids.seal("17", "account:4", NOW)
    for call in (
        lambda: ids.seal("17", "", NOW),
        lambda: ids.open(token, "", NOW),
        lambda: ids.share("17", "", NOW),
    ):
        with pytest.raises(InputError, match="needs a viewer"):
            call()


@pytest.mark.parametrize(
    ("keys", "settings", "words"),
    [
        (b"short", {}, "32 bytes"),
        ([KEY, b"short"], {}, "32 bytes"),
        ([], {}, "at least one"),
        (KEY, {"rotate_s": 59}, "60 seconds"),
        (KEY, {"keep": -1}, "0 to 100"),
        (KEY, {"keep": 101}, "0 to 100"),
    ],
)
def test_settings_that_protect_nobody_are_refused(keys, settings, words):
    """Short keys, no key, periods of seconds: ConfigError says what is wrong."""
    with pytest.raises(ConfigError, match=words):
        Ids(keys, **settings)


def test_threads_may_share_one_object():
    """Eight threads seal and open at once; every answer is right."""
    ids, wrong = Ids(KEY), []

    def work(number):
        for n in range(300):
            subject, viewer = str(n), f"account:{number}"
            if ids.open(ids.seal(subject, viewer, NOW), viewer, NOW) != subject:
                wrong.append((subject, viewer))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_keys_come_from_a_private_file(tmp_path):
    """One key a line, comments left out; a file that others may read, or with something else in it, is refused."""
    file = tmp_path / "ids.key"
    first, second = new_key(), new_key()
    file.write_text(f"# of June\n{first}\n\n{second}\n")
    file.chmod(0o600)
    keys = read_keys(file)
    assert [len(key) for key in keys] == [32, 32]
    assert keys[0] != keys[1]
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_keys(file)
    file.chmod(0o600)
    for text, words in ((f"{first}\nshort\n", ":2: this is no key"), ("# none\n", "no key in it")):
        file.write_text(text)
        with pytest.raises(ConfigError, match=words):
            read_keys(str(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_keys(tmp_path / "none")
