"""The services and the container of examples/: every file, path and command in them is true."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path, PurePath

import pytest
from tests.test_docs import _unknown

from himaya.config import load

ROOT = Path(__file__).resolve().parent.parent
UNITS = sorted((ROOT / "examples/systemd").glob("*.service"))
CONTAINER = (ROOT / "examples/container/Containerfile").read_text().replace("\\\n", " ")
HIMAYA = Path(sys.executable).with_name("himaya")
INSTALLED = "/opt/himaya/bin/himaya"


def directives(unit: Path) -> dict[str, str]:
    """Return the directives of a unit, the last value of each."""
    rows = [line for line in unit.read_text().splitlines() if line and line[0] not in "#["]
    return dict(row.split("=", 1) for row in rows)


def words(unit: Path) -> list[str]:
    command, *rest = shlex.split(directives(unit)["ExecStart"])
    assert command == INSTALLED
    return rest


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists_and_is_locked_in(unit):
    """The command and its options exist; the service has an account of its own and is locked in."""
    found = directives(unit)
    assert _unknown(words(unit)) == []
    assert "--config /etc/himaya/himaya.toml" in found["ExecStart"]
    assert (found["User"], found["ProtectSystem"], found["NoNewPrivileges"]) == (
        "himaya",
        "strict",
        "yes",
    )
    # With Group=, systemd leaves the account's own group out; the configuration is for that group.
    assert "himaya" in found["SupplementaryGroups"].split()
    assert found["CapabilityBoundingSet"] == ""
    assert set(found["RestrictAddressFamilies"].split()) <= {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert "MemoryMax" in unit.read_text()


def test_the_gate_may_write_what_its_configuration_names():
    """Sockets, keys and ledger lie in directories that systemd makes for the gate, or that it may write."""
    gate = directives(ROOT / "examples/systemd/himaya-gate.service")
    may = [
        f"/run/{gate['RuntimeDirectory']}",
        f"/var/lib/{gate['StateDirectory']}",
        gate["ReadWritePaths"],
    ]
    config = load(ROOT / "examples/systemd/himaya.toml")
    wanted = [
        config.gate.listen.removeprefix("unix:"), config.gate.socket, config.gate.key_file,
        config.ledger.directory, config.ledger.key_file,
    ]  # fmt: skip
    assert [one for one in wanted if not any(PurePath(one).is_relative_to(m) for m in may)] == []
    assert (gate["Type"], gate["Restart"], gate["WatchdogSec"]) == ("notify", "on-failure", "30")


@pytest.mark.system
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    """`systemd-analyze verify` is silent about both, once the program is where it is here."""
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(INSTALLED, str(HIMAYA)))
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


class Machine:
    """Stands for an installed machine: the paths of the units, below a folder."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        for place in ("etc/himaya/keys", "run/himaya", "var/lib/himaya", "var/log/nginx"):
            (folder / place).mkdir(parents=True)
        text = (ROOT / "examples/systemd/himaya.toml").read_text()
        text = re.sub(r'"(unix:)?(/(?:run|etc|var)/)', rf'"\1{folder}\2', text)
        self.config = folder / "etc/himaya/himaya.toml"
        self.config.write_text(text.replace("127.0.0.1:9418", "unix:metrics.sock"))
        (folder / "var/log/nginx/himaya.log").touch()

    def start(self, name, **environment):
        """Run what a unit's ExecStart says; return the process."""
        given = words(ROOT / f"examples/systemd/himaya-{name}.service")
        there = [f"{self.folder}{word}" if word.startswith("/") else word for word in given]
        process = subprocess.Popen(
            [HIMAYA, *there], stderr=subprocess.PIPE, env={**os.environ, **environment}
        )
        self.processes.append(process)
        return process

    def status(self):
        command = [HIMAYA, "status", "--config", self.config, "--check"]
        return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture(name="machine")
def _machine(tmp_path):
    machine = Machine(tmp_path)
    yield machine
    for process in machine.processes:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        process.stderr.close()


def test_the_services_really_start(machine, tmp_path):
    """Both commands run with the example: READY is told, the log is ECS, keys are private, both end with 0."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(90)
        gate = machine.start("gate", NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert manager.recv(4096).startswith(b"READY=1\nSTATUS=authority, mode shadow")
    follow = machine.start("follow")
    wait_for(lambda: machine.status() == 0)
    lines = [json.loads(follow.stderr.readline()) for _ in range(2)]
    assert ["telling the gate" in lines[0]["message"], "reading" in lines[1]["message"]] == [
        True
    ] * 2
    for process in (follow, gate):
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        lines += [json.loads(line) for line in process.stderr]
    assert {line["event.dataset"] for line in lines} == {"himaya.gate", "himaya.follow"}
    keys = {
        key.name: oct(key.stat().st_mode)[-3:] for key in (tmp_path / "etc/himaya/keys").iterdir()
    }
    assert keys == {"gate.key": "600", "ledger.key": "600"}


def test_a_gate_started_on_a_full_disk_says_so(machine):
    """Nothing can be written: one line that names the file, exit code 2, so that systemd tries again; no traceback."""
    machine.start("gate", NOTIFY_SOCKET="")
    (gate,) = machine.processes
    wait_for(lambda: machine.status() == 0)
    gate.kill()
    gate.wait(20)
    given = words(ROOT / "examples/systemd/himaya-gate.service")
    there = [f"{machine.folder}{word}" if word.startswith("/") else word for word in given]
    full = [
        "bash",
        "-c",
        'ulimit -f 0; "$@" 2>&1 | cat; exit "${PIPESTATUS[0]}"',
        "full",
        HIMAYA,
        *there,
    ]
    done = subprocess.run(full, capture_output=True, text=True, check=False)
    named = "ledger/identities.sqlite: the identity map failed: disk I/O error"
    assert (done.returncode, named in done.stdout) == (2, True), done.stdout
    assert "Traceback" not in done.stdout


def instructions(name):
    return re.findall(rf"^{name} (.+)$", CONTAINER, re.MULTILINE)


def test_the_container_is_made_of_what_is_there():
    """No registry is named, each COPY source exists, it runs as nobody, and it installs from the lock files."""
    assert {image.split()[0] for image in instructions("FROM")} == {"python:3.11-slim"}
    sources = [w for row in instructions("COPY") if "--from" not in row for w in row.split()[:-1]]
    assert [one for one in sources if not (ROOT / one).exists()] == []
    installs = [r for row in instructions("RUN") for r in row.split("&&") if "pip install" in r]
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    locks = re.findall(r"--requirement (\S+)", CONTAINER)
    assert set(locks) <= set(sources)
    assert instructions("USER") == ["10001"]
    assert "not built in the tests" in CONTAINER.lower()


def test_the_commands_of_the_container_exist():
    """What the container runs, and what it is asked for its health, are commands of himaya with options that exist."""
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    (health,) = re.findall(r"^HEALTHCHECK .* CMD (\[.+\])$", CONTAINER, re.MULTILINE)
    asked = json.loads(health)
    assert (json.loads(entry), asked[0]) == (["himaya"], "himaya")
    assert _unknown(json.loads(command)) == []
    assert _unknown(asked[1:]) == []


def test_the_wheel_of_the_container_is_made(tmp_path):
    """The build step of the container, as written there, makes a wheel of this tree."""
    (step,) = re.findall(r"-m (hatchling build [^&]+) &&", CONTAINER)
    command = step.replace(" dist", f" {tmp_path}").split()
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True)
    assert [one.suffix for one in tmp_path.iterdir()] == [".whl"]


def test_the_container_may_write_what_its_configuration_names():
    """Ledger and keys lie on the two volumes, apart; the socket in a directory that the image makes."""
    config = load(ROOT / "examples/container/himaya.toml")
    data, keys = json.loads(instructions("VOLUME")[0])
    assert PurePath(config.ledger.directory).is_relative_to(data)
    assert all(
        PurePath(k).is_relative_to(keys) for k in (config.ledger.key_file, config.gate.key_file)
    )
    assert str(PurePath(config.gate.socket).parent) in CONTAINER
    assert config.gate.listen.endswith(":" + instructions("EXPOSE")[0])
