"""Drives one collecting tool: `python -I collect.py TOOL JOB.json`. Any interpreter that has the tool will do.

JOB.json holds `base` (http://127.0.0.1:PORT), `links` (paths of profiles), `address` (told as X-Forwarded-For),
`seconds`, `most` (requests) and `out` (a folder). Every body is written there, refusals too; robots.txt,
refusals and Retry-After are not honoured; no redirect is followed. A tool stops between two answers, so that what was
sent to it is on its disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

_HERE = re.compile(r"http://(127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
_BATCH = 40
_TIMEOUT_S = 5
_AT_ONCE = 8
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"


class Job:
    """What to collect, for how long, and where to put it."""

    def __init__(self, told: dict[str, Any]) -> None:
        """Take what the file says; the time runs from now."""
        self.base: str = told["base"]
        self.paths: list[str] = told["links"]
        if not _HERE.fullmatch(self.base) or not all(path.startswith("/") for path in self.paths):
            raise SystemExit(
                "collect.py speaks to this machine only: http://127.0.0.1:PORT and paths"
            )
        self.address: str = told["address"]
        self.headers = {"X-Forwarded-For": self.address}
        self.seconds: float = told["seconds"]
        self.most: int = told["most"]
        self.out = Path(told["out"])
        self._end: float = time.monotonic() + self.seconds
        self.bodies = self.out / "bodies"

    @property
    def is_over(self) -> bool:
        """Tell whether the time is over."""
        return time.monotonic() >= self._end

    def urls(self) -> Iterator[str]:
        """Yield one URL after the other until time, list or allowance end."""
        for path in self.paths[: self.most]:
            if self.is_over:
                return
            yield self.base + path

    def batches(self) -> Iterator[list[str]]:
        """Yield URLs, forty at a time, for programs that take a list."""
        for first in range(0, min(len(self.paths), self.most), _BATCH):
            if self.is_over:
                return
            yield [self.base + path for path in self.paths[first : first + _BATCH]]

    def keep(self, body: bytes) -> None:
        """Write a body down, behind those before it."""
        with self.bodies.open("ab") as file:
            file.write(body + b"\n")


def curl(job: Job) -> None:
    """Fetch lists of pages with curl, one connection a list."""
    command = ["curl", "-q", "--silent", "--max-time", str(_TIMEOUT_S), "--config", "-"]
    command += ["--header", f"X-Forwarded-For: {job.address}"]
    for urls in job.batches():
        told = "\n".join(f'url="{url}"' for url in urls)
        with job.bodies.open("ab") as file:
            subprocess.run(command, input=told.encode(), stdout=file, check=False)


def wget(job: Job) -> None:
    """Fetch lists of pages with wget, each with its pictures, as `wget -p` does."""
    for number, urls in enumerate(job.batches()):
        command = [
            "wget",
            "--no-config",
            "--quiet",
            "--page-requisites",
            "--max-redirect=0",
            "--tries=1",
        ]
        command += [f"--timeout={_TIMEOUT_S}", "--execute=robots=off", "--input-file=-"]
        command += [
            f"--header=X-Forwarded-For: {job.address}",
            f"--directory-prefix={job.out}/{number}",
        ]
        subprocess.run(command, input="\n".join(urls), text=True, check=False)


def httrack(job: Job) -> None:
    """Copy the site with httrack, from the profiles along the links."""
    listed = job.out.parent / "httrack.txt"
    listed.write_text("\n".join(job.base + path for path in job.paths[: job.most]) + "\n")
    command = [
        "httrack",
        "--list",
        str(listed),
        "--path",
        str(job.out),
        "--quiet",
        "--robots=0",
        "--depth=3",
    ]
    command += [
        f"--max-time={max(1, round(job.seconds))}",
        "--disable-security-limits",
        "--max-rate=0",
    ]
    command += [
        "--connection-per-second=0",
        "--sockets=8",
        "--retries=0",
        f"--timeout={_TIMEOUT_S}",
    ]
    command += [
        "--headers",
        f"X-Forwarded-For: {job.address}",
        "-*",
        f"+{job.base[len('http://') :]}/*",
    ]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def httpx(job: Job) -> None:
    """Fetch one page after the other with an httpx client."""
    library = import_module("httpx")
    with library.Client(headers=job.headers, timeout=_TIMEOUT_S, follow_redirects=False) as client:
        for url in job.urls():
            try:
                job.keep(client.get(url).content)
            except library.HTTPError:
                continue


def requests(job: Job) -> None:
    """Fetch one page after the other with a requests session."""
    library = import_module("requests")
    with library.Session() as session:
        session.headers.update(job.headers)
        for url in job.urls():
            try:
                job.keep(session.get(url, timeout=_TIMEOUT_S, allow_redirects=False).content)
            except library.RequestException:
                continue


def curl_cffi(job: Job) -> None:
    """Fetch one page after the other with curl_cffi, which shows the TLS and headers of Chrome."""
    library = import_module("curl_cffi")
    with library.Session(impersonate="chrome", headers=job.headers) as session:
        for url in job.urls():
            try:
                job.keep(session.get(url, timeout=_TIMEOUT_S, allow_redirects=False).content)
            except library.CurlError:
                continue


def aiohttp(job: Job) -> None:
    """Fetch eight pages at a time with aiohttp."""
    asyncio.run(_aiohttp(job))


async def _aiohttp(job: Job) -> None:
    library = import_module("aiohttp")
    timeout = library.ClientTimeout(total=_TIMEOUT_S)
    async with library.ClientSession(
        headers=job.headers, timeout=timeout, trust_env=True
    ) as session:

        async def fetch(url: str) -> None:
            try:
                async with session.get(url, allow_redirects=False) as answer:
                    job.keep(await answer.read())
            except (library.ClientError, TimeoutError):
                return

        await _at_once(job, fetch)


async def _at_once(job: Job, fetch: Callable[[str], Awaitable[None]]) -> None:
    urls = job.urls()

    async def worker() -> None:
        for url in urls:
            await fetch(url)

    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))


def scrapy(job: Job) -> None:
    """Crawl with Scrapy, from the profiles along the links of the same host."""
    library, crawler = import_module("scrapy"), import_module("scrapy.crawler")

    def parse(_: object, response: Any) -> Iterator[Any]:  # noqa: ANN401  (a library's own type)
        job.keep(response.body)
        if "html" in response.headers.get("Content-Type", b"").decode() and not job.is_over:
            for link in response.css("a::attr(href), img::attr(src)").getall():
                yield response.follow(link, headers=job.headers)

    async def start(_: object) -> Any:  # noqa: ANN401  (a library's own type)
        for url in job.urls():
            yield library.Request(url, headers=job.headers)

    words = {"name": "people", "allowed_domains": ["127.0.0.1"], "parse": parse, "start": start}
    process = crawler.CrawlerProcess(_scrapy_settings(job))
    process.crawl(type("People", (library.Spider,), words))
    process.start()


def _scrapy_settings(job: Job) -> dict[str, Any]:
    return {
        "ROBOTSTXT_OBEY": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "DOWNLOAD_TIMEOUT": _TIMEOUT_S,
        "CONCURRENT_REQUESTS": _AT_ONCE,
        "CONCURRENT_REQUESTS_PER_DOMAIN": _AT_ONCE,
        "DOWNLOAD_DELAY": 0,
        "CLOSESPIDER_TIMEOUT": max(1, round(job.seconds)),
        "CLOSESPIDER_PAGECOUNT": job.most,
        "LOG_LEVEL": "ERROR",
    }


def playwright(job: Job) -> None:
    """Open one profile after the other in a Chromium driven by Playwright, with an ordinary browser's name."""
    library = import_module("playwright.sync_api")
    with library.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_chromium(), args=_switches())
        page = browser.new_page(extra_http_headers=job.headers, user_agent=_AGENT)
        for url in job.urls():
            try:
                page.goto(url, timeout=_TIMEOUT_S * 1000)
                job.keep(page.content().encode())
            except library.Error:
                continue
        browser.close()


def _chromium() -> str:
    return shutil.which("chromium") or "chromium"


def _switches() -> list[str]:
    """Return how Chromium is kept on this machine: everything but loopback goes where `loopback.environment` says."""
    return [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--disable-gpu",
        f"--proxy-server={os.environ.get('http_proxy', 'http://127.0.0.1:9')}",
        "--proxy-bypass-list=127.0.0.1;localhost;[::1]",
    ]


def chromium(job: Job) -> None:
    """Open one profile after the other in a headless Chromium, over the pipe its developer tools offer."""
    import_module("himaya.bench.live.chromium").drive(job, [_chromium(), *_switches()], _AGENT)


TOOLS = (curl, wget, httrack, httpx, requests, aiohttp, curl_cffi, scrapy, playwright, chromium)


def main() -> None:
    """Collect."""
    name, file = sys.argv[1:]
    job = Job(json.loads(Path(file).read_text()))
    job.out.mkdir(parents=True, exist_ok=True)
    {tool.__name__: tool for tool in TOOLS}[name](job)


if __name__ == "__main__":
    main()
