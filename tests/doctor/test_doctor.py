"""`himaya doctor`: a clean installation is all ok, and each planted fault is named by the check that looks for it."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from tests.doctor.clinic import OWNER, Clinic, Front, wait_for
from tests.ledger.crew import crew

from himaya.cli.doctor import doctor
from himaya.control import Control
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.errors import InputError, ServiceError
from himaya.ledger import Ledger, exports
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros
from himaya.runner.alerting import AlertStore, Kind, Occurrence

NAMES = {
    "owner", "mode", "surfaces", "budgets", "forecast", "proxies", "secret", "gate", "listener",
    "front", "follow", "ledger", "clock", "gaps", "coverage", "keys", "disk", "alerts", "operators",
    "anchors",
}  # fmt: skip


@pytest.fixture(name="clinic", scope="module")
def _clinic(tmp_path_factory):
    """Return an installation whose gate and follower run through all tests of this file."""
    clinic = Clinic(tmp_path_factory.mktemp("clinic"))
    try:
        yield clinic.start()
    finally:
        clinic.close()


@pytest.fixture(name="ward")
def _ward(tmp_path):
    """Return an installation in which nothing runs."""
    return Clinic(tmp_path)


def says(check, level, words):
    assert (check.level, words in check.said) == (level, True), check
    assert level == "ok" or check.do


def test_a_clean_installation_is_all_ok(clinic):
    """The command says of every check that it is ok, and exits with 0; so it does through the front door."""
    with Front(clinic.folder / "auth.sock") as front:
        code, told = clinic.json("--url", front.url, "--path", "/about", "--log", clinic.log)
    assert [one for one in told["checks"] if one["level"] != "ok"] == []
    names = {one["name"] for one in told["checks"]}
    assert names == {*NAMES, "configuration", "headers", "time", "log", "routes"}
    assert (code, told["level"]) == (0, "ok")


def test_every_check_is_on_the_page():
    """docs/doctor.md has a row for each check, and for nothing else."""
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    more = {"configuration", "headers", "time", "outside", "log", "routes", "upstream", "exports"}
    assert told == {*NAMES, *more}


def test_budgets_that_outlive_their_rows_are_told(ward):
    """Rows that end before the longest window of a budget are a warning: a restart would give that budget back."""
    ward.write(more="[budgets]\naccount = { month = 900 }")
    ward.config.write_text(ward.config.read_text().replace("days = 31", "days = 7"))
    says(ward.found()["budgets"], "warning", "retention.identified_days = 7 is shorter")


def test_exit_codes_and_words(clinic):
    """A warning is exit code 1, a problem 2; each has a line that says what to do; a bad file is a problem."""
    clinic.write(owner="")
    code, said = clinic.command()
    assert code == 1
    assert "warning  owner          not set: owner.name, owner.contact." in said
    assert "-> Write [owner] name and contact." in said
    clinic.config.write_text("mode = 7")
    code, told = clinic.json()
    assert (code, told["checks"][0]["name"], told["checks"][0]["level"]) == (
        2,
        "configuration",
        "problem",
    )
    assert "himaya.toml:1" in told["checks"][0]["said"]
    clinic.write()


@pytest.mark.parametrize(
    ("changes", "name", "level", "words"),
    [
        ({"owner": ""}, "owner", "warning", "owner.name"),
        ({"proxies": '"0.0.0.0/0"'}, "proxies", "problem", "0.0.0.0/0"),
        ({"proxies": '"::/0"'}, "proxies", "problem", "::/0"),
        ({"more": "[budgets]\naddress = {}"}, "budgets", "warning", "address"),
        ({"more": "[budgets]\naccount = {}\naddress = {}\nprefix = {}"}, "budgets", "problem", "prefix"),
        ({"mode": "enforce"}, "forecast", "warning", "no forecast of policy"),
        ({"listen": "127.0.0.1:8390"}, "secret", "warning", "127.0.0.1:8390"),
        ({"listen": "unix:nobody.sock"}, "listener", "problem", "No such file"),
        ({"owner": OWNER.replace("Somebody", "Other")}, "gate", "warning", "configuration"),
        (
            {"more": '[[surface]]\nid = "find"\nroute = "/find"\nkind = "listing"\nmax_people = 9'},
            "surfaces", "warning", "find",
        ),
        ({"alerts": ""}, "alerts", "warning", "no channel"),
        ({"anchor": ""}, "anchors", "warning", "not anchored"),
        (
            {"anchor": '[[anchor.places]]\nkind = "file"\nname = "new"\npath = "share"'},
            "anchors", "warning", "no deposit of the chain's head at new",
        ),
        (
            {"alerts": 'webhook_url = "http://127.0.0.1:1/"\nwebhook_secret_file = "nowhere"'},
            "alerts", "problem", "cannot read",
        ),
        (
            {"alerts": 'webhook_url = "http://127.0.0.1:1/"\nwebhook_secret_file = "nowhere"'},
            "keys", "problem", "webhook_secret_file",
        ),
        ({"alerts": "free_mb = 1000000000"}, "disk", "problem", "MB are free"),
    ],
)  # fmt: skip
def test_a_fault_of_the_configuration_is_named(clinic, changes, name, level, words):
    """Each fault that stands in the file is found by its check, and says what to do."""
    if "free_mb" in changes.get("alerts", ""):
        clinic.write()
        clinic.config.write_text(
            clinic.config.read_text().replace("free_mb = 1", changes["alerts"])
        )
    else:
        clinic.write(**changes)
    try:
        says(clinic.found()[name], level, words)
    finally:
        clinic.write()


def test_no_surface_is_a_problem(clinic):
    """Without a declared route nobody is counted."""
    text = clinic.config.read_text()
    start, end = text.index("[[surface]]"), text.index("[gate]")
    clinic.config.write_text(text[:start] + text[end:])
    try:
        says(clinic.found()["surfaces"], "problem", "nobody is counted")
    finally:
        clinic.write()


def test_a_refused_configuration_is_a_problem(clinic):
    """A change that the gate did not take over is told with its reason."""
    good = clinic.config.read_text()
    clinic.config.write_text(good + "[nonsense]\n")
    with Control(clinic.folder / "h.sock") as control:
        with pytest.raises(ServiceError, match="nonsense"):
            control.reload()
        clinic.config.write_text(good)
        says(clinic.found()["gate"], "problem", "nonsense")
        control.reload()
    says(clinic.found()["gate"], "ok", "authority")


def test_a_socket_that_the_front_server_cannot_open_is_a_problem(clinic):
    """The account of the front server is barred by a directory, or by the socket itself."""
    says(clinic.found(front_user="nobody")["front"], "problem", "nobody may not pass")
    says(clinic.found(front_user="no-such-user")["front"], "warning", "no account")


@pytest.mark.parametrize(
    ("gate", "user"),
    [("", "www-data"), ('front = "caddy"', "caddy"), ('spoe_listen = "unix:s.sock"', "haproxy")],
)
def test_the_account_asked_about_is_that_of_the_front_server(clinic, monkeypatch, gate, user):
    """On a machine that has them all, the configuration says whose account it is."""
    there = {"www-data", "caddy", "haproxy"}
    monkeypatch.setattr("himaya.doctor.gates._exists", there.__contains__)
    monkeypatch.setattr("himaya.doctor.gates.barred_at", lambda path, user: "")
    other = clinic.folder / "front.toml"
    text = clinic.write().read_text()
    other.write_text(text.replace("[gate]", f"[gate]\n{gate}", 1))
    says(clinic.found(other, front_user="")["front"], "ok", f"{user} can open")


def test_a_log_that_everybody_may_read_is_told(clinic, tmp_path):
    """The log says who looked at whom: with mode 0644 it is a warning, with 0640 it is not."""
    log = tmp_path / "access.log"
    log.write_text("")
    log.chmod(0o644)
    says(clinic.found(log=log)["log"], "warning", "every account")
    log.chmod(0o640)
    says(clinic.found(log=log)["log"], "ok", "owner")


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ({"passes": ("X-Forwarded-For",)}, "X-Forwarded-For or X-Real-IP is believed"),
        ({"passes": ("X-Account",)}, "an account that a visitor made up"),
        ({"passes": ("X-Original-URI",)}, "X-Original-URI is believed"),
    ],
)
def test_a_front_door_that_believes_visitors_is_a_problem(clinic, front, words):
    """A header that the front door takes from visitors is found by asking the gate whom it took us for."""
    with Front(clinic.folder / "auth.sock", **front) as door:
        says(clinic.found(url=door.url)["headers"], "problem", words)


def test_caddy_that_believes_a_visitors_target_is_a_problem(ward):
    """Each front door is tried with the header in which it says itself what is asked for."""
    ward.write(gate='front = "caddy"')
    try:
        ward.start()
        with Front(ward.folder / "auth.sock", passes=("X-Forwarded-Uri",)) as door:
            door.says = ("X-Forwarded-Uri", "X-Forwarded-Method")
            says(ward.found(url=door.url)["headers"], "problem", "X-Forwarded-Uri is believed")
            assert "init caddy" in ward.found(url=door.url)["headers"].do
    finally:
        ward.close()


def test_a_front_door_that_does_not_ask_is_told(clinic):
    """A path that the front door serves without asking proves nothing, and that is said."""
    with Front(clinic.folder / "auth.sock", asks=False) as door:
        says(clinic.found(url=door.url)["headers"], "warning", "was not asked about")


def test_forged_headers_from_a_trusted_address_prove_nothing(clinic):
    """Where the doctor itself sits in trusted_proxies, being believed is no finding."""
    clinic.write(proxies='"127.0.0.1/32"')
    try:
        with Front(clinic.folder / "auth.sock", passes=("X-Forwarded-For",)) as door:
            says(clinic.found(url=door.url)["headers"], "warning", "127.0.0.1")
    finally:
        clinic.write()


def test_clocks_that_disagree_are_told(clinic):
    """A front door whose clock is ahead is a warning by seconds, a problem by minutes."""
    for ahead, level in ((20.0, "warning"), (600.0, "problem")):
        with Front(clinic.folder / "auth.sock", ahead_s=ahead) as door:
            says(clinic.found(url=door.url)["time"], level, "s apart")


def test_a_site_that_does_not_answer_is_a_problem(clinic):
    """Nobody at the address is a problem, not a traceback."""
    says(clinic.found(url="http://127.0.0.1:1/")["outside"], "problem", "does not answer")


def test_routes_that_nobody_declared_are_told(clinic, tmp_path):
    """People at a route of the log that is no surface are found; declared ones are not."""
    log, form = (
        tmp_path / "access.log",
        '10.0.0.{} - - [02/Mar/2026:09:15:{:02} +0000] "GET {}/{} HTTP/1.1" 200 900 "-" "x"\n',
    )
    lines = [
        form.format(n % 9, n % 60, path, 7919 * n % 9973)
        for n in range(200)
        for path in ("/u", "/members")
    ]
    log.write_text("".join(lines))
    found = clinic.found(log=log)["routes"]
    says(found, "problem", "/members/{subject}")
    assert "/u/" not in found.said


def test_keys_that_others_may_read_or_that_are_old_are_told(clinic):
    """Mode, place and age of key files; the ledger's own key has no age."""
    key = clinic.folder / "h.sock.key"
    was = key.stat()
    try:
        key.chmod(0o644)
        says(clinic.found()["keys"], "problem", "others may read")
        key.chmod(0o600)
        os.utime(key, (0, 0))
        says(clinic.found()["keys"], "warning", "days old")
        os.utime(clinic.folder / "ledger.key", (0, 0))
    finally:
        key.chmod(0o600)
        os.utime(key, (was.st_atime, was.st_mtime))
    says(clinic.found()["keys"], "ok", "owner's alone")


def test_a_key_inside_the_ledger_is_a_problem(clinic):
    """Whoever copies the data must not get a key with it."""
    inside = clinic.folder / "ledger" / "secret"
    inside.write_text("0123456789abcdef")
    inside.chmod(0o600)
    clinic.write(gate='secret_file = "ledger/secret"')
    try:
        says(clinic.found()["keys"], "problem", "inside the ledger")
    finally:
        inside.unlink()
        clinic.write()


def test_a_dead_channel_and_a_waiting_alert_are_told(clinic):
    """A channel that fails is a problem, an alert of high severity that nobody looks after a warning."""
    one = Occurrence(Kind.CASE, "g", "high", time.time(), "text", "see")
    with AlertStore(clinic.folder / "ledger.alerts") as store:
        number = store.put(one, count=1, again_s=1.0, channels=["x"], most_waiting=9, keep=99)
        says(clinic.found()["alerts"], "warning", "high severity")
        store.failed("x", store.claim("x", time.time(), 1.0).number, "refused", 1.0, 0.0)
        says(clinic.found()["alerts"], "problem", "x: refused")
        store.sent("x", 0)
        for each in store.alerts():
            store.acknowledge(each.id, "me", 1.0)
    assert number
    says(clinic.found()["alerts"], "ok", "no channel has a problem")


# nothing runs -------------------------------------------------------------------------------------


def row(at, surface="profile"):
    shown = (Shown("1", ("name",), Certainty.SERVED),)
    return Disclosures(at, surface, "profile", Actor(account="u1"), "account", 200, shown=shown)


def kept(ward, *rows, clock=time.time, gaps=()):
    """Write a ledger of another day."""
    with Ledger.open(ward.folder / "ledger", clock=clock) as ledger:
        for one in rows:
            ledger.append(one)
        for gap in gaps:
            ledger.note_gap(*gap)


def test_nothing_that_runs_is_told(ward):
    """No gate, no follower, no ledger: three results that say what to start."""
    found = ward.found()
    says(found["gate"], "problem", "no authority at")
    says(found["follow"], "warning", "no himaya follow runs")
    says(found["ledger"], "problem", "no ledger here")
    assert "listener" not in found


def test_gaps_and_surfaces_never_seen_are_told(ward):
    """Unobserved periods of the last days are added up; a surface without a row is named."""
    now = time.time()
    more = '[[surface]]\nid = "photo"\nroute = "/photo/{subject}"\nfields = ["photo"]'
    ward.write(more=more)
    kept(
        ward,
        row(now - 86400),
        clock=lambda: now - 3 * 86400,
        gaps=[(now - 9000, now - 8940, "the feed broke")],
    )
    found = ward.found(now=now)
    says(found["coverage"], "warning", "photo")
    assert "profile" not in found["coverage"].said
    says(
        found["gaps"],
        "warning",
        "1 unobserved periods in the last 7 days, 60 s in all: the feed broke",
    )
    says(ward.found(now=now + 8 * 86400)["gaps"], "ok", "no unobserved period")


def test_an_export_that_should_be_gone_is_told(ward):
    """An export past its end is a warning until somebody says that it was destroyed; without any nothing is said."""
    now = time.time()
    kept(ward, row(now))
    assert "exports" not in ward.found()
    with Reader.open(ward.folder / "ledger") as reader:
        said = {"purpose": "p", "holder": "h", "path": "f", "by": "b", "subjects": ()}
        name = exports.register(reader, until=micros(now + 60), now=now, **said)
        says(ward.found(now=now)["exports"], "ok", "overdue")
        says(ward.found(now=now + 61)["exports"], "warning", name)
        exports.destroy(reader, name, by="b", now=now)
    says(ward.found(now=now + 61)["exports"], "ok", "overdue")


def test_a_clock_that_goes_back_is_told(ward):
    """Rows that are yet to come, and a chain whose times go back."""
    now = time.time()
    kept(ward, row(now + 7200))
    says(ward.found(now=now)["clock"], "problem", "yet to come")
    kept(ward, clock=lambda: now - 7200)
    says(ward.found(now=now)["clock"], "warning", "the clock went back")


def test_a_ledger_that_was_touched_is_a_problem(ward):
    """A sealed file that is missing, a chain that was changed, a key that is another: each is named."""
    kept(ward, row(time.time()))
    (sealed,) = (ward.folder / "ledger" / "sealed").iterdir()
    data = sealed.read_bytes()
    sealed.write_bytes(data + b"x")
    says(ward.found()["ledger"], "problem", "another size")
    sealed.write_bytes(data)
    says(ward.found()["ledger"], "ok", "the chain is whole")
    chain = ward.folder / "ledger" / "chain.jsonl"
    lines = chain.read_text().splitlines(keepends=True)
    chain.write_text("".join(lines[:1] + lines[2:]))
    assert ward.found()["ledger"].level == "problem"


def test_a_long_shadow_is_told(ward):
    """After a month in shadow somebody should decide."""
    now = time.time()
    with Ledger.open(ward.folder / "ledger") as ledger:
        ledger.config_version("p", "text", now - 60 * 86400, "shadow")
        ledger.config_version("p", "text", now - 50 * 86400, "shadow")
    says(ward.found()["mode"], "warning", "shadow since")
    with Ledger.open(ward.folder / "ledger") as ledger:
        ledger.config_version("p", "text", now - 3 * 86400, "enforce")
        ledger.config_version("p", "text", now - 2 * 86400, "shadow")
    says(ward.found()["mode"], "ok", "shadow since")


def test_a_proxy_without_its_application_is_a_problem(ward):
    """Behind a proxy the application has to be there; no follower is needed."""
    ward.write(listen="127.0.0.1:0", gate='upstream = "http://127.0.0.1:1"')
    ward.run("gate", "--config", ward.config, "--mode", "proxy")
    try:
        wait_for(ward.answers)
        found = ward.found()
    finally:
        ward.close()
    says(found["upstream"], "problem", "refused")
    says(found["follow"], "ok", "not needed")


def test_a_gate_that_is_off_and_a_follower_that_stopped_are_problems(ward):
    """Switched off, everything passes unseen; behind an authority somebody has to read the log."""
    ward.start()
    try:
        with Control(ward.folder / "h.sock") as control:
            control.off("a test")
            says(ward.found()["gate"], "problem", "switched off")
            control.on()
        says(ward.found()["follow"], "ok", "it runs")
        ward.end(ward.follower)
        says(ward.found()["follow"], "problem", "no himaya follow runs")
    finally:
        ward.close()


@pytest.mark.parametrize("words", [("--url", "ftp://x"), ("--url", "http://x", "--path", "about")])
def test_bad_words_on_the_command_line_are_said(ward, words):
    """A URL or path that is none is one sentence."""
    with pytest.raises(InputError, match=r"expected (http|a path)"):
        doctor.main(["--config", str(ward.config), *words], standalone_mode=False)


def test_operators_are_looked_at(ward):
    """Nobody enrolled, one role alone, or two people only: each is a warning; three people are well."""
    kept(ward, row(time.time()))
    says(ward.found()["operators"], "warning", "has every role")
    team = crew(ward.folder, ward.folder / "ledger", "owner")
    says(ward.found()["operators"], "warning", "no period is sealed")
    team.add("dpo")
    says(ward.found()["operators"], "warning", "two people can open")
    team.add("legal")
    says(ward.found()["operators"], "ok", "3 operators")
