"""The real crowdsec in replay mode: scenarios of Debian's copy of the hub, a log, its overflows.

Nothing of the machine's own crowdsec is used or changed: own configuration, own database, own port on loopback.
"""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.rival_support import free_port

HUB = Path("/usr/share/crowdsec/hub")
DATA = Path("/usr/share/crowdsec/data")
PARSERS = [
    "s00-raw/crowdsecurity/syslog-logs", "s01-parse/crowdsecurity/nginx-logs",
    "s02-enrich/crowdsecurity/dateparse-enrich", "s02-enrich/crowdsecurity/http-logs",
]  # fmt: skip
#: The http scenarios that Debian enables, but for those about single vulnerabilities.
SCENARIOS = [
    "crowdsecurity/http-crawl-non_statics", "crowdsecurity/http-probing", "crowdsecurity/http-bad-user-agent",
    "crowdsecurity/http-path-traversal-probing", "crowdsecurity/http-sensitive-files",
    "crowdsecurity/http-sqli-probing", "crowdsecurity/http-xss-probing", "crowdsecurity/http-backdoors-attempts",
    "ltsich/http-w00tw00t", "crowdsecurity/http-generic-bf", "crowdsecurity/http-open-proxy",
    "crowdsecurity/nginx-req-limit-exceeded",
]  # fmt: skip
CONFIG = """
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: {folder}}}
config_paths:
  config_dir: {folder}/config
  data_dir: {folder}/data
  hub_dir: {folder}/hub
  index_path: {folder}/hub/.index.json
  simulation_path: {folder}/config/simulation.yaml
  notification_dir: {folder}/config/notifications
crowdsec_service: {{parser_routines: 1, buckets_routines: 1, output_routines: 1, acquisition_path: {folder}/none.yaml}}
cscli: {{output: human}}
db_config: {{type: sqlite, db_path: {folder}/data/crowdsec.db, use_wal: false}}
api:
  client: {{credentials_path: {folder}/config/credentials.yaml}}
  server: {{listen_uri: "127.0.0.1:{port}", profiles_path: {folder}/config/profiles.yaml}}
prometheus: {{enabled: false}}
"""
OVERFLOW = re.compile(
    r"Ip (\S+) performed '\w+/(\S+)' \((\d+) events over \S+\) at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
)


def prepare(folder, capacity, leakspeed):
    """Lay out a configuration whose http-crawl-non_statics has this capacity and leakspeed."""
    config = folder / "config"
    for name in ("hub", "data", "config/scenarios", "config/notifications"):
        (folder / name).mkdir(parents=True)
    for name in PARSERS:
        stage, _, parser = name.split("/")
        (config / "parsers" / stage).mkdir(parents=True, exist_ok=True)
        shutil.copy(HUB / f"parsers/{name}.yaml", config / f"parsers/{stage}/{parser}.yaml")
    for name in SCENARIOS:
        shutil.copy(HUB / f"scenarios/{name}.yaml", config / "scenarios")
    crawl = config / "scenarios/http-crawl-non_statics.yaml"
    text = crawl.read_text()
    assert "leakspeed: 0.5s\ncapacity: 40\n" in text, "the stock setting has changed"
    crawl.write_text(
        text.replace("leakspeed: 0.5s", f"leakspeed: {leakspeed}s").replace(
            "capacity: 40", f"capacity: {capacity}"
        )
    )
    shutil.copytree("/etc/crowdsec/patterns", config / "patterns")
    for file in DATA.glob("*.txt"):
        shutil.copy(file, folder / "data")
    (folder / "hub/.index.json").write_text(
        '{"parsers":{},"scenarios":{},"collections":{},"postoverflows":{}}'
    )
    (config / "simulation.yaml").write_text("simulation: off\n")
    (config / "profiles.yaml").write_text(Path("/etc/crowdsec/profiles.yaml").read_text())


def overflows(folder, rows, capacity, leakspeed):
    """Return (address, scenario, events, epoch seconds) of what crowdsec reports of a log, in order of report."""
    prepare(folder, capacity, leakspeed)
    port = free_port()
    (folder / "config.yaml").write_text(CONFIG.format(folder=folder, port=port))
    (folder / "none.yaml").touch()
    (folder / "config/credentials.yaml").write_text(
        f"url: http://127.0.0.1:{port}\nlogin: bench\npassword: for-this-run\n"
    )
    (folder / "access.log").write_text("".join(line_of(*row) + "\n" for row in rows))
    config = ["-c", folder / "config.yaml"]
    _ran(
        "cscli", *config, "machines", "add", "bench", "--password", "for-this-run", "--force",
        "-f", folder / "written.yaml",
    )  # fmt: skip
    log = f"file://{folder}/access.log"
    said = _ran("crowdsec", *config, "-type", "nginx", "-dsn", log, "-no-capi")
    return [
        (address, scenario, int(events), _epoch(at))
        for address, scenario, events, at in OVERFLOW.findall(said)
    ]


def _ran(*command):
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _epoch(text):
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def line_of(at, address, method, target, status, agent):
    """Return a line of nginx's combined format."""
    day = datetime.fromtimestamp(int(at), UTC)
    return f'{address} - - [{day:%d/%b/%Y:%H:%M:%S} +0000] "{method} {target} HTTP/1.1" {status} 100 "-" "{agent}"'
