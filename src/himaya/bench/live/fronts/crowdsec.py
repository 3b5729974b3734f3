"""CrowdSec reading the log of an nginx; its custom bouncer writes nginx's deny file.

Everything is private: configuration, database and local API. It is never connected to CrowdSec's central API: the
configuration has no credentials for it, and nothing is downloaded. Parsers, scenarios and the list of tools are those
that the Debian package brings.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from himaya.bench.live.children import Child, free_port
from himaya.bench.live.fronts.front import ENVIRONMENT, told, where
from himaya.bench.live.fronts.nginx import Nginx
from himaya.core.errors import ServiceError
from himaya.core.facts import Fact

_SHARED = Path("/usr/share/crowdsec")
_HUB = {
    "parsers/s00-raw": ("syslog-logs",),
    "parsers/s01-parse": ("nginx-logs",),
    "parsers/s02-enrich": ("dateparse-enrich", "http-logs"),
    "scenarios": ("http-crawl-non_statics", "http-probing", "http-bad-user-agent"),
}
_INDEX: dict[str, dict[str, str]] = {
    "parsers": {},
    "scenarios": {},
    "postoverflows": {},
    "collections": {},
}


class CrowdSec(Nginx):
    """The hub's scenarios for scrapers, and the default profile: refused for four hours."""

    programs = ("nginx", "crowdsec", "cscli", "crowdsec-custom-bouncer")

    def __init__(self, setting: str, capacity: int, leakspeed_s: float) -> None:
        """Take the bucket of http-crawl-non_statics; the hub's own is 40 and 0.5 s."""
        super().__init__(f"CrowdSec {setting}", "CrowdSec", setting)
        self._capacity, self._leakspeed = capacity, leakspeed_s

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Start nginx, CrowdSec and the bouncer. Raises ServiceError when one of them does not start."""
        await super().start(site, folder, facts)
        api, own, key = free_port(), folder / "crowdsec", secrets.token_hex(16)
        self._configure(own, folder, api)
        url, config = f"http://127.0.0.1:{api}", str(own / "config.yaml")
        cscli = [where("cscli") or "cscli", "-c", config]
        login = ["--password", secrets.token_hex(16), "-f", str(own / "login.yaml"), "--url", url]
        _done([*cscli, "machines", "add", "bench", *login])
        _done([*cscli, "bouncers", "add", "front", "-k", key])
        program = await self._run("crowdsec", ["-c", config], folder, api)
        await program.until(lambda: program.has_said("Starting processing data"))
        file = own / "bouncer.yaml"
        file.write_bytes(msgspec.json.encode(_bouncer(folder, url, key)))
        bouncer = await self._run("crowdsec-custom-bouncer", ["-c", str(file)], folder)
        # It says so once it has asked for decisions the first time.
        await bouncer.until(lambda: bouncer.has_said("adding '"))

    async def _run(self, program: str, arguments: list[str], folder: Path, port: int = 0) -> Child:
        command = [where(program) or program, *arguments]
        child = Child(f"{self.name}: {program}", command, folder / f"{program}.out", ENVIRONMENT)
        self.children.append(child)
        if port:
            await child.ready(port)
        return child

    def _configure(self, own: Path, folder: Path, api: int) -> None:
        for place, names in _HUB.items():
            (own / place).mkdir(parents=True)
            for name in names:
                file = Path(place) / "crowdsecurity" / f"{name}.yaml"
                text = (_SHARED / "hub" / file).read_text("utf-8")
                (own / place / f"{name}.yaml").write_text(self._set(name, text))
        for name in ("data", "hub", "notifications", "plugins"):
            (own / name).mkdir()
        shutil.copy(_SHARED / "data/bad_user_agents.regex.txt", own / "data")
        shutil.copytree("/etc/crowdsec/patterns", own / "patterns")
        for name, document in _documents(own, folder, api).items():
            # JSON is YAML.
            (own / name).write_bytes(msgspec.json.encode(document))

    def _set(self, name: str, text: str) -> str:
        if name != "http-crawl-non_statics":
            return text
        text = text.replace("capacity: 40", f"capacity: {self._capacity}")
        return text.replace("leakspeed: 0.5s", f"leakspeed: {self._leakspeed:g}s")

    def missing(self) -> list[str]:
        """Return the programs and files this machine does not have."""
        files = (_SHARED / "hub/scenarios/crowdsecurity/http-crawl-non_statics.yaml",)
        return super().missing() + [str(file) for file in files if not file.exists()]

    def rule(self) -> str:
        """Return the versions that ran."""
        version = told("crowdsec", "-version").rpartition("v")[2]
        return f"CrowdSec {version} with its custom bouncer behind {told('nginx', '-v')} ran."


def _documents(own: Path, folder: Path, api: int) -> dict[str, object]:
    """Return the configuration files."""
    place = str(own)
    client = {"insecure_skip_verify": False, "credentials_path": f"{place}/login.yaml"}
    server = {
        "log_level": "info",
        "listen_uri": f"127.0.0.1:{api}",
        "profiles_path": f"{place}/profiles.yaml",
        "trusted_ips": ["127.0.0.1"],
    }
    config = {
        "common": {
            "daemonize": False,
            "log_media": "stdout",
            "log_level": "info",
            "working_dir": ".",
        },
        "config_paths": {
            "config_dir": place,
            "data_dir": f"{place}/data",
            "simulation_path": f"{place}/simulation.yaml",
            "hub_dir": f"{place}/hub",
            "index_path": f"{place}/hub/.index.json",
            "notification_dir": f"{place}/notifications",
            "plugin_dir": f"{place}/plugins",
        },
        "crowdsec_service": {"acquisition_path": f"{place}/acquis.yaml", "parser_routines": 1},
        "cscli": {"output": "human"},
        "db_config": {"type": "sqlite", "db_path": f"{place}/data/c.db", "log_level": "info"},
        "plugin_config": {"user": "nobody", "group": "nogroup"},
        "api": {"client": client, "server": server},
        "prometheus": {"enabled": False},
    }
    profile = {
        "name": "default_ip_remediation",
        "filters": ['Alert.Remediation == true && Alert.GetScope() == "Ip"'],
        "decisions": [{"type": "ban", "duration": "4h"}],
        "on_success": "break",
    }
    return {
        "config.yaml": config,
        "acquis.yaml": {"filenames": [f"{folder}/access.log"], "labels": {"type": "nginx"}},
        "profiles.yaml": profile,
        "simulation.yaml": {"simulation": False},
        "hub/.index.json": _INDEX,
    }


def _bouncer(folder: Path, url: str, key: str) -> dict[str, object]:
    return {
        "bin_path": f"{folder}/deny.sh",
        "feed_via_stdin": False,
        "total_retries": 0,
        "scenarios_containing": [],
        "scenarios_not_containing": [],
        "origins": [],
        "piddir": f"{folder}/",
        "update_frequency": "1s",
        "cache_retention_duration": "10s",
        "daemonize": False,
        "log_mode": "stdout",
        "log_level": "info",
        "api_url": f"{url}/",
        "api_key": key,
        "prometheus": {"enabled": False},
    }


def _done(command: list[str]) -> None:
    """Run a command to its end. Raises ServiceError with what it said when it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=ENVIRONMENT
    )
    if done.returncode:
        raise ServiceError(f"{' '.join(command[:5])} failed: {done.stderr.strip()[-500:]}")
