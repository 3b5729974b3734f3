"""A time-stamping authority on a loopback port: `openssl ts` answers, so that nothing of himaya judges itself."""

from __future__ import annotations

import socketserver
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ess_cert_id_alg = sha256
certs = {folder}/ca.pem
"""
_EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"


def openssl(*words, **more):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **more)


def make_authority(folder: Path, digests="sha256") -> Path:
    """Make a root, a certificate for time stamps and a configuration in `folder`; return the root's file."""
    folder.mkdir(parents=True)
    (folder / "serial").write_text("01\n")
    (folder / "extensions").write_text(_EXTENSIONS)
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, digests=digests))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-subj", "/CN=Test root", "-days", "30")  # fmt: skip
    openssl("req", *curve, "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr",
            "-subj", "/CN=Test authority")  # fmt: skip
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem",
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-out", folder / "tsa.pem",
            "-days", "30", "-extfile", folder / "extensions")  # fmt: skip
    return folder / "ca.pem"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        server, question = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/timestamp-query"
        answer = server.answer or server.ask(server.swap or question)
        self.send_response(server.status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        return


class Authority(ThreadingHTTPServer):
    """`answer` is sent instead of a stamp, `swap` is stamped instead of what was asked; `last` is the last question."""

    daemon_threads = True

    def __init__(self, folder: Path, **more):
        self.folder, self.ca = folder, make_authority(folder, **more)
        self.status, self.answer, self.swap, self.last = 200, b"", b"", b""
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/tsr?a=1"

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def ask(self, question):
        self.last = question
        (self.folder / "question").write_bytes(question)
        openssl("ts", "-reply", "-config", self.folder / "tsa.cnf",
                "-queryfile", self.folder / "question", "-out", self.folder / "answer")  # fmt: skip
        return (self.folder / "answer").read_bytes()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
