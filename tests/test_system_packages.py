"""tools/system.sh changes a machine only when it may, and says what is missing when it may not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = ROOT / "tools/system.sh"

LIST = """\
# a comment
there   sh                  test   -
absent  no-such-program     test   absentd   # a service
other   another-program     bench  -
module  python:no_such_mod  setup  -
"""


class Machine:
    """A machine made of stand-ins for the programs that would change a real one."""

    def __init__(self, folder: Path, uid: int, apt_exit: int = 0) -> None:
        self.folder, self.uid = folder, uid
        self.calls = folder / "calls"
        self.calls.touch()
        self.policy = folder / "policy-rc.d"
        (folder / "packages.txt").write_text(LIST)
        (folder / "bin").mkdir()
        self.program("id", f"echo {uid}")
        self.program(
            "apt-get",
            f'echo "apt-get $* policy=$([ -x {self.policy} ] && echo yes)" >>{self.calls}\n'
            f"exit {apt_exit}",
        )
        self.program("update-rc.d", f'echo "update-rc.d $*" >>{self.calls}')
        self.program("sudo", f'echo "sudo $(basename "$1") $2" >>{self.calls}\nexec "$@"')

    def program(self, name: str, body: str) -> None:
        """Put a stand-in for a program into the PATH."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def system(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run tools/system.sh here."""
        settings = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "SYSTEM_PACKAGES": str(self.folder / "packages.txt"),
            "SYSTEM_POLICY": str(self.policy),
            "SYSTEM": "",
        }
        return subprocess.run(
            [SYSTEM, *words], env=settings | env, capture_output=True, text=True, check=False
        )

    def called(self) -> list[str]:
        """Return what was done to the machine, in order."""
        return self.calls.read_text().splitlines()


@pytest.fixture
def someone(tmp_path: Path) -> Machine:
    """Return a machine on which we are not root."""
    return Machine(tmp_path, uid=1000)


@pytest.fixture
def root_user(tmp_path: Path) -> Machine:
    """Return a machine on which we are root."""
    return Machine(tmp_path, uid=0)


def test_not_root_lists_and_changes_nothing(someone):
    """Without root, missing packages are listed with the one command, and the run fails."""
    done = someone.system("test")
    assert done.returncode == 1
    assert "missing: absent\n" in done.stderr
    assert "sudo sh -c 'apt-get update && apt-get install" in done.stderr
    assert done.stderr.count("apt-get install") == 1
    assert someone.called() == []


def test_present_parts_need_nothing(someone):
    """A target whose parts are all there ends quietly with 0, root or not."""
    (someone.folder / "packages.txt").write_text("there sh test -\n")
    done = someone.system("test")
    assert (done.returncode, done.stderr) == (0, "")


def test_each_target_asks_for_its_own_parts(someone):
    """A target asks for its own packages only; Python modules are found by the interpreter."""
    assert "missing: other\n" in someone.system("bench").stderr
    assert "missing: module\n" in someone.system("setup").stderr
    assert someone.system("demo").returncode == 0


def test_root_installs_without_starting_a_service(root_user):
    """As root the package is installed while services may not start, and its service is disabled."""
    done = root_user.system("test")
    assert done.returncode == 0, done.stderr
    update, install, disable = root_user.called()
    assert "update" in update
    assert "install --yes --no-install-recommends absent policy=yes" in install
    assert disable == "update-rc.d absentd disable"
    assert not root_user.policy.exists()


def test_a_unit_without_a_start_script_is_disabled(root_user):
    """A service that is only a systemd unit is switched off by systemctl."""
    (root_user.folder / "packages.txt").write_text("absent no-such-program test absentd.service\n")
    root_user.program("systemctl", f'echo "systemctl $*" >>{root_user.calls}')
    done = root_user.system("test")
    assert done.returncode == 0, done.stderr
    assert root_user.called()[-1] == "systemctl --quiet disable absentd.service"


def test_crowdsec_is_installed_without_registering_anywhere(root_user):
    """Before crowdsec is installed its registration file says something, which stops it from calling its maker."""
    (root_user.folder / "packages.txt").write_text("crowdsec no-such-program test -\n")
    etc = root_user.folder / "etc"
    written = etc / "crowdsec/online_api_credentials.yaml"
    assert root_user.system("test", SYSTEM_ETC=str(etc)).returncode == 0
    assert written.read_text() == "# not registered\n"
    written.write_text("theirs")
    assert root_user.system("test", SYSTEM_ETC=str(etc)).returncode == 0
    assert written.read_text() == "theirs"


def test_a_policy_of_the_machine_stays(root_user):
    """A policy-rc.d that the machine has already is left as it is."""
    root_user.policy.write_text("theirs")
    assert root_user.system("test").returncode == 0
    assert root_user.policy.read_text() == "theirs"


def test_system_1_installs_through_sudo(someone):
    """With SYSTEM=1 somebody who is not root installs through sudo."""
    done = someone.system("test", SYSTEM="1")
    assert done.returncode == 0, done.stderr
    assert someone.called()[0] == "sudo system.sh --install"
    assert any("install --yes" in call for call in someone.called())


def test_system_1_without_sudo_says_so(someone):
    """With SYSTEM=1 on a machine without sudo nothing is done, and the way out is named."""
    tools = ["bash", "sh", "env", "dirname", "sed", "awk"]
    (someone.folder / "bin/sudo").unlink()
    for tool in tools:
        (someone.folder / "bin" / tool).symlink_to(shutil.which(tool))
    done = someone.system("test", SYSTEM="1", PATH=str(someone.folder / "bin"))
    assert (done.returncode, someone.called()) == (1, [])
    assert "run make test as root once" in done.stderr


def test_check_never_installs(root_user):
    """A check lists what is missing and installs nothing, even as root."""
    done = root_user.system("--check", "test")
    assert (done.returncode, root_user.called()) == (1, [])
    assert "absent" in done.stderr


def test_failed_install_fails(tmp_path):
    """An installation that fails ends the run, and takes its policy away again."""
    machine = Machine(tmp_path, uid=0, apt_exit=100)
    assert machine.system("test").returncode != 0
    assert not machine.policy.exists()


def test_every_row_of_the_list_is_whole():
    """Every row of tools/system_packages.txt has four columns and a target of the Makefile."""
    lines = (ROOT / "tools/system_packages.txt").read_text().splitlines()
    rows = [line.split("#")[0].split() for line in lines if line.split("#")[0].strip()]
    makefile = (ROOT / "Makefile").read_text()
    assert rows
    for row in rows:
        assert len(row) == 4, row
        assert f"tools/system.sh {row[2]}" in makefile, row


def test_what_a_pdf_needs_of_the_system_is_in_the_list():
    """Tests of PDFs need Pango: `make test` asks for the package that has its library."""
    rows = [
        line.split()[:3] for line in (ROOT / "tools/system_packages.txt").read_text().splitlines()
    ]
    assert ["libpangoft2-1.0-0", "lib:libpangoft2-1.0.so.0", "test"] in rows


def test_a_library_is_found_by_the_loader(someone):
    """A library that the loader knows is there; another one is missing, also one whose name only begins the same."""
    someone.program("ldconfig", 'echo "	libthere.so.0 (libc6,x86-64) => /lib/libthere.so.0"')
    rows = (
        "one lib:libthere.so.0 test -\ntwo lib:libthere.so test -\nthree lib:libgone.so.1 test -\n"
    )
    (someone.folder / "packages.txt").write_text(rows)
    assert "missing: two three\n" in someone.system("test").stderr
