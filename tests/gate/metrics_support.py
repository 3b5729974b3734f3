"""Asking the metrics listener of a gate of a test."""

import json
import socket

from prometheus_client.parser import text_string_to_metric_families
from tests.gate.gate_support import Answer, Reader
from tests.gate.process_support import GateProcess

METRICS = '[metrics]\nlisten = "unix:metrics.sock"\n'


class WatchedGate(GateProcess):
    """A gate that serves its metrics on a Unix socket in its folder."""

    def write(self, extra="", **config):
        super().write(**config)
        text = self.config.read_text()
        self.config.write_text(f"{text}\n{METRICS}{extra}")

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(20)
        sock.connect(str(self.folder / "metrics.sock"))
        return sock

    def page(self, path, method="GET", more=b"") -> Answer:
        with self.connect() as sock:
            sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\n".encode() + more + b"\r\n")
            return Reader(sock).answer(method)

    def metrics(self) -> "Figures":
        return Figures(self.page("/metrics").body.decode())

    def ready(self):
        answer = self.page("/ready")
        return answer.status, json.loads(answer.body)


class Figures:
    """A scrape: `figures("himaya_requests_total", surface="profile")` adds up what has these labels."""

    def __init__(self, text):
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name, **labels):
        found = [s for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        return sum(sample.value for sample in found)
