"""The challenge page in a real browser: Debian's Chromium solves it and is let through."""

import http.server
import os
import subprocess
import threading
import time

import pytest

from himaya.core.actor import Actor
from himaya.core.decision import Action, Decision, Reason
from himaya.core.policy import ChallengePolicy
from himaya.gate.challenge import Challenges

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("system_parts")]

POLICY = ChallengePolicy(cost=500)
DECISION = Decision(
    Action.CHALLENGE, surface="s", reasons=(Reason("budget", "address", "hour", 2, 1),)
)


class Site(http.server.ThreadingHTTPServer):
    """A site whose every page asks for a clearance; remembers what was asked of it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Pages)
        self.asked = Challenges(b"a secret of the test", POLICY, "Example")
        self.seen = []
        self.through = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/people?page=1"


class Pages(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.headers.get("Cookie", "")))
        actor, now = Actor(address=self.client_address[0]), time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        handled = self.server.asked.handle(
            self.command, self.path, body, self.headers.items(), actor, now
        )
        if handled:
            self.answer(*handled.page)
        elif self.server.asked.clearance_of(self.headers.get("Cookie", ""), actor, now):
            self.answer(200, (("Content-Type", "text/html"),), b"<title>People</title><p>people")
            self.server.through.set()
        else:
            self.answer(
                *self.server.asked.page(
                    DECISION, actor, self.path, now, "R", headers=self.headers.items()
                )
            )

    do_POST = do_GET  # noqa: N815 - the name http.server calls

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield site
        site.shutdown()
        thread.join()


def browser(folder, url):
    """Start Chromium without a window; it stays open on the page until it is stopped."""
    command = [
        "chromium",
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    command += [
        "--enable-logging=stderr",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}/profile",
    ]
    command += ["--no-sandbox"] if os.geteuid() == 0 else []
    environment = {**os.environ, "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([*command, url], stdout=log, stderr=log, env=environment)


def test_a_browser_solves_the_challenge_by_itself_and_goes_on(site, tmp_path):
    """Chromium calculates in a worker, sends the form, and arrives where it wanted to go; the policy blocks nothing."""
    process = browser(tmp_path, site.url)
    try:
        arrived = site.through.wait(40)
    finally:
        process.terminate()
        process.wait(20)
    log = (tmp_path / "log").read_text(errors="replace")
    assert arrived, log + str(site.seen)
    console = [line for line in log.splitlines() if "CONSOLE" in line]
    assert console == []
    assert [path for method, path, _ in site.seen if method == "POST"] == ["/.himaya/clear"]
    assert {path.partition("?")[0] for _, path, _ in site.seen} - {"/favicon.ico"} == {
        "/people", "/.himaya/altcha.css", "/.himaya/page.css", "/.himaya/check.js", "/.himaya/altcha.js",
        "/.himaya/pbkdf2.js", "/.himaya/challenge", "/.himaya/clear"}  # fmt: skip
