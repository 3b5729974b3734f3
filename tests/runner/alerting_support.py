"""What the tests of alerts share: a mail server, a webhook, a channel that does as it is told, and a configuration."""

from __future__ import annotations

import contextlib
import datetime as dt
import socketserver
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from himaya.config import loads
from himaya.core.errors import ServiceError

SECRET = "0123456789abcdef0123456789abcdef"


def config_of(folder, alerts="", more=""):
    """Return a configuration whose ledger would lie in `folder`."""
    text = f'[site]\nname = "People"\n{more}\n[ledger]\ndirectory = "{folder}/ledger"\n[alerts]\n{alerts}\n'
    return loads(text, directory=folder)


def secret_file(folder, text=SECRET, name="secret"):
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def wait_for(ready, most_s=30.0):
    """Wait until something holds; a loaded machine may take long."""
    end = time.monotonic() + most_s
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


class Told:
    """A channel: `fails` is what it says instead of taking a message, `slow` what each takes."""

    def __init__(self, name="told", fails="", slow=0.0):
        self.name, self.fails, self.slow = name, fails, slow
        self.messages, self.tries = [], 0

    def send(self, message):
        self.tries += 1
        time.sleep(self.slow)
        if self.fails:
            raise ServiceError(self.fails)
        self.messages.append(message)
        return "taken"


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(server.status)
        if server.location:
            self.send_header("Location", server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        return


class Hook(ThreadingHTTPServer):
    """A receiver of webhooks: `got` has path, headers and body of each."""

    daemon_threads = True

    def __init__(self, status=204, location=""):
        super().__init__(("127.0.0.1", 0), _Hook)
        self.status, self.location, self.got = status, location, []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server_port}/hook?a=1"

    def server_bind(self):
        self.address_family_name = "here"
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Mail(socketserver.StreamRequestHandler):
    """Enough of SMTP for smtplib: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, QUIT."""

    def handle(self):
        server, self.secure = self.server, self.server.implicit
        if self.secure and not self._encrypt():
            return
        self._say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            server.lines.append(line)
            if word == "QUIT":
                self._say("221 bye")
                return
            if word == "STARTTLS":
                self._say("220 go on")
                if not self._encrypt():
                    return
                self.secure = True
                continue
            getattr(self, f"_{word.lower()}", self._unknown)(line)

    def _say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def _encrypt(self):
        try:
            self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        return True

    def finish(self):
        for each in (self.rfile, self.wfile, self.connection):
            with contextlib.suppress(OSError):
                each.close()

    def _ehlo(self, line):
        more = [] if self.secure or self.server.context is None else ["STARTTLS"]
        offered = ["mail.example", *more, *(["AUTH PLAIN"] if self.secure else []), "SIZE 1000000"]
        for each in offered[:-1]:
            self._say(f"250-{each}")
        self._say(f"250 {offered[-1]}")

    def _auth(self, line):
        self._say("235 welcome" if line == self.server.login else "535 wrong")

    def _mail(self, line):
        self._say("250 ok")

    def _rcpt(self, line):
        self._say("550 nobody here" if "nobody@" in line else "250 ok")

    def _data(self, line):
        self._say("354 go on")
        text = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            text += line
        self.server.mails.append(text.decode())
        self._say("250 taken")

    def _rset(self, line):
        self._say("250 ok")

    def _unknown(self, line):
        self._say("502 what?")


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on a loopback port: `mails` are those it took, `lines` what it was asked."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, certificate=None, implicit=False, login=""):
        self.context, self.implicit, self.login = None, implicit, login
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.mails, self.lines = [], []
        super().__init__(("127.0.0.1", 0), _Mail)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, client_address):
        return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def certificate(folder):
    """Return the path of a fresh certificate for localhost, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextlib.contextmanager
def running(alarm):
    """Have an alarm at work."""
    alarm.start()
    try:
        yield alarm
    finally:
        alarm.close(10.0)
