"""An S3-compatible server on a loopback port (moto), with buckets that can lock objects."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

#: What a client needs to know of it.
LOGIN = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_server(folder):
    """Run the server; yield its address."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()  # of a server that another test ran at another port
    log = folder / "s3.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **LOGIN},
        )  # fmt: skip
    try:
        yield _address(log, process)
    finally:
        process.terminate()
        process.wait(30)


def _address(log, process, most_s=90.0):
    end = time.monotonic() + most_s
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def make_bucket(address, name, *, locks=False):
    """Make a bucket; with `locks` its objects can be locked."""
    headers = {"x-amz-bucket-object-lock-enabled": "true"} if locks else {}
    headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request"
    request = urllib.request.Request(f"{address}/{name}", method="PUT", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
