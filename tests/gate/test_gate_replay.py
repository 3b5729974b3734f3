"""`--exchanges FILE`: replaying what a gate wrote gives its decisions and its ledger rows again, exactly."""

import json
import random
import threading
import time

from tests.gate.gate_support import Reader, Upstream, ok, read_answer
from tests.gate.process_support import GateProcess

from himaya.core.disclosure import Certainty
from himaya.exchanges import Admitted, Cleared, Decided, read_events, replay_exchanges

ACTOR = 'account_header = "X-Account"\ntrusted_proxies = ["127.0.0.1/32"]'
LADDER = "throttle_at = 0.9\nthrottle_s = 0.01"


def answer(asked, sock):
    """Answer like a site with profiles, listings, misses, errors and broken transfers."""
    path, _, query = asked.target.partition("?")
    number = int(query or 0)
    if path == "/list":
        rows = [{"id": f"p{(number * 7 + n) % 90}"} for n in range(5)]
        return ok(json.dumps({"rows": rows}).encode(), kind="application/json")
    if path == "/told":
        return ok(b"x", f"Himaya-Subjects: p{number % 90}, p{(number + 1) % 90}")
    if path == "/find":
        return (
            ok(b"", status="404 Not Found")
            if number % 2
            else ok(b"x", f"Himaya-Subjects: p{number}")
        )
    if number % 11 == 0:
        return ok(b"", status="404 Not Found")
    if number % 13 == 0:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbroken")
        return None
    return ok(b"hello")


def crowd(gate, actor, rng):
    """Ask for sixty things as one account; broken transfers are part of it."""
    import socket

    sock = reader = None
    for _ in range(60):
        number = rng.randrange(200)
        target = rng.choice(
            [f"/u/p{number % 90}?{number}", f"/list?{number}", f"/told?{number}", f"/find?{number}"]
        )
        try:
            if sock is None:
                sock = socket.create_connection(("127.0.0.1", gate.port), timeout=10)
                reader = Reader(sock)
            lines = (
                f"Host: a\r\nX-Account: {actor}\r\nX-Forwarded-For: 192.0.2.{rng.randrange(9)}\r\n"
            )
            sock.sendall(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode())
            ended = reader.answer().headers.get("connection") == "close"
        except ConnectionError:
            ended = True
        if ended:
            sock.close()
            sock = None
    if sock is not None:
        sock.close()


def rows_of_file(replayed):
    """Return the ledger rows that replayed events make: one per person, miss, unattributed count."""
    rows = []
    for one in replayed:
        for d in one.disclosures:
            common = (
                round(d.at * 1e6),
                d.surface,
                d.actor.name,
                d.actor.address,
                d.status,
                d.decision,
                d.source,
                d.policy,
            )
            kind = "lookup_hit" if d.kind == "lookup" else d.kind
            rows += [
                (*common, kind, p.subject, tuple(sorted(p.fields)), p.certainty.value, 1)
                for p in d.shown
            ]
            rows += [(*common, "lookup_miss", "", (), "", 0)] * d.miss
            nobody = "clearance" if kind == "clearance" else "unattributed"
            rows += [(*common, nobody, "", (), "", d.unattributed)] * (d.unattributed > 0)
    return sorted(rows)


def rows_of_ledger(gate):
    return sorted(
        (round(r.at * 1e6), r.surface, r.name, r.actor.address, r.status, r.decision, r.source, r.policy,
         r.kind, r.subject, tuple(sorted(r.fields)), r.certainty, r.count)
        for r in gate.rows() if r.kind != "unobserved"
    )  # fmt: skip


def test_replay_gives_decisions_and_rows_exactly(tmp_path):
    """Concurrent traffic, challenges, facts, a reload, a restart: the file replays to the same, call by call."""
    path = tmp_path / "exchanges.jsonl"
    with Upstream(answer) as upstream:
        gate = GateProcess(
            tmp_path, upstream.port, arguments=["--exchanges", path], budget=40, actor=ACTOR, ladder=LADDER
        )  # fmt: skip
        with gate:
            work(gate, seed=1)
            buy(gate, "u9")
            with gate.control() as control:
                control.tell(
                    [{"account": "u1", "subject": "p1"}, {"subject": "p2", "protected": ["minor"]}]
                )
                gate.write(budget=45, actor=ACTOR, ladder=LADDER)
                control.reload()
            work(gate, seed=2)
            gate.stop()
            gate.start()
            work(gate, seed=3)
    with path.open("rb") as lines:
        replayed = list(replay_exchanges(read_events(lines)))
    assert all(one.same for one in replayed)
    decided = [one.decision.action.value for one in replayed if isinstance(one.event, Decided)]
    assert {"allow", "challenge", "throttle"} <= set(decided)
    assert len(decided) >= 3 * 4 * 60
    assert any(isinstance(one.event, Admitted) and one.admission.withheld for one in replayed)
    assert any(isinstance(one.event, Cleared) and one.granted for one in replayed)
    ledger = rows_of_ledger(gate)
    assert {row[-2] for row in ledger} >= {Certainty.SERVED.value, Certainty.PARTIAL.value}
    assert rows_of_file(replayed) == ledger


def work(gate, seed):
    threads = [
        threading.Thread(target=crowd, args=(gate, f"u{n}", random.Random(seed * 100 + n)))
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)


def buy(gate, account):
    """Solve a challenge by waiting, as an account over its budget."""
    import socket

    def ask(method, target, body=b""):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
            sock.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-Account: {account}\r\nX-Forwarded-For: 198.51.100.1\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            return read_answer(sock)

    for n in range(60):
        refused = ask("GET", f"/u/q{n}?1")
        if refused.status == 403:
            break
    time.sleep(1.1)
    body = json.dumps({"wait": json.loads(refused.body)["wait"]}).encode()
    assert ask("POST", "/.himaya/clear", body).status == 200
