"""Fingerprint classes at a real gate and in a real ledger: salted on their way in, raw nowhere on the disk."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.gate.gate_support import Upstream, read_answer
from tests.gate.process_support import GateProcess

from himaya.bootstrap.parts import class_salt
from himaya.config import loads
from himaya.core.errors import ConfigError
from himaya.core.salt import Salt
from himaya.ledger.reader import Reader

HIMAYA = Path(sys.executable).with_name("himaya")
JA4 = "t13i1515h2_8daaf6152771_806a8c22fdea"


def himaya(folder, *words):
    """Run a command in a directory; it must end well."""
    return subprocess.run(
        [HIMAYA, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def line(target):
    """Return the log line of a view just now, with the class that the front door knows."""
    told = {
        "at": time.time(), "address": "203.0.113.8", "method": "GET", "target": target, "status": 200,
        "sent": 9, "agent": "A/1", "subjects": "-", "ja4": JA4,
    }  # fmt: skip
    return json.dumps(told) + "\n"


def classes(ledger):
    """Return the classes that rows of a ledger have."""
    with Reader.open(ledger) as reader:
        return {row.actor.fingerprint for row in reader.rows() if row.subject}


def holding(folder, text):
    """Return the files under a directory that hold a text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name for path in files if text.encode() in path.read_bytes()}


def test_gate_and_follow_write_one_salted_class(tmp_path):
    """The class that a front door tells, and that of its log, are one, salted by the site's key; no file has it raw."""
    actor = 'fingerprint_header = "X-JA4"\ntrusted_proxies = ["127.0.0.1/32"]'
    with Upstream() as upstream, GateProcess(tmp_path, upstream.port, actor=actor) as gate:
        with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
            sock.sendall(f"GET /u/1 HTTP/1.1\r\nHost: a\r\nX-JA4: {JA4}\r\n\r\n".encode())
            assert read_answer(sock).status == 200
        log = tmp_path / "log"
        log.mkdir()
        (log / "access.log").write_text(line("/u/2"))
        himaya(tmp_path, "follow", "log/access.log", "--config", "himaya.toml", "--once")
    assert sorted(row.subject for row in gate.rows() if row.subject) == ["1", "2"]
    name = Salt((tmp_path / "g.sock.key").read_bytes(), 31).of(JA4, time.time())
    assert classes(gate.ledger) == {name}
    assert holding(tmp_path, JA4) == {"access.log"}


def test_a_search_makes_no_secret_of_its_own(tmp_path):
    """Without the site's secret nobody can tell which class is authorised: an error that names the file."""
    config = loads('mode = "shadow"', directory=tmp_path)
    assert not class_salt(config, make=False)("", 1e9)
    with pytest.raises(ConfigError, match=r"himaya\.sock\.key is missing"):
        class_salt(config, make=False)(JA4, 1e9)
    assert list(tmp_path.iterdir()) == []
    made = class_salt(config)(JA4, 1e9)
    assert class_salt(config, make=False)(JA4, 1e9) == made


def test_a_scan_salts_what_it_keeps_and_nothing_else(tmp_path):
    """A ledger filled by `himaya scan` holds salted classes, with and without a configuration; else no key is made."""
    (tmp_path / "access.log").write_text("".join(line(f"/u/{n}") for n in range(40)))
    (tmp_path / "himaya.toml").write_text('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    himaya(tmp_path, "scan", "access.log", "--config", "himaya.toml", "--json")
    himaya(tmp_path, "replay", "access.log", "--config", "himaya.toml", "--json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["access.log", "himaya.toml"]
    himaya(tmp_path, "scan", "access.log", "--config", "himaya.toml", "--ledger", "a")
    himaya(tmp_path, "scan", "access.log", "--ledger", "b")
    secret = (tmp_path / "himaya.sock.key").read_bytes()
    assert classes(tmp_path / "a") == {Salt(secret, 31).of(JA4, time.time())}
    (other,) = classes(tmp_path / "b")
    assert other not in {JA4, *classes(tmp_path / "a"), ""}
    assert holding(tmp_path, JA4) == {"access.log"}
