"""A headless Chromium over its developer tools' pipe: JSON messages ended by a zero byte, on descriptors 3 and 4.

Used where Playwright is not installed; needs nothing but the browser.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Protocol, Self

_TIMEOUT_S = 5.0


class Work(Protocol):
    """What is to be collected (`collect.Job`)."""

    headers: dict[str, str]

    def urls(self) -> Iterator[str]:
        """Yield what to open."""
        ...

    def keep(self, body: bytes) -> None:
        """Take what was shown."""
        ...


def drive(work: Work, command: list[str], agent: str) -> None:
    """Open one page after the other and keep what the browser shows of it."""
    with Browser(command) as browser:
        browser.ask("Network.enable")
        browser.ask("Page.enable")
        browser.ask("Network.setExtraHTTPHeaders", headers=work.headers)
        browser.ask("Network.setUserAgentOverride", userAgent=agent)
        for url in work.urls():
            browser.open(url)
            work.keep(browser.shown())


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe, with numbers above those that Chromium wants."""
    low = os.pipe()
    reads, writes = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return reads, writes


class Browser:
    """One browser with one page."""

    def __init__(self, command: list[str]) -> None:
        """Start it with a profile of its own, which `__exit__` removes."""
        self._profile = tempfile.TemporaryDirectory(
            prefix="himaya-chromium-", ignore_cleanup_errors=True
        )
        inner_read, self._write = _pipe()
        self._read, inner_write = _pipe()
        switches = [
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._profile.name}",
        ]
        # A shell puts the pipe's ends where Chromium looks for them.
        script = f'exec "$@" 3<&{inner_read} 4>&{inner_write} {inner_read}<&- {inner_write}>&-'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "chromium", *command, *switches, "about:blank"],
            pass_fds=(inner_read, inner_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(inner_read)
        os.close(inner_write)
        self._number = 0
        self._waiting = b""
        self._session = ""

    def __enter__(self) -> Self:
        """Attach to its page."""
        made = self.ask("Target.createTarget", url="about:blank")
        attached = self.ask("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = attached["sessionId"]
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        self._profile.cleanup()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
        """Return the answer to one command; {} when it was refused."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for told in self._messages(30.0):
            if told.get("id") == self._number:
                answer: dict[str, Any] = told.get("result", {})
                return answer
        raise TimeoutError(f"the browser did not answer {method}")

    def open(self, url: str) -> None:
        """Go to a page and wait, not for ever, until it is loaded."""
        if self.ask("Page.navigate", url=url).get("errorText"):
            return
        with contextlib.suppress(TimeoutError):
            for told in self._messages(_TIMEOUT_S):
                if told.get("method") == "Page.loadEventFired":
                    return

    def shown(self) -> bytes:
        """Return the page as the browser has it now."""
        told = self.ask("Runtime.evaluate", expression="document.documentElement.outerHTML")
        return str(told.get("result", {}).get("value", "")).encode()

    def _messages(self, most_s: float) -> Iterator[dict[str, Any]]:
        """Yield what the browser says for at most so many seconds."""
        end = time.monotonic() + most_s
        while True:
            while b"\0" not in self._waiting:
                left = end - time.monotonic()
                if left <= 0 or not select.select([self._read], [], [], left)[0]:
                    return
                more = os.read(self._read, 1 << 16)
                if not more:
                    raise TimeoutError("the browser is gone")
                self._waiting += more
            line, _, self._waiting = self._waiting.partition(b"\0")
            yield json.loads(line)
