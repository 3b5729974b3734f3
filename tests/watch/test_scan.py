"""`himaya scan`: from lines to the words of its JSON, on good and bad input."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.watch.logs import AGENT, START, line, make_log, profile_log, real_log

from himaya.config import load
from himaya.core.errors import InputError
from himaya.core.facts import AccountFact, Facts
from himaya.watch.result import result_json
from himaya.watch.scan import ScanOptions, scan
from himaya.watch.setup import Limits

HIMAYA = Path(sys.executable).with_name("himaya")


def run(*words, stdin=None, code=0):
    done = subprocess.run([HIMAYA, *map(str, words)], input=stdin, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def of(*paths, **options):
    return result_json(scan([str(path) for path in paths], ScanOptions(**options)))


def comparable(result):
    return msgspec.structs.replace(result, seconds=0.0)


@pytest.fixture(name="planted", scope="module")
def _planted(tmp_path_factory):
    """A log with an honest crowd and three planted scrapers, and who was taken by whom."""
    path = tmp_path_factory.mktemp("planted") / "access.log"
    log = make_log().make(12_000, days=2.0)
    path.write_text("".join(log.text()))
    return path, log.planted


def test_planted_scrapers_and_nobody_else(planted):
    """The three planted scrapers are found, each with all its people, and no honest actor."""
    path, people = planted
    told = of(path)
    assert {actor["actor"] for actor in told["actors"]} == set(people)
    for actor in told["actors"]:
        assert actor["people"] == len(people[actor["actor"]])
    detectors = {a["actor"]: {f["detector"] for f in a["findings"]} for a in told["actors"]}
    assert "breadth" in detectors["address:203.0.113.9"]
    assert "sharing" in detectors["account:u777"]
    assert "enumeration" in detectors["address:198.51.100.7"]


def test_who_equals_the_planted_people_subject_by_subject(planted, tmp_path):
    """Through a ledger, `who` answers for each scraper with exactly the planted people."""
    path, people = planted
    run("scan", path, "--ledger", tmp_path / "ledger", "--json")
    for actor, taken in people.items():
        out, _ = run(
            "who", "--ledger", tmp_path / "ledger", "--actor", actor, "--why", "test", "--json"
        )
        assert {row["subject"] for row in json.loads(out)["subjects"]} == taken


def test_shared_accounts_are_groups(planted):
    """An account on many networks is a group: the account, and its networks."""
    (group,) = of(planted[0])["groups"]
    assert group["members"][0] == "account:u777"
    assert len([m for m in group["members"] if m.startswith("network:")]) == 40
    assert group["people"] == 240


def test_one_process_and_several_give_the_same(planted):
    """Everything but the time it took is equal, whatever the number of processes."""
    results = [
        comparable(scan([str(planted[0])], ScanOptions(processes=number))) for number in (1, 2, 3)
    ]
    assert results[0] == results[1] == results[2]


def test_a_cut_log_gives_the_same_as_the_whole(planted, tmp_path):
    """Plain, gzip and zstd parts, given newest first, are the same log."""
    path, _ = planted
    lines = path.read_bytes().splitlines(keepends=True)
    third = len(lines) // 3
    parts = [b"".join(lines[n : n + third]) for n in range(0, len(lines), third)]
    names = [tmp_path / f"part{number}" for number in range(len(parts))]
    names[0].write_bytes(gzip.compress(parts[0]))
    names[1].write_bytes(zstandard.ZstdCompressor().compress(parts[1]))
    for name, part in zip(names[2:], parts[2:], strict=True):
        name.write_bytes(part)
    whole, cut = of(path), of(*reversed(names))
    assert cut == whole


def test_logs_of_two_servers_are_one(planted, tmp_path):
    """Lines that two servers shared out give the findings of the whole."""
    path, _ = planted
    lines = path.read_bytes().splitlines(keepends=True)
    (tmp_path / "a").write_bytes(b"".join(lines[::2]))
    (tmp_path / "b").write_bytes(b"".join(lines[1::2]))
    whole, two = of(path), of(tmp_path / "b", tmp_path / "a")
    for key in ("lines", "people", "disclosures", "surfaces"):
        assert two[key] == whole[key]
    assert [a["actor"] for a in two["actors"]] == [a["actor"] for a in whole["actors"]]


def test_the_words_of_the_json(planted):
    """Every key that other programs build on is there."""
    told = of(planted[0])
    assert {"lines", "parsed", "malformed", "from", "to", "people", "disclosures", "unattributed",
            "surfaces", "actors", "groups"} <= set(told)  # fmt: skip
    assert {"id", "route", "kind", "guessed", "disclosures", "people"} <= set(told["surfaces"][0])
    assert {"actor", "people", "disclosures", "from", "to", "peak_hour", "peak_day",
            "findings"} <= set(told["actors"][0])  # fmt: skip
    assert {"detector", "value", "threshold", "why"} <= set(told["actors"][0]["findings"][0])
    assert {"members", "people", "why"} <= set(told["groups"][0])
    assert re.fullmatch(r"2026-03-02T06:\d\d:\d\dZ", told["from"])
    people = [actor["people"] for actor in told["actors"]]
    assert people == sorted(people, reverse=True)


def test_the_real_log_accounts_for_every_line_and_accuses_nobody():
    """On a real log every line is parsed or malformed, no reader is a scraper, crawlers are claims."""
    path, lines = real_log()
    out, _ = run("scan", path, "--json")
    told = json.loads(out)
    assert told["lines"] == lines == told["parsed"] + told["malformed"]
    assert told["actors"] == []
    assert "no_people" in [notice["kind"] for notice in told["notices"]]
    claimed = {crawler["claimed"]: crawler["status"] for crawler in told["crawlers"]}
    assert claimed["Googlebot"] == "claimed, unverified"


def test_a_claimed_crawler_is_listed_but_not_spared(tmp_path):
    """Whoever says it is a search engine is found like anybody else, and its claim is shown."""
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    path = tmp_path / "log"
    path.write_text(
        "".join(line(START + n, f"/u/{n * 7919 % 9973}", agent=agent) for n in range(300))
    )
    (actor,) = of(path)["actors"]
    assert actor["claimed"] == "Googlebot (unverified)"
    assert actor["people"] == 300
    assert of(path)["crawlers"][0]["people"] == 300


def test_nothing_said_first_when_there_is_nothing_to_say(tmp_path):
    """A log with accounts and named people needs no notice but that routes were guessed."""
    path = tmp_path / "log"
    rest = ' account="-" subjects="{}" id="1"'
    lines = [
        line(START + n, f"/u/{n * 37 % 997}", account="u1", rest=rest.format("-"))
        for n in range(30)
    ]
    lines += [
        line(START + 90 + n, "/search?q=a", account="u1", rest=rest.format("3, 4"))
        for n in range(9)
    ]
    path.write_text("".join(lines))
    told = of(path)
    assert [notice["kind"] for notice in told["notices"]] == ["guessed"]
    assert (told["unattributed"], told["disclosures"]) == (0, 30 + 18)


def test_people_of_listings_come_from_the_log_or_count_as_unattributed(tmp_path):
    """A listing's people are those the application named; without a name the answer is unattributed."""
    path = tmp_path / "log"
    lines = [line(START + n, f"/u/{n}", rest=' subjects="-"') for n in range(9)]
    lines += [
        line(START + 10, "/search?q=a", rest=' subjects="101, 102"'),
        line(START + 11, "/search?q=b", rest=' subjects=""'),
        line(START + 12, "/search?q=c", rest=' subjects="-"'),
    ]
    path.write_text("".join(lines))
    told = of(path)
    assert (told["people"], told["unattributed"]) == (11, 1)
    (listing,) = [s for s in told["surfaces"] if s["kind"] == "listing"]
    assert (listing["people"], listing["disclosures"]) == (2, 2)
    assert "unattributed" in [notice["kind"] for notice in told["notices"]]


def test_a_proxy_in_front_is_said_first(tmp_path):
    """When nearly all lines come from one address with many browsers, the line to add is said."""
    path = tmp_path / "log"
    path.write_text("".join(
        line(START + n, f"/u/{n * 37 % 997}", address="10.0.0.1", agent=f"Browser/{n % 20}")
        for n in range(400)
    ))  # fmt: skip
    (notice,) = [n for n in of(path)["notices"] if n["kind"] == "proxy"]
    assert "set_real_ip_from 10.0.0.1; real_ip_header X-Forwarded-For" in notice["fix"]
    assert "RemoteIPTrustedProxy 10.0.0.1" in notice["fix"]


def test_a_fast_reader_is_not_called_a_proxy(planted):
    """One busy address with one browser is an actor, not a proxy."""
    assert "proxy" not in [notice["kind"] for notice in of(planted[0])["notices"]]


def test_forwarded_addresses_of_a_private_proxy_are_used_and_said(tmp_path):
    """Behind a private address the forwarded one is the actor, and that is said."""
    path = tmp_path / "log"
    path.write_text("".join(
        line(START + n, f"/u/{n * 7919 % 9973}", address="10.0.0.1",
             rest=f' "198.51.100.{7 if n < 250 else n % 50}, 10.0.0.9"')
        for n in range(300)
    ))  # fmt: skip
    told = of(path)
    assert [actor["actor"] for actor in told["actors"]] == ["address:198.51.100.7"]
    assert "forwarded" in [notice["kind"] for notice in told["notices"]]


def test_a_spoofed_forwarded_address_is_not_believed(tmp_path):
    """From an ordinary address, and with a configuration from any proxy not listed, the list is ignored."""
    path, config = tmp_path / "log", tmp_path / "himaya.toml"
    path.write_text("".join(
        line(START + n, f"/u/{n * 7919 % 9973}", address="203.0.113.9", rest=f' "1.2.{n}.3"')
        for n in range(200)
    ))  # fmt: skip
    config.write_text('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    for options in ({}, {"config": load(config)}):
        assert [a["actor"] for a in of(path, **options)["actors"]] == ["address:203.0.113.9"]


def test_a_configuration_names_the_surfaces(tmp_path):
    """With a configuration nothing is guessed; a route that matches nothing is said."""
    path, config = profile_log(tmp_path / "log"), tmp_path / "himaya.toml"
    config.write_text(
        '[site]\nname = "People"\n[[surface]]\nid = "p"\nroute = "/u/{subject}"\n'
        '[[surface]]\nid = "ghost"\nroute = "/ghost/{subject}"\n'
    )
    told = of(path, config=load(config))
    assert {s["id"]: s["guessed"] for s in told["surfaces"]} == {"p": False, "ghost": False}
    assert any("/ghost/{subject}" in n["text"] for n in told["notices"] if n["kind"] == "unmatched")


def test_facts_are_used(tmp_path):
    """The account's own profile, told as a fact, is not somebody obtained."""
    path, config = tmp_path / "log", tmp_path / "himaya.toml"
    path.write_text("".join(line(START + n, f"/u/{n}", account="anna") for n in range(9)))
    config.write_text('[[surface]]\nid = "p"\nroute = "/u/{subject}"\n')
    facts = Facts()
    facts.add(AccountFact("anna", subject="5"))
    told = of(path, config=load(config), facts=facts)
    assert told["disclosures"] == 8


def test_what_counts_as_shown(tmp_path):
    """Errors, redirects, 304 and HEAD show nobody; a part of a page shows the person."""
    path, config = tmp_path / "log", tmp_path / "himaya.toml"
    config.write_text('[[surface]]\nid = "p"\nroute = "/u/{subject}"\n')
    statuses = (200, 206, 304, 301, 403, 404, 500)
    lines = [line(START + n, f"/u/{n}", status=s) for n, s in enumerate(statuses)]
    path.write_text("".join([*lines, line(START + 9, "/u/9", method="HEAD")]))
    assert of(path, config=load(config))["disclosures"] == 2


# bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"Dear all,\nplease find attached the log.\n", "not an access log"),
        (bytes(range(256)) * 40, "binary"),
        (b"\x7fELF\2\1\1", "program"),
        (gzip.compress(b"nothing like a log\n" * 9, mtime=0), "not an access log"),
    ],
)
def test_not_a_log_at_all_is_exit_2(tmp_path, data, word):
    """What is no log ends with one sentence that names the file, and exit code 2."""
    path = tmp_path / "thing"
    path.write_bytes(data)
    out, err = run("scan", path, "--json", code=2)
    assert out == ""
    assert word in err
    assert str(path) in err
    assert "Traceback" not in err


def test_an_empty_log_is_a_log(tmp_path):
    """No lines is an answer, not an error."""
    (tmp_path / "log").write_bytes(b"")
    out, _ = run("scan", tmp_path / "log", "--json")
    told = json.loads(out)
    assert (told["lines"], told["from"], told["actors"]) == (0, None, [])
    assert [notice["kind"] for notice in told["notices"]] == ["empty"]


def test_a_cut_off_gzip_is_read_as_far_as_it_goes(planted, tmp_path):
    """The lines before the damage are counted, and the damage is said."""
    packed = gzip.compress(planted[0].read_bytes())
    (tmp_path / "log.gz").write_bytes(packed[: len(packed) // 2])
    told = of(tmp_path / "log.gz")
    assert told["lines"] == told["parsed"] + told["malformed"] > 1000
    assert "cut off" in next(n["text"] for n in told["notices"] if n["kind"] == "torn")
    assert "cut off" in told["unobserved"][0]["why"]


def test_wrong_encodings_lose_nothing(tmp_path):
    """UTF-16 is read; stray bytes of another encoding stay visible."""
    path = profile_log(tmp_path / "log", 30)
    whole = of(path)
    (tmp_path / "wide").write_bytes(path.read_text().encode("utf-16"))
    assert of(tmp_path / "wide")["people"] == whole["people"]
    (tmp_path / "latin").write_bytes(path.read_bytes().replace(b"Linux", b"L\xefnux"))
    assert of(tmp_path / "latin")["parsed"] == whole["parsed"]


def test_a_line_of_a_megabyte(tmp_path):
    """A huge line is one malformed line, shown cut; its neighbours are read."""
    path = profile_log(tmp_path / "log", 30)
    for size in (1_000_000, 5_000_000):
        lines = path.read_text().splitlines(keepends=True)
        lines.insert(7, "x" * size + "\n")
        lines.insert(9, line(START, "/u/" + "9" * size))
        (tmp_path / "long").write_text("".join(lines))
        told = of(tmp_path / "long")
        assert (told["lines"], told["malformed"]) == (62, 2)
        assert [sample["line"] for sample in told["malformed_samples"]] == [8, 10]
        assert all(len(sample["text"]) < 200 for sample in told["malformed_samples"])


def test_times_going_backwards(tmp_path):
    """Old lines behind new ones are counted, judged among themselves, and told of; nobody is accused by it."""
    new = [line(START + 86400 + 60 * n, f"/u/{n * 37 % 997}") for n in range(90)]
    old = [line(START + 60 * n, f"/u/{n * 41 % 997}") for n in range(90)]
    path = tmp_path / "log"
    path.write_text("".join([*new, *old] * 40))
    told = of(path)
    assert told["lines"] == 7200 == told["parsed"]
    (notice,) = [n for n in told["notices"] if n["kind"] == "order"] or [{"text": "none"}]
    assert told["actors"] == [] or notice


def test_a_log_reversed_accuses_nobody_wrongly(tmp_path):
    """Newest first, as some consoles export: readers stay readers."""
    lines = [line(START + 1200 * n, f"/u/{n * 37 % 9973}") for n in range(4000)]
    path = tmp_path / "log"
    path.write_text("".join(reversed(lines)))
    told = of(path)
    assert told["people"] == 4000
    assert told["actors"] == []


def test_malformed_lines_are_shown_with_their_numbers(tmp_path):
    """The first malformed lines are shown, escaped and cut; all are counted."""
    path = tmp_path / "log"
    good = [line(START + n, f"/u/{n}") for n in range(50)]
    path.write_text("".join(f"{one}\x1b[31mbad {n}\n" for n, one in enumerate(good)))
    told = of(path)
    assert (told["lines"], told["parsed"], told["malformed"]) == (100, 50, 50)
    assert [s["line"] for s in told["malformed_samples"][:3]] == [2, 4, 6]
    assert told["malformed_samples"][0]["text"] == "\\x1b[31mbad 0"
    assert "malformed" in [notice["kind"] for notice in told["notices"]]


def test_limits_of_memory_are_kept_and_said(tmp_path):
    """Past the bounds totals of lines stay right, and it is said that figures of people are too low."""
    path = tmp_path / "log"
    path.write_text("".join(
        line(START + n, f"/u/{n}", address=f"10.0.{n // 200}.{n % 200}") for n in range(500)
    ))  # fmt: skip
    for limits in (Limits(actors=10), Limits(people=10)):
        told = of(path, limits=limits)
        assert told["lines"] == 500
        assert told["disclosures"] == 500
        assert "limits" in [notice["kind"] for notice in told["notices"]]


def test_the_same_log_twice_is_refused(tmp_path):
    """A log named twice would count everybody twice."""
    path = profile_log(tmp_path / "log")
    with pytest.raises(InputError, match="twice"):
        scan([str(path), str(path)])


def test_a_wrong_format_string_is_exit_2(tmp_path):
    """A format that does not fit the lines is said, rather than thousands of malformed lines."""
    path = profile_log(tmp_path / "log")
    _, err = run("scan", path, "--format", "$msec $remote_addr $status $request", code=2)
    assert "in the given format" in err


def test_an_unwritable_ledger_is_exit_2(tmp_path):
    """A ledger that cannot be made ends with one sentence."""
    path = profile_log(tmp_path / "log")
    (tmp_path / "file").write_text("")
    _, err = run("scan", path, "--ledger", tmp_path / "file" / "ledger", code=2)
    assert "Traceback" not in err


# the command ------------------------------------------------------------------------------------


def test_standard_input(planted):
    """`-` is standard input, packed or not, and gives the same figures."""
    path, _ = planted
    whole = json.loads(run("scan", path, "--json")[0])
    for data in (path.read_bytes(), gzip.compress(path.read_bytes())):
        told = json.loads(run("scan", "-", "--json", stdin=data)[0])
        for key in ("lines", "people", "disclosures", "actors", "from", "to"):
            assert told[key] == whole[key]


def test_fail_on_findings(planted, tmp_path):
    """With findings the exit code is 1 when asked for; without findings it is 0."""
    run("scan", planted[0], "--json", "--fail-on-findings", code=1)
    run("scan", profile_log(tmp_path / "log"), "--json", "--fail-on-findings")


def test_the_story_in_a_pipe(planted, tmp_path):
    """In a pipe there is plain text: what must be said first, the story, tables; no progress bar."""
    out, err = run("scan", planted[0], "--report", tmp_path / "report.html")
    assert out.index("First:") < out.index("lines,") < out.index("Surfaces")
    assert "3 actors of" in out
    assert "\x1b" not in out
    assert err == ""
    assert "<html" in (tmp_path / "report.html").read_text()


def test_pseudonymous_results_name_nobody(planted, tmp_path):
    """No account, address, path of a person or line of the log is in the JSON or the report."""
    path, people = planted
    odd = tmp_path / "odd"
    odd.write_text(path.read_text() + "garbage of 203.0.113.9 and u777\n")
    out, _ = run("scan", odd, "--pseudonymous", "--json", "--report", tmp_path / "report.html")
    for text in (out, (tmp_path / "report.html").read_text()):
        for name in ("203.0.113.9", "u777", "198.51.100.7", "192.100.10.0", "/u/7000"):
            assert name not in text
    told = json.loads(out)
    assert len({actor["actor"] for actor in told["actors"]}) == len(people)
    assert told["groups"][0]["members"][0] in {actor["actor"] for actor in told["actors"]}
    again = json.loads(run("scan", odd, "--pseudonymous", "--json")[0])
    assert again["actors"][0]["actor"] != told["actors"][0]["actor"]


def test_a_terminal_gets_a_progress_bar(planted, monkeypatch):
    """On a terminal the bar is drawn on standard error; anywhere else nothing is."""
    from himaya.cli.scan_progress import progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with progress([str(planted[0])]) as tell:
        scan([str(planted[0])], progress=tell)
    assert "reading" in screen.getvalue()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress([str(planted[0])]) as tell:
        assert tell is None


def test_retention_is_printed(planted, tmp_path):
    """Without a ledger nothing is kept; with one the period is printed."""
    assert "Nothing is kept" in run("scan", planted[0])[0]
    out, _ = run("scan", planted[0], "--ledger", tmp_path / "ledger")
    assert "kept 31 days, then deleted" in out


def test_agents_are_plain():
    """The agent that tests use claims to be no crawler."""
    from himaya.watch.crawlers import claimed_crawler

    assert claimed_crawler(AGENT) == ""
    assert claimed_crawler("Mozilla/5.0 (compatible; bingbot/2.0)") == "Bingbot"
    assert claimed_crawler("Foobot/1.0 (+http://foo.example)") == "Foobot"
    assert claimed_crawler("") == ""
