"""A time-stamping authority as a place (RFC 3161): it signs that a deposit existed at a time.

The authority keeps nothing, so the receipt is kept here: it shows the time to anybody, and that the chain still
contains this head, for as long as somebody has it. Copy the receipts to where the machine's owner cannot remove them.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

from asn1crypto import tsp
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from himaya._version import __version__
from himaya.anchoring.deposit import Deposit
from himaya.anchoring.directory import files_of, read_bounded, write_once
from himaya.anchoring.place import Found, failure
from himaya.core.errors import ConfigError, ServiceError

#: The largest answer of an authority that is read; one with its certificates has some 6,000 bytes.
MAX_ANSWER = 1 << 18

#: The clock of the authority and this one may differ by this much, in seconds.
MAX_SKEW_S = 300.0

_RECEIPT = ".tsr"


class Stamps:
    """Asks the authority at `url`; receipts lie in `path`, each beside its deposit.

    `ca_file` holds the certificates that the authority's must come from; "" are those of this machine. Raises
    ConfigError when they cannot be read at the start.
    """

    is_readable = True

    def __init__(self, name: str, url: str, path: Path, ca_file: str, timeout_s: float) -> None:
        self.name, self._path, self._timeout_s = name, path, timeout_s
        self._url = urlsplit(url)
        self._roots = _certificates(ca_file)

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Have the SHA-256 of the deposit stamped, verify the answer, and keep both."""
        data = deposit.encoded()
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = self._ask(request.as_bytes())
        response = self._verified(answer, data, request.nonce)
        skew = response.tst_info.gen_time.timestamp() - now
        if abs(skew) > MAX_SKEW_S:
            raise ServiceError(f"{self.name}: its clock differs from this one by {skew:.0f} s")
        self._keep(deposit, data, answer)
        return answer

    def found(self) -> Iterator[Found]:
        """Yield the deposits whose receipts are kept, each verified anew."""
        for path in files_of(self._path, ".json") if self._path.exists() else ():
            data, problem, stamped = read_bounded(path), "", ""
            try:
                answer = read_bounded(path.with_suffix(_RECEIPT), MAX_ANSWER)
                at = self._verified(answer, data, None).tst_info.gen_time
                stamped = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            except ServiceError as why:
                problem = str(why)
            yield Found(str(path), data, problem, stamped)

    def _keep(self, deposit: Deposit, data: bytes, answer: bytes) -> None:
        """Write receipt and deposit; a further stamp of the same deposit leaves the first one."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise failure(str(self._path), problem) from None
        receipt = Path(deposit.file_name).with_suffix(_RECEIPT).name
        if not (self._path / receipt).exists():
            write_once(self._path, receipt, answer, MAX_ANSWER)
        write_once(self._path, deposit.file_name, data)

    def _verified(self, answer: bytes, data: bytes, nonce: int | None) -> TimeStampResponse:
        """Return an answer whose status, imprint, nonce (if given), signature and certificate at the time are right."""
        try:
            response = _read(answer)
            if response.status:
                said = "; ".join(response.status_string) or f"status {response.status}"
                raise ServiceError(f"{self.name}: the authority refused: {said}"[:300])
            verifier = VerifierBuilder(nonce=nonce, roots=list(self._roots)).build()
            verifier.verify_message(response, data)
        except (VerificationError, ValueError) as problem:
            raise ServiceError(f"{self.name}: the receipt does not hold: {problem}"[:300]) from None
        return response

    def _ask(self, question: bytes) -> bytes:
        """Return the answer of the authority (RFC 3161, section 3.4). Redirects are not followed."""
        url, headers = self._url, {"Content-Type": "application/timestamp-query"}
        headers["User-Agent"] = f"himaya/{__version__}"
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            with closing(self._connection(url.hostname or "")) as connection:
                connection.request("POST", target, question, headers)
                response = connection.getresponse()
                status, answer = response.status, response.read(MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException) as problem:
            raise failure(f"{self.name}: {url.hostname}", problem) from None
        if status != 200 or len(answer) > MAX_ANSWER:
            raise ServiceError(f"{self.name}: {url.hostname} answered {status}, or too much")
        return answer

    def _connection(self, host: str) -> http.client.HTTPConnection:
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, self._url.port, timeout=self._timeout_s, context=context
            )
        return http.client.HTTPConnection(host, self._url.port, timeout=self._timeout_s)


def _read(answer: bytes) -> TimeStampResponse:
    """Return an answer of an authority. Raises ValueError when it is none.

    OpenSSL writes certificates in any order, where DER asks for one, and a strict reader refuses that. No signature
    covers the order, so they are put in order.
    """
    try:
        return decode_timestamp_response(answer)
    except ValueError:
        ordered = tsp.TimeStampResp.load(answer, strict=True).dump(force=True)
        return decode_timestamp_response(ordered)


def _certificates(ca_file: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, or those that this machine trusts. Raises ConfigError."""
    path = ca_file or ssl.get_default_verify_paths().cafile or ""
    try:
        found = x509.load_pem_x509_certificates(Path(path).read_bytes()) if path else []
    except (OSError, ValueError) as problem:
        hint = "Expected certificates as PEM."
        raise ConfigError(
            f"cannot read {path}: {problem}.", key="anchor.places.ca_file", hint=hint
        ) from None
    if not found:
        raise ConfigError("no certificate is there to trust.", key="anchor.places.ca_file")
    return found
