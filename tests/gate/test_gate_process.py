"""`himaya gate` as a process: start, signals, commands, restart, what it says when it cannot."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.gate.gate_support import Reader, Upstream, ok, read_answer, wait_for
from tests.gate.process_support import GateProcess

from himaya.control import Switch, SwitchState
from himaya.core.errors import ServiceError
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader as LedgerReader

HIMAYA = Path(sys.executable).with_name("himaya")


@pytest.fixture(name="upstream")
def _upstream():
    with Upstream() as upstream:
        yield upstream


def get(gate, target, *headers):
    lines = "".join(f"{line}\r\n" for line in headers)
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        return read_answer(sock)


def post(gate, target, body):
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
        head = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        sock.sendall(f"POST {target} HTTP/1.1\r\n{head}\r\n\r\n{body}".encode())
        return read_answer(sock)


def himaya(*arguments):
    return subprocess.run(
        [HIMAYA, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_restart_keeps_budgets_and_gives_nobody_a_fresh_one(tmp_path, upstream):
    """After a clean restart and after kill -9 the windows hold what the ledger holds."""
    gate = GateProcess(tmp_path, upstream.port, budget=3, ladder="challenge = false")
    with gate:
        assert [get(gate, f"/u/{n}").status for n in (1, 2, 3, 4)] == [200, 200, 200, 429]
        assert gate.stop() == 0
        gate.start()
        assert [get(gate, f"/u/{n}").status for n in (1, 4)] == [200, 429]
        with gate.control() as control:
            control.flush()
        gate.kill()
        gate.start()
        assert [get(gate, f"/u/{n}").status for n in (2, 4)] == [200, 429]
    assert sorted(set(gate.shown("address:127.0.0.1"))) == ["1", "2", "3"]
    assert gate.unobserved() == [
        "the gate was not running",
        "the writer stopped without closing the ledger",
    ]


def test_restart_gives_no_fresh_challenges(tmp_path, upstream):
    """How often somebody solved a challenge today is counted over a restart."""
    gate = GateProcess(tmp_path, upstream.port, budget=1)
    gate.config.write_text(
        gate.config.read_text().replace("people = 3\n", "people = 3\nper_day = 1\n")
    )
    with gate:
        get(gate, "/u/1")
        refused = json.loads(get(gate, "/u/2").body)
        assert refused["action"] == "challenge"
        time.sleep(1.1)
        body = json.dumps({"wait": refused["wait"]})
        solved = post(gate, "/.himaya/clear", body)
        assert solved.status == 200
        gate.stop()
        gate.start()
        assert [get(gate, f"/u/{n}").status for n in (2, 3, 4)] == [200, 200, 200]
        assert json.loads(get(gate, "/u/5").body)["action"] == "block"


def test_sessions_are_known_after_a_planned_restart(tmp_path, upstream):
    """A session bound to an account is still that account's after a stop and a start; the file is private and gone."""
    upstream.answer = lambda asked, sock: ok(
        b"hello", *(["Himaya-Account: u17"] if asked.target == "/login" else [])
    )
    gate = GateProcess(tmp_path, upstream.port, actor='session_cookie = "sid"')
    kept = tmp_path / "g.sock.sessions"
    with gate:
        get(gate, "/login", "Cookie: sid=abc")
        gate.stop()
        assert oct(kept.stat().st_mode)[-3:] == "600"
        assert "abc" not in kept.read_text()
        gate.start()
        get(gate, "/u/1", "Cookie: sid=abc")
        assert not kept.exists()
    assert gate.shown("account:u17") == ["1"]


def test_sigterm_finishes_requests_and_seals(tmp_path, upstream):
    """SIGTERM: a request in progress is answered, rows are sealed, sockets are gone, exit code 0."""
    upstream.answer = lambda asked, sock: time.sleep(0.5) or ok(b"late")
    gate = GateProcess(tmp_path, upstream.port).start()
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
        sock.sendall(b"GET /u/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: upstream.asked)
        gate.signal(signal.SIGTERM)
        assert read_answer(sock).body == b"late"
    assert gate.stop() == 0
    assert not gate.socket.exists()
    assert list((gate.ledger / "sealed").iterdir())
    assert gate.shown("address:127.0.0.1") == ["1"]
    assert gate.unobserved() == []


def test_sighup_takes_a_good_configuration_over_and_refuses_a_bad_one(tmp_path, upstream):
    """SIGHUP: new budgets hold on connections that stay open; a bad file changes nothing and says why."""
    with (
        GateProcess(tmp_path, upstream.port, budget=1, ladder="challenge = false") as gate,
        gate.control() as control,
        socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock,
    ):
        reader = Reader(sock)

        def status_of(target):
            sock.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            return reader.answer().status

        assert [status_of("/u/1"), status_of("/u/2")] == [200, 429]
        before = control.status().policy
        gate.write(budget=2, ladder="challenge = false")
        gate.signal(signal.SIGHUP)
        wait_for(lambda: control.status().policy != before)
        assert [status_of("/u/2"), status_of("/u/3")] == [200, 429]
        good = control.status()
        gate.config.write_text(gate.config.read_text() + "\nnonsense = 1\n")
        gate.signal(signal.SIGHUP)
        wait_for(lambda: control.status().config_problem)
        bad = control.status()
        assert (bad.policy, bad.mode) == (good.policy, good.mode)
        assert "himaya.toml" in bad.config_problem
        assert [status_of("/u/2"), status_of("/u/3")] == [200, 429]
        with pytest.raises(ServiceError, match="nonsense"):
            control.reload()
    assert "the old one stays" in gate.said


def test_every_active_configuration_is_in_the_ledger(tmp_path, upstream):
    """Start and reload each leave the policy's hash with its time in the chain."""
    with GateProcess(tmp_path, upstream.port, budget=5) as gate, gate.control() as control:
        first = control.status().policy
        gate.write(budget=6)
        control.reload()
        second = control.status().policy
    from himaya.ledger.reader import Reader as LedgerReader

    with LedgerReader.open(gate.ledger) as reader:
        assert [entry.policy for entry in reader.state().configs] == [first, second]


def test_off_and_on_from_the_command_line(tmp_path, upstream):
    """`himaya off` lets everything pass at once, `on` ends it; the time is an unobserved period with its reason."""
    with GateProcess(tmp_path, upstream.port, budget=1) as gate:
        assert [get(gate, f"/u/{n}").status for n in (1, 2)] == [200, 403]
        done = himaya("off", "--config", gate.config, "--why", "a migration")
        assert (done.returncode, "everything passes" in done.stdout) == (0, True)
        assert get(gate, "/u/2").status == 200
        told = json.loads(himaya("status", "--config", gate.config, "--json").stdout)
        assert (told["off"], told["off_why"]) == (True, "a migration")
        assert "OFF" in himaya("status", "--config", gate.config).stdout
        assert himaya("on", "--config", gate.config).returncode == 0
        assert get(gate, "/u/2").status == 403
    assert gate.unobserved() == ["switched off: a migration"]
    assert gate.shown("address:127.0.0.1") == ["1"]


def test_off_survives_a_restart_and_the_state_file_is_seen_within_a_second(tmp_path, upstream):
    """A gate switched off while it did not run starts off; word left in the state file is seen soon."""
    gate = GateProcess(tmp_path, upstream.port, budget=1)
    assert "starts switched off" in himaya("off", "--config", gate.config).stdout
    with gate:
        assert [get(gate, f"/u/{n}").status for n in (1, 2)] == [200, 200]
        gate.stop()
        gate.start()
        assert get(gate, "/u/2").status == 200
        Switch.beside(gate.socket).write(SwitchState())
        begun = time.monotonic()
        wait_for(lambda: "switched on" in gate.said, timeout=3)
        assert time.monotonic() - begun < 1.2
        assert [get(gate, f"/u/{n}").status for n in (1, 2)] == [200, 403]
    assert set(gate.unobserved()) == {"switched off", "the gate was not running"}


def test_status_tells_how_the_gate_is(tmp_path, upstream):
    """Mode, policy, people, tracked principals, surfaces whose people cannot be seen: in words and as JSON."""
    with GateProcess(tmp_path, upstream.port, mode="shadow") as gate:
        get(gate, "/u/1")
        get(gate, "/x")
        told = json.loads(himaya("status", "--config", gate.config, "--json").stdout)
        words = himaya("status", "--config", gate.config).stdout
    assert (told["mode"], told["door"], told["requests"]) == ("shadow", "proxy", 2)
    assert (told["people_disclosed"], told["disclosures"], told["open_tickets"]) == (1, 1, 0)
    assert told["tracked"] >= 1
    assert told["policy"] in words
    assert "everything passes" in words
    assert "this hour   people newly shown to anonymous 1, learning: 0 of 168 hours known" in words
    visitors, *others = told["classes"]
    assert (visitors["cohort"], visitors["state"], visitors["people"]) == (
        "anonymous",
        "learning",
        1,
    )
    assert [each["cohort"] for each in others] == ["new", "established", "paid", "key"]
    done = himaya("status", "--config", gate.config)
    assert (done.returncode, "no authority" in done.stderr) == (2, True)


def test_reference_number_tells_why_somebody_was_refused(tmp_path, upstream):
    """The number on a refusal leads to the time, the surface and the measured reason, without a name."""
    with GateProcess(tmp_path, upstream.port, budget=1) as gate:
        get(gate, "/u/1")
        number = get(gate, "/u/2").headers["himaya-reference"]
        with gate.control() as control:
            control.flush()
        asked = ("status", "--config", gate.config, "--reference")
        words = himaya(*asked, number.lower().replace("-", "")).stdout
        (told,) = json.loads(himaya(*asked, number, "--json").stdout)
        assert himaya(*asked, "AAAA-BBBB-CC").returncode == 2
    assert (told["action"], told["surface"], told["reference"]) == ("challenge", "profile", number)
    assert "this address would have seen 2 people within one hour; the limit is 1" in words
    kept = tmp_path / "g.sock.refusals"
    assert oct(kept.stat().st_mode)[-3:] == "600"
    assert "127.0.0.1" not in kept.read_text()


def test_facts_are_kept_over_a_restart(tmp_path, upstream):
    """Facts told over the socket count at once, and still after a restart."""
    actor = 'account_header = "X-Account"\ntrusted_proxies = ["127.0.0.1/32"]'
    gate = GateProcess(tmp_path, upstream.port, actor=actor, budget=1)
    with gate:
        with gate.control() as control:
            assert control.tell([{"account": "u1", "subject": "41"}]) == 1
            with pytest.raises(ServiceError, match="no such key"):
                control.tell([{"account": "u1", "sbject": "41"}])
        assert get(gate, "/u/41", "X-Account: u1").status == 200
        gate.stop()
        gate.start()
        assert [get(gate, f"/u/{n}", "X-Account: u1").status for n in (41, 42, 41, 43)] == [
            200,
            200,
            200,
            403,
        ]
    assert gate.shown("account:u1") == ["42"]


def seen_inside(gate, number):
    words = ("alert", "show", str(number), "--config", str(gate.config), "--names", "--why", "test")
    done = subprocess.run([HIMAYA, *words], capture_output=True, text=True, check=False)
    return done.stdout


def test_findings_call_the_alert_command(tmp_path, upstream):
    """A finding of the running gate reaches the alert command without the address; its owner can see it inside."""
    out = tmp_path / "alerts"
    gate = GateProcess(tmp_path, upstream.port, mode="shadow")
    alert = f'\n[alerts]\ncommand = "tee -a {out}"\n[detectors.breadth]\nhour = 3\n'
    gate.config.write_text(gate.config.read_text() + alert)
    with gate:
        for n in range(6):
            get(gate, f"/u/x{n}z{n * 17}")
        wait_for(out.exists)
        wait_for(lambda: out.read_text().endswith("\n"))
        told = json.loads(out.read_text().splitlines()[0])
        assert (told["event"], told["kind"], told["reference"]) == ("opened", "finding", "breadth")
        assert "127.0.0.1" not in out.read_text()
        wait_for(lambda: "address:127.0.0.1" in seen_inside(gate, told["id"]))
        with gate.control() as control:
            assert control.status().alerts == 1


def test_port_in_use_is_said_and_exit_code_2(tmp_path, upstream):
    """A port somebody else has: one sentence with the address, exit code 2, nothing left locked."""
    gate = GateProcess(tmp_path, upstream.port)
    gate.port = upstream.port
    done = subprocess.run(gate.command(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1:{upstream.port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
    Ledger.open(gate.ledger).close()


def test_second_gate_on_one_site_is_refused(tmp_path, upstream):
    """Two gates over one ledger: the second is told who writes it, exit code 2; the first goes on."""
    with GateProcess(tmp_path, upstream.port) as gate:
        port, gate.port = gate.port, 0
        done = subprocess.run(gate.command(), capture_output=True, text=True, check=False)
        gate.port = port
        assert done.returncode == 2
        assert str(gate.process.pid) in done.stderr
        assert get(gate, "/u/1").status == 200


def test_commands_write_beside_a_running_gate(tmp_path, upstream):
    """A scan adds its rows, `seal` takes those of the gate along, `expire` applies the retention: the gate goes on."""
    log = tmp_path / "access.log"
    day = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    log.write_text(f'203.0.113.9 - anna [{day}] "GET /u/7 HTTP/1.1" 200 100 "-" "-"\n')
    with GateProcess(tmp_path, upstream.port) as gate, gate.control() as control:
        get(gate, "/u/1")
        control.flush()
        scan = ["scan", log, "--config", gate.config]
        for words in (scan, ["ledger", "seal"], ["ledger", "expire"], ["ledger", "verify"]):
            done = subprocess.run(
                [HIMAYA, *words, "--ledger", gate.ledger],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            if "seal" in words:
                assert done.stdout == "Sealed.\n"
                assert list((gate.ledger / "live").glob("*.arrow")) == []
        get(gate, "/u/2")
    assert sorted(gate.shown("address:127.0.0.1")) == ["1", "2"]
    assert sorted(gate.shown("address:203.0.113.9")) == ["7"]
    assert gate.unobserved() == []


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda gate: gate.ledger.write_text("a file"), "ledger"),
        (lambda gate: gate.config.write_text("mode = 3"), "himaya.toml:1: mode"),
        (lambda gate: gate.config.unlink(), "himaya.toml"),
        (lambda gate: gate.arguments.extend(["--upstream", "ftp://x"]), "gate.upstream"),
        (lambda gate: gate.arguments.extend(["--listen", "nowhere"]), "gate.listen"),
        (lambda gate: gate.arguments.extend(["--listen", "127.0.0.1:99999"]), "gate.listen"),
        (lambda gate: gate.arguments.extend(["--exchanges", "/nowhere/x"]), "/nowhere/x"),
        (lambda gate: gate.arguments.extend(["--mode", "authority"]), "gate.secret_file"),
    ],
    ids=["ledger is a file", "bad configuration", "no configuration", "bad upstream", "bad listen",
         "bad port", "unwritable exchanges", "authority on a port without a secret"],
)  # fmt: skip
def test_what_cannot_work_is_said_and_exit_code_2(tmp_path, break_it, said):
    """A mistake of the operator is one sentence that names the key or the file, and exit code 2."""
    gate = GateProcess(tmp_path)
    break_it(gate)
    done = subprocess.run(gate.command(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_fills_up_does_not_stop_the_gate(tmp_path, upstream):
    """While the ledger cannot be written the declared mode goes on, status says so, and rows come later."""
    with (
        GateProcess(tmp_path, upstream.port, budget=3, ladder="challenge = false") as gate,
        gate.control() as control,
    ):
        get(gate, "/u/1")
        control.flush()
        _limit_files(gate.process.pid, 0)
        assert get(gate, "/u/2").status == 200
        wait_for(lambda: control.status().ledger_problem)
        with pytest.raises(ServiceError):
            control.flush()
        assert [get(gate, f"/u/{n}").status for n in (3, 4)] == [200, 429]
        _limit_files(gate.process.pid, -1)
        wait_for(lambda: not control.status().ledger_problem)
        control.flush()
        assert sorted(gate.shown("address:127.0.0.1")) == ["1", "2", "3"]
    assert "cannot be written" in gate.said


def test_a_gate_killed_while_its_disk_is_full_leaves_a_gap(tmp_path, upstream):
    """What could not be written and was lost is in a period that the next start names; the rest is there."""
    gate = GateProcess(tmp_path, upstream.port).start()
    with gate.control() as control:
        get(gate, "/u/1")
        control.flush()
        _limit_files(gate.process.pid, 0)
        assert get(gate, "/u/2").status == 200
        answered = time.time()
        wait_for(lambda: control.status().ledger_problem)
    gate.kill()
    with gate:
        get(gate, "/u/3")
    assert sorted(gate.shown("address:127.0.0.1")) == ["1", "3"]
    with LedgerReader.open(gate.ledger) as reader:
        (gap,) = reader.gaps()
    assert gap.start <= answered < gap.end
    assert "without closing" in gap.why


def _limit_files(pid, size):
    """Set how large a file the process may write, as a full disk does; -1 lifts it."""
    import resource

    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))


def test_a_hundred_megabytes_pass_in_constant_memory(tmp_path, upstream):
    """An upload and a download of 100 MB leave the gate's memory where it was."""
    size = 100_000_000
    upstream.answer = lambda asked, sock: _drain_and_answer(asked, sock, size)
    upstream._read = _read_head
    with GateProcess(tmp_path, upstream.port) as gate:
        get(gate, "/warm")
        before = _memory(gate.process.pid)
        with socket.create_connection(("127.0.0.1", gate.port), timeout=60) as sock:
            reader = Reader(sock)
            sock.sendall(f"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
            block = b"x" * 1_000_000
            for _ in range(size // len(block)):
                sock.sendall(block)
            assert reader.answer().body == str(size).encode()
            sock.sendall(b"GET /down HTTP/1.1\r\nHost: a\r\n\r\n")
            reader.until(b"\r\n\r\n")
            left = size - len(reader.buffer)
            while left:
                left -= len(sock.recv(1_000_000))
        grown = _memory(gate.process.pid) - before
    print(f"memory grew by {grown / 1e6:.1f} MB")
    assert grown < 20_000_000


def _read_head(reader):
    from tests.gate.gate_support import Asked

    asked = Asked(reader.until(b"\r\n\r\n"), b"")
    asked.first, reader.buffer = reader.buffer, b""
    return asked


def _drain_and_answer(asked, sock, size):
    if asked.target == "/down":
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        block = b"y" * 1_000_000
        for _ in range(size // len(block)):
            sock.sendall(block)
        return b""
    got = len(asked.first)
    while asked.method == "POST" and got < size:
        got += len(sock.recv(1_000_000))
    return ok(str(got).encode())


def _memory(pid):
    """Return the most memory a process has had so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the system does not tell")
