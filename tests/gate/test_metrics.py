"""What a running gate tells of itself: figures that are right, bounded, and name nobody."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gate.gate_support import Upstream, ok, wait_for
from tests.gate.metrics_support import WatchedGate
from tests.gate.test_gate_process import get, himaya

from himaya.core.decision import Action, Admission, Decision, Reason
from himaya.core.finding import Finding
from himaya.gate.metrics import names
from himaya.gate.metrics.catalogue import METRICS
from himaya.gate.metrics.meter import Meter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(name="upstream")
def _upstream():
    with Upstream() as upstream:
        yield upstream


def test_the_document_lists_exactly_the_metrics_of_the_code():
    """docs/metrics.md has every metric with its kind and labels, and no other."""
    rows = re.findall(
        r"^\| `(himaya_\w+)` \| (\w+) \| ([^|]*) \| (.+) \|$",
        (ROOT / "docs/metrics.md").read_text(),
        re.MULTILINE,
    )
    told = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows}
    assert told == {each.name: (each.kind, each.labels) for each in METRICS}
    assert len(rows) == len(told)


def test_names_keep_the_convention():
    """A name is himaya_<noun>_<unit>, with _total exactly where it only grows."""
    for each in METRICS:
        assert re.fullmatch(r"himaya_[a-z]+(_[a-z]+)*", each.name)
        assert each.name.endswith("_total") == (each.kind == "counter"), each.name


def test_figures_are_what_happened(tmp_path, upstream):
    """Requests, people, weights, refusals, challenges and connections are counted as they were."""
    more = "[fields]\nemail = 3\n"
    gate = WatchedGate(tmp_path, upstream.port, extra=more, budget=6)
    with gate:
        assert [get(gate, f"/u/{n}").status for n in (1, 2, 3)] == [200, 200, 403]
        get(gate, "/other")
        get(gate, "/u/1", "Host: b")
        with gate.control() as control:
            control.flush()
        seen = gate.metrics()
    requests = "himaya_requests_total"
    assert seen(requests, surface="profile", verdict="allow", door="proxy", enforced="true") == 2
    assert seen(requests, surface="profile", verdict="challenge") == 1
    assert seen(requests, surface="none", verdict="allow") == 1
    assert seen("himaya_refusals_total", stage="request", verdict="challenge") == 1
    reason = {"rule": "budget", "principal": "address", "window": "hour"}
    assert seen("himaya_refusal_reasons_total", **reason) == 1
    assert seen("himaya_challenges_total", outcome="issued") == 1
    assert seen("himaya_disclosed_people_total", surface="profile") == 2
    assert seen("himaya_disclosed_weight_total", surface="profile") == 6
    assert seen("himaya_ledger_rows_total") == 2
    assert seen("himaya_decide_seconds_count") == 4
    assert seen("himaya_entries", table="open") == 0
    assert seen("himaya_connections_total", listener="door") == 5
    assert seen("himaya_broken_requests_total", listener="door", status="400") == 1
    assert seen("himaya_gate_info", mode="enforce", door="proxy") == 1
    assert seen("process_resident_memory_bytes") > 1e6
    known = {each.name.removesuffix("_total").removesuffix("_info") for each in METRICS}
    told = {family.name.removesuffix("_info") for family in seen.families}
    assert {name for name in told if name.startswith("himaya")} == known


def test_gaps_are_counted_by_the_class_of_their_reason(tmp_path, upstream):
    """Stopped, killed, switched off and told by a door: each is its own series, in seconds."""
    gate = WatchedGate(tmp_path, upstream.port)
    with gate:
        gate.stop()
        gate.start()
        assert gate.metrics()("himaya_gaps_total", reason="stopped") == 1
        gate.kill()
        gate.start()
        with gate.control() as control:
            control.off("an incident")
            get(gate, "/u/1")
            control.on()
            from himaya.control.messages import NoteGap

            control.ask(NoteGap(10.0, 30.0, "no answer", surface="profile", door="wsgi"))
            control.ask(NoteGap(10.0, 15.0, "nginx could not ask"))
        seen = gate.metrics()
    counted = {reason: seen("himaya_gaps_total", reason=reason) for reason in names.GAP_REASONS}
    assert counted == {"stopped": 0, "killed": 1, "off": 1, "door": 1, "log": 1, "ledger": 0}
    assert seen("himaya_gap_seconds_total", reason="door") == 20
    assert seen("himaya_gap_seconds_total", reason="log") == 5
    assert seen("himaya_unseen_requests_total", door="proxy") == 1


#: Whoever and whatever is used in the run of the next test; no two look alike, and none like a figure.
PEOPLE = ["subject-gwendolen", "subject-ottoline"]
SECRETS = [
    *PEOPLE, "198.51.100.77", "203.0.113.91", "2001:db8:77::1", "acc-theodora", "sess-quixote", "key-zephyr",
    "agent-brunhilde", "ref-elsewhere", "query-nightingale",
]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "ecs"])
def test_no_metric_and_no_log_line_names_anybody(tmp_path, upstream, form):
    """A whole run (refusals, findings, broken requests, a crash, a bad reload) leaves no identifier in either."""
    actor = 'account_header = "X-Account"\nsession_cookie = "sid"\nkey_header = "X-Key"\n'
    actor += 'trusted_proxies = ["127.0.0.1/32"]\n'
    gate = WatchedGate(
        tmp_path,
        upstream.port,
        more=f'log_format = "{form}"',
        extra='[detectors.breadth]\nhour = 1\n[detectors.enumeration]\naction = "challenge"\n',
        actor=actor,
        budget=3,
    )
    who = [
        (
            "X-Account: acc-theodora",
            "X-Forwarded-For: 198.51.100.77",
            "User-Agent: agent-brunhilde",
        ),
        ("Cookie: sid=sess-quixote", "X-Forwarded-For: 203.0.113.91"),
        ("X-Key: key-zephyr", "X-Forwarded-For: 2001:db8:77::1", "Referer: ref-elsewhere"),
    ]
    upstream.answer = lambda asked, sock: (
        None if asked.target == "/broken" else ok(b"hello", "Himaya-Account: acc-theodora")
    )
    said = []
    with gate:
        for headers in who:
            for target in (
                *[f"/u/{one}" for one in PEOPLE],
                "/u/a?query-nightingale",
                "/u/b",
                "/u/c",
            ):
                get(gate, target, *headers)
            get(gate, "/find?q=query-nightingale", *headers)
            get(gate, "/broken", *headers)
            get(gate, "/u/subject-ottoline\x01", *headers)
        with gate.control() as control:
            control.flush()
        seen = gate.metrics()
        gate.config.write_text(gate.config.read_text().replace("budget", "bugdet"))
        assert himaya("config", "reload", "--config", gate.config).returncode == 2
        said += [seen.text, gate.metrics().text, str(gate.ready()), gate.said]
        gate.kill()
        said.append(gate.said)
    assert seen("himaya_findings_total", detector="breadth") >= 1
    assert seen("himaya_refusals_total") >= 1
    assert [secret for secret in SECRETS if any(secret in text for text in said)] == []


def test_hostile_words_make_no_new_series():
    """What a worker or an exchange may carry where a closed set is meant is counted as `other`."""
    meter = Meter(lambda fields: 100)
    meter.refused(Decision(Action.BLOCK, reasons=(Reason("u777", "account:u777", "1 h", 2, 1),)))
    meter.refused(Admission(Action.BLOCK, reasons=(Reason("budget", "prefix", "day", 2, 1),)))
    meter.found(Finding("account:u777", "account:u777", 1.0, 2.0, 1.0, "why"))
    meter.gap(5.0, 1.0, "u777 said so", "u777")
    assert set(meter.reasons) == {("other", "other", "other"), ("budget", "prefix", "day")}
    assert dict(meter.findings) == {"other": 1}
    assert (meter.gaps["door"], meter.gap_s["door"]) == (1, 0.0)
    assert "u777" not in str(vars(meter))


def test_readiness_follows_the_ledger_and_the_switch(tmp_path, upstream):
    """Not ready while the ledger refuses; ready and `off` while switched off; `status --check` says both with 1."""
    gate = WatchedGate(tmp_path, upstream.port)
    check = ("status", "--config", gate.config, "--check")
    with gate, gate.control() as control:
        control.flush()
        policy = control.status().policy
        well = {"ready": True, "state": "enforce", "policy": policy, "problems": []}
        assert gate.ready() == (200, well)
        assert gate.page("/health").status == 200
        told = himaya(*check)
        assert (told.returncode, told.stdout.count("all well")) == (0, 1)
        _limit_files(gate.process.pid, 0)
        get(gate, "/u/2")
        wait_for(lambda: gate.ready()[0] == 503, timeout=20)
        assert gate.ready()[1]["problems"] == ["the ledger cannot be written"]
        wait_for(lambda: gate.metrics()("himaya_ledger_writable") == 0, timeout=20)
        told = himaya(*check)
        assert (told.returncode, "the ledger cannot be written" in told.stdout) == (1, True)
        assert gate.page("/health").status == 200
        _limit_files(gate.process.pid, -1)
        wait_for(lambda: gate.ready()[0] == 200, timeout=20)
        control.off("an incident")
        assert (gate.ready()[0], gate.ready()[1]["state"]) == (200, "off")
        assert himaya(*check).returncode == 1
    assert himaya(*check).returncode == 2


def _limit_files(pid, size):
    """Set how large a file the process may write, as a full disk does; -1 lifts it."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))


def test_the_metrics_listener_is_bounded(tmp_path, upstream):
    """Few connections, small heads, no bodies, three paths, two methods; a flood there does not touch the door."""
    with WatchedGate(tmp_path, upstream.port) as gate:
        assert [gate.page(path).status for path in ("/", "/u/1", "/metrics/x")] == [404] * 3
        assert gate.page("/metrics", "POST").status == 405
        assert gate.page("/metrics", "HEAD").status == 200
        assert gate.page("/metrics", more=b"X: " + b"y" * 9000 + b"\r\n").status == 431
        assert gate.page("/metrics", more=b"X: y\r\n" * 51).status == 431
        assert gate.page("/metrics", "POST", b"Content-Length: 9\r\n").status == 413
        held = [gate.connect() for _ in range(16)]
        wait_for(lambda: gate.page("/metrics").status == 503, timeout=20)
        for sock in held:
            sock.close()
        wait_for(lambda: gate.page("/metrics").status == 200, timeout=20)
        assert get(gate, "/u/1").status == 200
        told = {"listener": "metrics", "status": "503"}
        wait_for(lambda: gate.metrics()("himaya_broken_requests_total", **told) >= 1, timeout=20)
        assert gate.metrics()("himaya_broken_requests_total", listener="door") == 0


def test_without_metrics_nothing_is_opened_counted_or_imported():
    """A gate without `[metrics] listen` has no meter, and never imports the client library."""
    code = (
        "import sys, himaya.bootstrap.gate, himaya.bootstrap.metrics as m\n"
        "from himaya.config import loads\n"
        "assert m.make_meter(loads(''), None, None, 0.0) is None\n"
        "assert not [name for name in sys.modules if name.startswith('prometheus_client')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
