"""`himaya discover`: the first himaya.toml loads, explains itself and is never a surprise."""

from __future__ import annotations

import json
import random
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from himaya.cli.discover import discover
from himaya.cli.discover_draft import LogFacts, chosen, draft
from himaya.cli.discover_usage import Usage
from himaya.cli.scan import scan
from himaya.config import load, loads
from himaya.core.errors import InputError
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.watch.surfaces import GuessedSurface

START = 1_767_225_600  # 2026-01-01


def line(at: float, path: str, account: str = "-", address: str = "203.0.113.9") -> str:
    """Return one line in combined format."""
    when = datetime.fromtimestamp(at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{address} - {account} [{when}] "GET {path} HTTP/1.1" 200 512 "-" "Mozilla/5.0"'


def site_log(path: Path, lines: int = 3000) -> Path:
    """Write the log of a small site: profiles, search, look-ups, pictures and things."""
    draw = random.Random(7)
    kinds = ["/u/{}"] * 6 + [
        "/search?q=a{}&page=2",
        "/lookup?phone=+2126{}",
        "/p/{}",
        "/avatars/{}.jpg",
    ]
    rows = [
        line(START + n, draw.choice(kinds).format(draw.randrange(900)), f"u{draw.randrange(60)}")
        for n in range(lines)
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def run(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(discover, words)


def test_the_written_file_loads_and_declares_the_people(tmp_path: Path) -> None:
    """Profiles, search and look-ups of a log become surfaces of a file that loads."""
    output = tmp_path / "himaya.toml"
    result = run(str(site_log(tmp_path / "a.log")), "--output", str(output))
    assert result.exit_code == 0
    config = load(output)
    assert config.mode == "shadow"
    found = {s.route: s.kind for s in config.surfaces}
    assert found["/u/{subject}"] == "profile"
    assert found["/search"] == "listing"
    assert found["/lookup"] == "lookup"
    assert not [route for route in found if route.startswith("/p/")]


def test_scan_works_with_the_written_file(tmp_path: Path) -> None:
    """`scan --config` takes the file as it is, and finds the people on its surfaces."""
    log, output = site_log(tmp_path / "a.log"), tmp_path / "himaya.toml"
    run(str(log), "--output", str(output))
    result = CliRunner().invoke(scan, [str(log), "--config", str(output), "--json"])
    told = json.loads(result.stdout)
    assert (told["lines"], told["malformed"]) == (3000, 0)
    assert {s["route"]: s["people"] > 0 for s in told["surfaces"]}["/u/{subject}"]


def test_every_guess_says_why_how_sure_and_shows_samples(tmp_path: Path) -> None:
    """Beside each surface stand its confidence, the reason and paths that were asked for."""
    text = run(str(site_log(tmp_path / "a.log"))).output
    block = text.partition('id = "u"')[0].rpartition("[[surface]]")[2]
    assert "# confidence 0." in block
    assert "for example /u/" in block


def test_the_figures_of_the_log_stand_beside_the_limits(tmp_path: Path) -> None:
    """Limits can be justified by what the log's own readers do."""
    rows = [line(START + n, f"/u/{n % 30}", "u1") for n in range(200)]
    rows += [line(START + n, f"/u/{n}", "u2") for n in range(150)]
    (tmp_path / "a.log").write_text("\n".join(rows))
    text = run(str(tmp_path / "a.log")).output
    assert "# people per account and hour: half of them 150 or fewer" in text
    assert "most 150 (2 account-hours; 1 were above 100)" in text


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    """A corrected configuration cannot be lost by running the command again."""
    output = tmp_path / "himaya.toml"
    output.write_text("# mine")
    result = run(str(site_log(tmp_path / "a.log")), "--output", str(output))
    assert isinstance(result.exception, InputError)
    assert output.read_text() == "# mine"


def test_the_file_is_for_its_owner(tmp_path: Path) -> None:
    """The samples name people, so nobody else may read the file."""
    output = tmp_path / "himaya.toml"
    run(str(site_log(tmp_path / "a.log")), "--output", str(output))
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_several_logs_and_standard_input_are_one_log(tmp_path: Path) -> None:
    """Rotated files are read together, and `-` is standard input."""
    text = site_log(tmp_path / "a.log").read_text()
    half = len(text.splitlines()) // 2
    (tmp_path / "b.log").write_text("\n".join(text.splitlines()[:half]))
    rest = "\n".join(text.splitlines()[half:])
    command = [Path(sys.executable).with_name("himaya"), "discover", tmp_path / "b.log", "-"]
    done = subprocess.run(command, input=rest, capture_output=True, text=True, check=True)
    assert "from b.log, standard input" in done.stdout
    assert "(3,000 lines read of 3,000" in done.stdout


def test_a_log_without_people_says_so(tmp_path: Path) -> None:
    """Nothing is invented: the file then has no surface, and an example in comments."""
    rows = [line(START + n, f"/blog/{n % 9}") for n in range(300)]
    (tmp_path / "a.log").write_text("\n".join(rows))
    text = run(str(tmp_path / "a.log")).output
    assert loads(text).surfaces == ()
    assert "No route of this log surely shows people" in text
    assert "No line names an account" in text


@pytest.mark.parametrize("content", [b"", b"hello\nworld\n", b"\x00\x01\x02" * 100])
def test_what_is_no_log_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """An empty file, a text and a binary are refused by name."""
    (tmp_path / "a.log").write_bytes(content)
    result = run(str(tmp_path / "a.log"))
    assert isinstance(result.exception, InputError)
    assert "a.log" in str(result.exception)


def test_proxies_that_hand_on_addresses_are_listed(tmp_path: Path) -> None:
    """Where a private peer forwards the visitor's address, the file believes exactly that peer."""
    rows = [
        json.dumps(
            {
                "time": START + n, "remote_addr": "10.0.0.5", "method": "GET", "uri": f"/u/{n}",
                "status": 200, "xff": f"203.0.113.{n % 200}",
            }
        )
        for n in range(300)
    ]  # fmt: skip
    (tmp_path / "a.log").write_text("\n".join(rows))
    assert loads(run(str(tmp_path / "a.log")).output).actor.trusted_proxies == ("10.0.0.5/32",)


TEXT = st.text(max_size=12)
GUESSES = st.builds(
    GuessedSurface,
    surface=st.builds(
        Surface,
        id=st.sampled_from(["a", "b", "c d"]),
        route=st.one_of(st.builds("/{}/{{subject}}".format, TEXT), TEXT),
        kind=st.sampled_from(["profile", "listing", "lookup", "media"]),
        query=TEXT,
    ),
    confidence=st.floats(0, 1),
    samples=st.lists(TEXT, max_size=3).map(tuple),
    people=st.integers(0, 9),
    requests=st.integers(0, 9),
    why=TEXT,
)


@given(st.lists(GUESSES, max_size=5), TEXT, TEXT)
def test_whatever_stands_in_a_log_the_file_loads(
    guesses: list[GuessedSurface], name: str, form: str
) -> None:
    """Odd characters in routes, samples and names never make a file that does not load."""
    config = loads(draft(LogFacts(names=(name,), lines=5, parsed=4, form=form), guesses, []))
    declared = [(guess.surface.id, guess.surface.route) for guess in chosen(guesses)]
    assert [(surface.id, surface.route) for surface in config.surfaces] == declared


def test_usage_counts_distinct_people_per_actor_and_hour() -> None:
    """Seeing one person again adds nothing; another hour begins anew; a day holds its hours."""
    usage = Usage()
    for at, path in [(0, "/u/1"), (5, "/u/1"), (9, "/u/2?x=1"), (3600, "/u/3"), (3601, "/other")]:
        usage.add(at, "a", "", path)
    found = usage.spreads(Surfaces((Surface(id="u", route="/u/{subject}"),)))
    assert [(s.kind, s.span, s.n, s.most, s.over(1)) for s in found] == [
        ("account", "hour", 2, 2, 1),
        ("account", "day", 1, 3, 1),
    ]


def test_usage_is_bounded() -> None:
    """A log of any size costs bounded memory; what was left out is counted."""
    usage = Usage(max_requests=3, max_names=2)
    for number in range(5):
        usage.add(0, f"a{number}", "", f"/u/{number % 4}")
    assert usage.dropped == 2
