"""Reading himaya.toml: what is right loads, what is wrong is named with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import Config, examine, load, loads
from himaya.config.loading import MAX_BYTES
from himaya.core.errors import ConfigError
from himaya.core.policy import Budget

PROFILE = '[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n'

#: Mail without a login.
MAIL = '[alerts]\nsmtp_host = "m"\nmail_from = "a@b"\nmail_to = ["a@b"]\n'

#: Text, line, key, words of the message.
MISTAKES = [
    (
        'mode = "enforc"',
        1,
        "mode",
        'one of "shadow", "enforce", got "enforc". Did you mean "enforce"?',
    ),
    ('\n[gaet]\nlisten = ""', 2, "gaet", 'unknown key. Did you mean "gate"?'),
    ("[gate]\nlisen = 1", 2, "gate.lisen", 'Did you mean "listen"?'),
    ('listen = "x"', 1, "listen", "It belongs in [gate]."),
    ('[gate]\nmode = "shadow"', 2, "gate.mode", "It belongs at the top of the file."),
    ('route = "/u"', 1, "route", "It belongs in [[surface]]."),
    ('[gate]\nbuffer_bytes = "1"', 2, "gate.buffer_bytes", 'expected a whole number, got "1".'),
    ("[challenge]\npeople = 1.5", 2, "challenge.people", "expected a whole number, got 1.5."),
    ("[ladder]\nredact = 1", 2, "ladder.redact", "expected true or false, got 1."),
    ("site = 3", 1, "site", "expected a table, got 3."),
    ("[surface]\nid = 'a'", 1, "surface", "expected a list of tables, got a table."),
    ('[[surface]]\nid = "a"', 1, "surface[0]", '"route" is missing. Expected a string.'),
    (PROFILE + "max_people = true", 4, "surface[0].max_people", "a whole number, got true"),
    (PROFILE + "max_people = 0", 4, "surface[0].max_people", "expected at least 1, got 0."),
    (PROFILE + 'people = ["path", "jsn"]', 4, "surface[0].people[1]", 'Did you mean "json"?'),
    (PROFILE + PROFILE, 5, "surface[1].id", '"profile" is the id of another surface.'),
    (
        PROFILE + '[[surface]]\nid = "b"\nroute = "/U/{id}"',
        6,
        "surface[1].route",
        'GET /U/{id} is already the surface "profile".',
    ),
    ('[[surface]]\nid = "a b"\nroute = "/x"', 2, "surface[0].id", "expected letters"),
    ('[[surface]]\nid = "a"\nroute = "u"', 3, "surface[0].route", 'does not start with "/"'),
    ('[[surface]]\nid = "a"\nroute = "/{u"', 3, "surface[0].route", "unbalanced braces"),
    ('[[surface]]\nid = "a"\nroute = "/}u{"', 3, "surface[0].route", "unbalanced braces"),
    ('[[surface]]\nid = "a"\nroute = "/{a-b}"', 3, "surface[0].route", "is no name"),
    ('[[surface]]\nid = "a"\nroute = "/{}"', 3, "surface[0].route", "is no name"),
    ('[[surface]]\nid = "a"\nroute = "/{a}/{a}"', 3, "surface[0].route", "stands twice"),
    ('[[surface]]\nid = "a"\nroute = "/{r...}/a"', 3, "surface[0].route", "comes last"),
    ('[[surface]]\nid = "a"\nroute = "/{a}-{b}-{c}"', 3, "surface[0].route", "more than two names"),
    ('[[surface]]\nid = "a"\nroute = "/a?b=1"', 3, "surface[0].route", "no query"),
    (PROFILE + 'methods = ["get"]', 4, "surface[0].methods", 'got "get"'),
    (PROFILE + "methods = []", 4, "surface[0].methods", 'such as ["GET"]'),
    (PROFILE + "fields = []", 4, "surface[0].fields", "expected the fields"),
    (PROFILE + 'redact = ["nmae"]', 4, "surface[0].redact", 'Did you mean "name"?'),
    (PROFILE + 'people = ["json"]', 4, "surface[0].people", "needs json_subject"),
    (PROFILE + 'people = ["links"]', 4, "surface[0].people", "needs a route with {subject}"),
    (PROFILE + 'links = "/u/{subject}"', 4, "surface[0].links", 'does not name "links"'),
    ('[[surface]]\nid = "a"\nroute = "/a"\npeople = ["path"]', 4, "surface[0].people", "{subject}"),
    (
        '[[surface]]\nid = "s"\nroute = "/s"\nkind = "listing"',
        1,
        "surface[0]",
        'nobody can see the people of the listing "s".',
    ),
    (
        "[budgets]\naccount = { hour = 5, day = 3 }",
        2,
        "budgets.account",
        "day = 3 is below hour = 5.",
    ),
    (
        "[budgets.account]\nhour = 5\nmonth = 3",
        1,
        "budgets.account",
        "month = 3 is below hour = 5.",
    ),
    ("[budgets]\naccount = { hour = -1 }", 2, "budgets.account.hour", "at least 0, got -1"),
    ("[budgets]\naccount = { hour = inf }", 2, "budgets.account.hour", "a finite number"),
    ("[budgets]\naccount = { hour = nan }", 2, "budgets.account.hour", "a finite number"),
    ("[budgets.tier.gold]\naccont = {}", 2, "budgets.tier.gold.accont", 'Did you mean "account"?'),
    ("[budgets.tier.x.address]\nhour = 9\nday = 1", 1, "budgets.tier.x.address", "below hour"),
    ("[fields]\nemail = 0", 2, "fields.email", "at least 0.01"),
    ('[fields]\nemail = "3"', 2, "fields.email", "expected a number"),
    ("[ladder]\nthrottle_at = 1.5", 2, "ladder.throttle_at", "at most 1"),
    ("[bounds]\nsettle_s = 301", 2, "bounds.settle_s", "at most 300, got 301"),
    ("[retention]\nidentified_days = 0", 2, "retention.identified_days", "at least 1, got 0"),
    ('[retention]\nthen = "archive"', 2, "retention.then", 'one of "delete", "seal"'),
    (
        '[actor]\ntrusted_proxies = [\n  "10.0.0.0/8",\n  "10.0.0.1/8",\n]',
        4,
        "actor.trusted_proxies[1]",
        'Did you mean "10.0.0.0/8"?',
    ),
    ('[actor]\ntrusted_proxies = ["proxy"]', 2, "actor.trusted_proxies[0]", "expected a network"),
    ('[assets]\nsuffixes = [".css", "."]', 2, "assets.suffixes[1]", "ends too many paths"),
    ('[assets]\npaths = ["static/"]', 2, "assets.paths[0]", "the beginning of a path"),
    (
        "[assets]\nsuffixes = []\n[budgets]\nassetless = { day = 9 }",
        2,
        "assets.suffixes",
        "nothing counts as an asset",
    ),
    (
        '[detectors.impostor.crawlers]\nBot = ["10.0.0.0/8"]\n" " = ["10.0.0.0/8"]',
        3,
        "detectors.impostor.crawlers. ",
        "a crawler has no name. Write a word",
    ),
    (
        '[detectors.impostor.crawlers]\nBot = ["10.0.0.1/8"]',
        2,
        "detectors.impostor.crawlers.Bot[0]",
        'Did you mean "10.0.0.0/8"?',
    ),
    (
        PROFILE + '[detectors.provenance]\nsurfaces = ["serach"]',
        5,
        "detectors.provenance.surfaces[0]",
        'no surface has the id "serach".',
    ),
    (
        "[detectors.surge]\nhours = 336\nweeks = 1",
        2,
        "detectors.surge.hours",
        "336 hours are never known: weeks = 1 are remembered.",
    ),
    ("[detectors.surge]\nprice = 0.5", 2, "detectors.surge.price", "expected at least 1, got 0.5"),
    ("[detectors.surge]\nhours = 24", 2, "detectors.surge.hours", "expected at least 48, got 24"),
    ('[actor]\naccount_header = "X Account"', 2, "actor.account_header", "a header or cookie name"),
    ('[actor]\njwt_algorithm = "RS256"', 2, "actor.jwt_algorithm", "with a key only"),
    ('[actor]\njwt_algorithm = "none"', 2, "actor.jwt_algorithm", "one of"),
    ('[actor]\njwt_key_file = "k"', 2, "actor.jwt_key_file", "jwt_algorithm is missing"),
    ("[alerts]\ncommand = 'mail \"x'", 2, "alerts.command", "cannot be split"),
    ('[alerts]\nsmtp_host = "m"', 1, "alerts.mail_from", "a sender"),
    ('[alerts]\nsmtp_host = "m"\nmail_from = "a@b"', 1, "alerts.mail_to", "somebody to go to"),
    ('[alerts]\nmail_to = ["a, b@c"]', 2, "alerts.mail_to[0]", "expected a mail address"),
    ('[alerts]\nescalate_to = ["x"]', 2, "alerts.escalate_to[0]", "expected a mail address"),
    (
        '[alerts]\nsmtp_host = "m"\nmail_from = "a@b"\nmail_to = ["a@b"]\nsmtp_user = "u"',
        1,
        "alerts.smtp_password_file",
        "a user and a password",
    ),
    (
        MAIL + 'smtp_user = "u"\nsmtp_password_file = "p"\nsmtp_security = "none"',
        7,
        "alerts.smtp_security",
        "in the clear",
    ),
    (
        '[owner]\ncontact = "https://x"\n[alerts]\nsmtp_host = "m"\nmail_from = "a@b"\nmail_to = ["a@b"]',
        3,
        "alerts.escalate_to",
        "no mail address to escalate to",
    ),
    ('[alerts]\nwebhook_url = "https://a.example"', 1, "alerts.webhook_secret_file", "signed"),
    (
        '[alerts]\nwebhook_secret_file = "s"\nwebhook_url = "ftp://a"',
        3,
        "alerts.webhook_url",
        "http://",
    ),
    (
        '[alerts]\nwebhook_secret_file = "s"\nwebhook_url = "https://u:p@a"',
        3,
        "alerts.webhook_url",
        "http://",
    ),
    (
        '[alerts]\nwebhook_secret_file = "s"\nwebhook_url = "https://a:x"',
        3,
        "alerts.webhook_url",
        "http://",
    ),
    ('[gate]\nlisten = "8080"', 2, "gate.listen", "expected host:port"),
    ('[gate]\nlisten = "a:99999"', 2, "gate.listen", "expected host:port"),
    ('[gate]\nupstream = "ftp://a"', 2, "gate.upstream", "expected http://"),
    ('[gate]\nupstream = "http://a:b"', 2, "gate.upstream", "expected http://"),
    ('[gate]\nsocket = ""', 2, "gate.socket", "expected the path"),
    (f'[gate]\nsocket = "/{"a" * 107}"', 2, "gate.socket", "at most 107 bytes"),
    (f'[gate]\nlisten = "unix:/{"a" * 107}"', 2, "gate.listen", "at most 107 bytes"),
    ('[site]\nurl = "example.org"', 2, "site.url", "expected https://"),
    ('[ledger]\nkey_file = "ledger/key"', 2, "ledger.key_file", "lies inside the ledger"),
    ('[ledger]\ndirectory = ""', 2, "ledger.directory", "expected a directory"),
    ('mode = "enforce"\n[retention]', 1, "owner.name", "needs an owner"),
    ('mode = "enforce"\n[retention]\n[owner]\nname = "A"', 3, "owner.contact", "needs an owner"),
    (
        'mode = "enforce"\n[owner]\nname = "A"\ncontact = "a@b.example"',
        1,
        "retention",
        "needs a [retention] block",
    ),
    ("a = = 1", 1, "", "not valid TOML"),
    ("a = 1\na = 2", 2, "", "not valid TOML"),
    ('a = 1\n\nb = "x', 3, "", "not valid TOML"),
    ("a = [1,", 1, "", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "line", "key", "words"), MISTAKES)
def test_a_mistake_is_named_with_line_and_key(text: str, line: int, key: str, words: str) -> None:
    """Each mistake an operator can make names its line, its key and what was expected."""
    with pytest.raises(ConfigError) as caught:
        loads(text, file="site.toml", directory=Path("/srv"))
    assert (line, key) == (caught.value.line, caught.value.key)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"site.toml:{line}: ")


def test_all_mistakes_are_listed_in_the_order_of_the_file() -> None:
    """`examine` names every mistake, not only the first."""
    config, mistakes = examine('[gate]\nlisen = 1\nbuffer_bytes = "x"\n[owner]\nnme = ""')
    assert config is None
    assert [(m.line, m.key) for m in mistakes] == [
        (2, "gate.lisen"),
        (3, "gate.buffer_bytes"),
        (5, "owner.nme"),
    ]


@given(st.text(max_size=80))
def test_any_text_loads_or_is_a_config_error(text: str) -> None:
    """Nothing an operator types ends in another exception than ConfigError."""
    try:
        loads(text)
    except ConfigError:
        return


@given(
    st.recursive(
        st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=4,
    ),
    st.sampled_from(["mode", "surface", "budgets", "budgets.account", "fields.x", "log.fields.a",
                     "actor.trusted_proxies", "detectors.sharing.action", "budgets.tier.a.key"]),
)  # fmt: skip
def test_any_value_under_a_known_key_is_judged(value: object, key: str) -> None:
    """A value of any type under any key is taken or refused with its line, never a traceback."""
    from himaya.config.canonical import toml_value

    text = toml_value(_tuples(value)) if not _odd(value) else "nan"
    config, mistakes = examine(f"{key} = {text}\n")
    assert (config is None) == bool(mistakes)
    assert {mistake.line for mistake in mistakes} <= {1}


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _odd(value: object) -> bool:
    if isinstance(value, list):
        return any(_odd(item) for item in value)
    return isinstance(value, float) or (isinstance(value, int) and abs(value) > 2**62)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    """A missing file, a directory, a binary and a huge file are each told in one sentence."""
    binary, huge = tmp_path / "binary", tmp_path / "huge"
    binary.write_bytes(b"a = 1\n\xff\xfe")
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, words in [
        (tmp_path / "no.toml", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, ":2: expected UTF-8 text"),
        (huge, "larger than"),
    ]:
        with pytest.raises(ConfigError, match=words):
            load(path)


def test_a_folder_that_may_not_be_entered_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even asking whether the file is there is refused, that is said; no traceback, no false advice."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(ConfigError, match="Permission denied") as problem:
        load(Path("/etc/himaya/himaya.toml"))
    assert "discover" not in str(problem.value)


def test_a_deep_text_is_no_traceback() -> None:
    """Tables nested a thousand deep are an error of the file."""
    with pytest.raises(ConfigError):
        loads("a = " + "[" * 5000 + "]" * 5000)


def test_an_empty_file_is_shadow_with_every_default() -> None:
    """Nothing has to be written; nobody is turned away."""
    config = loads("")
    assert config.mode == "shadow"
    assert config.policy() == Config().policy()


def test_relative_paths_stand_against_the_file(tmp_path: Path) -> None:
    """It does not matter from where himaya is started."""
    file = tmp_path / "himaya.toml"
    file.write_text('[gate]\nsocket = "s.sock"\nlisten = "unix:a.sock"\n[ledger]\ndirectory = "/l"')
    config = load(file)
    assert config.gate.socket == str(tmp_path / "s.sock")
    assert config.gate.listen == f"unix:{tmp_path}/a.sock"
    assert (config.ledger.directory, config.gate.key_file) == ("/l", "")
    assert config.gate.upstream == "http://127.0.0.1:8000"


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """A file saved by an editor that marks UTF-8 loads like any other."""
    file = tmp_path / "himaya.toml"
    file.write_bytes(b'\xef\xbb\xbfmode = "shadow"\r\n[site]\r\nname = "a"\r\n')
    assert load(file).site.name == "a"


def test_a_tier_keeps_the_budgets_of_the_site() -> None:
    """A tier changes what it names; the other kinds keep the site's own figures."""
    config = loads(
        "[budgets]\naddress = { hour = 7 }\n[budgets.tier.staff]\naccount = { hour = 9 }\nkey = {}\n"
    )
    tier = config.policy().tiers["staff"]
    assert tier.account == Budget(hour=9)
    assert tier.address == Budget(hour=7)
    assert tier.key == Budget()
    assert tier.prefix == config.budgets.prefix


def test_a_written_budget_replaces_its_default_whole() -> None:
    """What stands in the file is the budget: a window that is not written has no limit."""
    assert loads("[budgets]\naccount = { hour = 5 }").budgets.account == Budget(hour=5)


def test_enforcing_with_owner_and_retention_loads() -> None:
    """Owner, contact and a written retention block are all that enforcing asks for."""
    text = 'mode = "enforce"\n[owner]\nname = "A"\ncontact = "a@b.example"\n[retention]\n'
    assert loads(text).policy().mode == "enforce"
