"""fail2ban counting pages with people in the log of an nginx; its action writes nginx's deny file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from himaya.bench.live.children import Child
from himaya.bench.live.fronts.front import ENVIRONMENT, told, where
from himaya.bench.live.fronts.nginx import Nginx
from himaya.core.facts import Fact

_FILES = {
    "fail2ban.conf": """\
[Definition]
loglevel = INFO
logtarget = {folder}/fail2ban.log
syslogsocket = auto
socket = {folder}/f.sock
pidfile = {folder}/f.pid
dbfile = None
dbpurgeage = 1d
dbmaxmatches = 10
""",
    "jail.conf": """\
[people]
enabled = true
backend = polling
usedns = no
ignoreself = false
filter = people
action = deny
logpath = {folder}/access.log
maxretry = {most}
findtime = {find}
bantime = {block}
""",
    "filter.d/people.conf": """\
[Definition]
failregex = ^<HOST> - \\S+ \\[\\] "[A-Z]+ /(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)[/? ][^"]*" 200
ignoreregex =
""",  # noqa: E501  (the pattern is one line)
    "action.d/deny.conf": """\
[Definition]
actionban = {folder}/deny.sh add <ip>
actionunban = {folder}/deny.sh del <ip>
""",
}


class Fail2ban(Nginx):
    """So many pages with people in a time, and the address is refused everywhere for another time."""

    programs = ("nginx", "fail2ban-server", "fail2ban-client")

    def __init__(self, most: int, find_s: int, block_s: int) -> None:
        """Take maxretry, findtime and bantime."""
        setting = f"{most} in {find_s} s, {block_s // 60} min"
        super().__init__(f"fail2ban {setting}", "fail2ban", setting)
        self._numbers = {"most": most, "find": find_s, "block": block_s}

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Start nginx, then fail2ban with a configuration of its own, and wait until it reads the log."""
        await super().start(site, folder, facts)
        own = folder / "fail2ban"
        for name, text in _FILES.items():
            file = own / name
            file.parent.mkdir(parents=True, exist_ok=True)
            plain = name.startswith("filter.d")
            file.write_text(text if plain else text.format(folder=folder, **self._numbers))
        command = [where("fail2ban-server") or "fail2ban-server", *_places(folder), "-f", "start"]
        child = Child(self.name, command, folder / "fail2ban.out", ENVIRONMENT)
        self.children.append(child)
        await child.until(lambda: _reads(folder))

    def rule(self) -> str:
        """Return the versions that ran."""
        return f"fail2ban {told('fail2ban-server', '-V')} behind {told('nginx', '-v')} ran."


def _places(folder: Path) -> list[str | Path]:
    return ["-c", folder / "fail2ban", "-s", folder / "f.sock", "-p", folder / "f.pid"]


def _reads(folder: Path) -> bool:
    """Tell whether the jail runs."""
    if not (folder / "f.sock").exists():
        return False
    command = [where("fail2ban-client") or "fail2ban-client", *_places(folder), "status", "people"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=20, env=ENVIRONMENT)
    return done.returncode == 0
