"""Hostile requests as data, a driver on raw sockets, and what every door promises about them.

Each case is the bytes of one connection. `@who@` is its person, `@enc@` the same percent-encoded, `@other@` a second
person hidden in the bytes, `@host@` the site. Every case comes from a loopback address of its own, first with a fresh
budget, then with a used-up one. The promise (`check`): whoever the application showed is recorded for exactly
that address, and one address is never shown more people than the budget; most cases may as well be refused.

A door of a test has `address` (host and port of the front server), `record` (what the application did, see
`hostile_site.Record`) and `recorded()` (the ledger's view: person -> the names of the actors).
"""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

HOST = b"site.example"
BUDGET = 3

#: No answer for this long: the case is over for the driver. What the application does later counts all the same.
QUIET_S = 0.4

_CLOSE = b"Host: @host@\r\nConnection: close\r\n"
_NEXT = b"GET /u/@other@ HTTP/1.1\r\n" + _CLOSE + b"\r\n"


class Case(NamedTuple):
    """`data` is sent as it is; `plain` cases are what honest programs send, and have to be answered."""

    name: str
    data: bytes
    plain: bool = False


def get(target, *lines, version=b"HTTP/1.1"):
    """Return a request for a target, with more header lines."""
    more = b"".join(line + b"\r\n" for line in lines)
    return b"GET " + target + b" " + version + b"\r\n" + _CLOSE + more + b"\r\n"


def hidden(*lines, body=b"", target=b"/about", method=b"POST"):
    """Return a request whose framing is doubtful, and a second one right behind it."""
    more = b"".join(line + b"\r\n" for line in lines)
    head = method + b" " + target + b" HTTP/1.1\r\nHost: @host@\r\n" + more + b"\r\n"
    return head + body + _NEXT


PLAIN = (b"/u/@who@", b"/u/@enc@", b"/%75/@who@", b"/u/@who@?a=/../b", b"/u/@who@/")

PATHS = (
    b"//u/@who@", b"/u//@who@", b"///u///@who@///", b"/%55/@who@", b"/u/@who@;x", b"/u;x=1/@who@",
    b"/;x/u/@who@", b"/u/@who@;a=b;c", b"/U/@who@", b"/u/@who@/.", b"/u/./@who@", b"/./u/@who@",
    b"/x/../u/@who@", b"/../u/@who@", b"/u/x/../@who@", b"/u/x/../../u/@who@", b"/u/@who@/x/..",
    b"/u/@who@.", b"/u/@who@..", b"/u./@who@", b"/u/@who@//", b"/u%2f@who@", b"/u%2F@who@", b"/%2fu/@who@",
    b"/u/@who@%2f", b"/u/%2f@who@", b"/x/..%2fu/@who@", b"/x/%2e%2e/u/@who@", b"/x/%2E./u/@who@",
    b"/x%2f..%2fu/@who@", b"/u/%2e/@who@", b"/u/@who@%2e", b"/u/@who@%3b", b"/u/@who@%3bx", b"/u/@who@%3fx",
    b"/u/@who@%23x", b"/u/@who@#x", b"/u/@who@%00", b"/u/@who@\0", b"/u/@who@\0.css", b"/u/@who@%00.css",
    b"/u/@who@%0a", b"/u/@who@%20", b"/%2575/@who@", b"/u/%25%37%30", b"/u/@who@%", b"/u/@who@%zz",
    b"/u/@who@/..;/", b"/u/..;/u/@who@", b"/.;/u/@who@", b"/u\\@who@", b"\\u\\@who@", b"/u/@who@\\", b"u/@who@",
    b"?/u/@who@", b"/?/../u/@who@", b"/u/@who@??", b"/.himaya/../u/@who@", b"/.himaya/..%2fu/@who@",
    b"/.himaya/%2e%2e/u/@who@", b"/.himaya//../../u/@who@", b"/static/../u/@who@", b"/%e0%80%af/../u/@who@",
    b"/u/@who@\xe9", b"/\xc0\xaf/../u/@who@", b"/u/@who@ x", b"/u/@who@\tx", b"/about/../u/@who@?/about",
)  # fmt: skip

FORMS = {
    "absolute form": get(b"http://@host@/u/@who@"),
    "absolute form, letter case": get(b"HTTP://@host@/U/@who@"),
    "absolute form of https": get(b"https://@host@/u/@who@"),
    "absolute form of another host": get(b"http://elsewhere.example/u/@who@"),
    "absolute form with dots": get(b"http://@host@/x/../u/@who@"),
    "absolute form with an account": get(b"http://a:b@@host@/u/@who@"),
    "absolute form without a slash": get(b"http://@host@?/u/@who@"),
    "absolute form of nothing": get(b"http:///u/@who@"),
    "another scheme": get(b"gopher://@host@/u/@who@"),
    "a host in the path": get(b"//@host@/u/@who@"),
    "HTTP/1.0": b"GET /u/@who@ HTTP/1.0\r\nHost: @host@\r\n\r\n",
    "HTTP/1.0 without a host": b"GET /u/@who@ HTTP/1.0\r\n\r\n",
    "HTTP/1.0, kept": b"GET /u/@who@ HTTP/1.0\r\nHost: @host@\r\nConnection: keep-alive\r\n\r\n" + _NEXT,
    "HTTP/0.9": b"GET /u/@who@\r\n",
    "HTTP/1.2": get(b"/u/@who@", version=b"HTTP/1.2"),
    "HTTP/2.0": get(b"/u/@who@", version=b"HTTP/2.0"),
    "no version": b"GET /u/@who@ \r\nHost: @host@\r\n\r\n",
    "lower-case method": b"get /u/@who@ HTTP/1.1\r\n" + _CLOSE + b"\r\n",
    "an invented method": b"FETCH /u/@who@ HTTP/1.1\r\n" + _CLOSE + b"\r\n",
    "HEAD": b"HEAD /u/@who@ HTTP/1.1\r\n" + _CLOSE + b"\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\n" + _CLOSE + b"\r\n",
    "CONNECT": b"CONNECT @host@:80 HTTP/1.1\r\nHost: @host@\r\n\r\n" + _NEXT,
    "TRACE": b"TRACE /u/@who@ HTTP/1.1\r\n" + _CLOSE + b"\r\n",
    "two hosts": get(b"/u/@who@", b"Host: elsewhere.example"),
    "an empty host": b"GET /u/@who@ HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "line ends before the request": b"\r\n\r\n" + get(b"/u/@who@"),
    "two requests at once": b"GET /u/@who@ HTTP/1.1\r\nHost: @host@\r\n\r\n" + _NEXT,
    "a range": get(b"/u/@who@", b"Range: bytes=0-20"),
    "a condition": get(b"/u/@who@", b"If-None-Match: *"),
    "an upgrade to h2c": get(b"/u/@who@", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                             b"HTTP2-Settings: AAMAAABk"),
    "an upgrade to a websocket": get(b"/u/@who@", b"Connection: Upgrade", b"Upgrade: websocket",
                                     b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    "Expect": get(b"/u/@who@", b"Expect: 100-continue"),
}  # fmt: skip

SMUGGLING = {
    "CL and TE": hidden(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE and CL": hidden(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "CL.TE, the second inside": hidden(b"Content-Length: 400", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE: xchunked": hidden(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "TE: chunked, identity": hidden(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "TE twice": hidden(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", body=b"0\r\n\r\n"),
    "TE with a space": hidden(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "TE with a tab": hidden(b"Transfer-Encoding:\tchunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
    "TE with a vertical tab": hidden(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "TE in quotes": hidden(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "TE folded": hidden(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "TE with an underscore": hidden(b"Transfer_Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
    "TE in HTTP/1.0": b"POST /about HTTP/1.0\r\nHost: @host@\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _NEXT,
    "two lengths": hidden(b"Content-Length: 0", b"Content-Length: 500"),
    "two lengths, other order": hidden(b"Content-Length: 500", b"Content-Length: 0"),
    "a list of lengths": hidden(b"Content-Length: 0, 500"),
    "a signed length": hidden(b"Content-Length: +0"),
    "a negative length": hidden(b"Content-Length: -1"),
    "a hexadecimal length": hidden(b"Content-Length: 0x1f4"),
    "a length with a space inside": hidden(b"Content-Length: 1 0", body=b"a"),
    "a length with an underscore": hidden(b"Content-Length: 1_0", body=b"0123456789"),
    "a length under another name": hidden(b"Content_Length: 500"),
    "a body for GET": hidden(b"Content-Length: 7", method=b"GET", body=b"GET /x "),
    "a request as a body": get(b"/u/@who@", b"Content-Length: 300")[:-2] + b"\r\n" + _NEXT,
    "folded": hidden(b"X: a\r\n Content-Length: 500"),
    "folded first line": b"GET /about HTTP/1.1\r\n Host: x\r\nHost: @host@\r\n\r\n" + _NEXT,
    "bare LF": b"GET /u/@who@ HTTP/1.1\nHost: @host@\nConnection: close\n\n",
    "bare LF in a header": hidden(b"X: a\nContent-Length: 500"),
    "bare CR in a header": hidden(b"X: a\rContent-Length: 500"),
    "bare CR ends": b"GET /about HTTP/1.1\rHost: @host@\r\r" + _NEXT,
    "NUL in a header": hidden(b"X: a\0b"),
    "a colon missing": hidden(b"Content-Length 500"),
    "an empty name": hidden(b": 500"),
    "a name of odd letters": hidden(b"X\xffY: 1", b"Content-Length: 0"),
    "a chunk extension": hidden(b"Transfer-Encoding: chunked", body=b'1;a="\r\n"\r\na\r\n0\r\n\r\n'),
    "a chunk ended by LF": hidden(b"Transfer-Encoding: chunked", body=b"1\na\n0\n\n"),
    "a chunk of odd size": hidden(b"Transfer-Encoding: chunked", body=b"0x1\r\na\r\n0\r\n\r\n"),
    "a chunk of endless size": hidden(b"Transfer-Encoding: chunked", body=b"ffffffffffffffff1\r\na\r\n0\r\n\r\n"),
    "a chunk longer than said": hidden(b"Transfer-Encoding: chunked", body=b"1\r\nabc\r\n0\r\n\r\n"),
    "trailers": hidden(b"Transfer-Encoding: chunked", body=b"0\r\nHimaya-Account: boss\r\nContent-Length: 500\r\n\r\n"),
    "a length that Connection names": hidden(b"Connection: Content-Length", b"Content-Length: 0"),
    "lines in the target": b"GET /about\r\nX: HTTP/1.1\r\nHost: @host@\r\n\r\n" + _NEXT,
    "encoded lines in the target": get(b"/about%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/u/@other@"),
}  # fmt: skip

#: Fields by which somebody could speak for himaya, a front door or an account.
SPOKEN = (
    b"Himaya-Account: visitor", b"Himaya-Subjects: visitor", b"Himaya-Redact: visitor", b"Himaya-Verdict: visitor",
    b"Himaya-Reference: visitor", b"X-Himaya-Secret: visitor", b"X-Account: visitor",
    b"X-Original-URI: /about", b"X-Original-Method: OPTIONS", b"X-Original-URL: /about", b"X-Rewrite-URL: /about",
    b"X-Forwarded-Uri: /about", b"X-Forwarded-Method: OPTIONS", b"X-Forwarded-Host: elsewhere.example",
    b"X-Forwarded-For: 203.0.113.66", b"X-Forwarded-Proto: https", b"X-Forwarded-Prefix: /about",
    b"X-Real-IP: 203.0.113.66", b"Forwarded: for=203.0.113.66", b"True-Client-IP: 203.0.113.66",
    b"X-Envoy-External-Address: 203.0.113.66", b"X-Envoy-Original-Path: /about", b"X-Envoy-Internal: true",
    b"X-Request-ID: the-same-for-all", b"Himaya-Id: the-same-for-all", b"Upgrade-Insecure-Requests: 1",
)  # fmt: skip

OVERSIZED = {
    "one field of 100 kB": get(b"/u/@who@", b"X: " + b"a" * 100_000),
    "a cookie of 100 kB": get(b"/u/@who@", b"Cookie: a=" + b"a" * 100_000),
    "400 fields": get(b"/u/@who@", *(b"X-%d: a" % n for n in range(400))),
    "a target of 100 kB": get(b"/u/@who@?" + b"a" * 100_000),
    "100 kB of slashes": get(b"/" * 100_000 + b"u/@who@"),
    "3,000 dot segments": get(b"/x/.." * 3000 + b"/u/@who@"),
    "a body of 3 MB": b"POST /u/@who@ HTTP/1.1\r\n" + _CLOSE + b"Content-Length: 3000000\r\n\r\n" + b"a" * 3_000_000,
    "a body of 3 MB for GET": get(b"/u/@who@", b"Content-Length: 3000000") + b"a" * 3_000_000,
    "a body that does not come": get(b"/u/@who@", b"Content-Length: 10"),
    "half a head": b"GET /u/@who@ HTTP/1.1\r\nHost: @host@\r\nX: ",
}  # fmt: skip


def _spoken():
    for line in SPOKEN:
        name, _, value = line.partition(b": ")
        odd = name.replace(b"-", b"_")
        yield f"{line.decode()}", get(b"/u/@who@", line)
        yield f"{odd.decode()}: {value.decode()}", get(b"/u/@who@", odd + b": " + value)
        yield f"twice {line.decode()}", get(b"/u/@who@", line, name.lower() + b": ", line)
        yield (
            f"{name.decode()}, named in Connection",
            get(b"/u/@who@", line, b"Connection: close, " + name),
        )
    yield (
        "one request id for two people",
        (
            b"GET /u/@who@ HTTP/1.1\r\nHost: @host@\r\nX-Request-ID: one-id-for-two\r\n\r\n"
            b"GET /u/@other@ HTTP/1.1\r\nX-Request-ID: one-id-for-two\r\n" + _CLOSE + b"\r\n"
        ),
    )
    yield "every field at once", get(b"/u/@who@", *SPOKEN)


#: Numbers of people and addresses beyond those of the cases.
_PLAIN, _SLOW = 900, 990

CASES = (
    *(Case(target.decode(), get(target), plain=True) for target in PLAIN),
    *(Case(repr(target)[2:-1], get(target)) for target in PATHS),
    *(Case(name, data) for name, data in FORMS.items()),
    *(Case(name, data) for name, data in SMUGGLING.items()),
    *(Case(name, data) for name, data in _spoken()),
    *(Case(name, data) for name, data in OVERSIZED.items()),
)


def filled(data, number, first, second):
    """Return the bytes of a case for its people: `first` and `second` are letters of theirs."""
    who = f"p{number:03}{first}"
    encoded = "".join(f"%{ord(char):02x}" for char in who)
    words = {b"@who@": who, b"@enc@": encoded, b"@other@": f"p{number:03}{second}"}
    for mark, word in words.items():
        data = data.replace(mark, word.encode())
    return data.replace(b"@host@", HOST)


def source(number):
    """Return the address that a case comes from."""
    return f"127.1.{number // 200}.{number % 200 + 1}"


def talk(address, data, come_from="127.0.0.1", quiet_s=QUIET_S):
    """Send bytes to a TCP address and return what comes back until the end, or until nothing comes."""
    with socket.create_connection(address, timeout=20, source_address=(come_from, 0)) as sock:
        sender = threading.Thread(target=_send, args=(sock, data), daemon=True)
        sender.start()
        answer = _listen(sock, quiet_s)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sender.join(20)
    return answer


def _send(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)


def _listen(sock, quiet_s):
    sock.settimeout(quiet_s)
    parts = []
    with contextlib.suppress(OSError):
        while data := sock.recv(65536):
            parts.append(data)
    return b"".join(parts)


def run(door):
    """Drive every case through a door, with room in the budget and without."""

    def one(number):
        case, come_from = CASES[number], source(number)
        talk(door.address, filled(case.data, number, "a", "b"), come_from)
        for letter in "xyz"[:BUDGET]:
            talk(door.address, filled(get(b"/u/@who@"), number, letter, letter), come_from, 10)
        talk(door.address, filled(case.data, number, "c", "d"), come_from)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(len(CASES))))


def serves_plain(door, most_s=30.0):
    """Return the plain cases that a door does not answer with 200.

    The doors of the tests fail closed, so on a machine with much to do a request may be tried again.
    """
    left = {_PLAIN + number: case for number, case in enumerate(CASES) if case.plain}
    deadline = time.monotonic() + most_s
    while left and time.monotonic() < deadline:
        for number, case in list(left.items()):
            answer = talk(door.address, filled(case.data, number, "a", "b"), source(number), 10)
            if b" 200 " in answer[:15]:
                del left[number]
    return [case.name for case in left.values()]


def check(door, timeout=30.0):
    """Hold the promise of every case against what the application showed. Raises AssertionError."""
    shown, forged = door.record.read()
    shown = {person for person in shown if person}
    deadline = time.monotonic() + timeout
    while (wrong := _wrong(shown, door.recorded())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not wrong, f"shown, and not recorded for whoever saw them: {wrong}"
    over = [CASES[number].name for number in range(len(CASES))
            if sum(person.startswith(f"p{number:03}") for person in shown) > BUDGET]  # fmt: skip
    assert not over, f"more people than the budget: {over}"
    assert not forged, f"said by a visitor, and believed by the application: {forged}"
    return shown


def _wrong(shown, recorded):
    """Return case -> actors recorded, for everybody shown and not recorded for exactly whoever saw them.

    People that were recorded and not shown are left out: a front server may have gone away meanwhile.
    """
    return {
        f"{CASES[int(person[1:4]) % _PLAIN].name} ({person[4]})": recorded.get(person, "nobody")
        for person in shown
        if recorded.get(person) != {f"address:{source(int(person[1:4]))}"}
    }


def answers_in_time(door, openings, timeout=20.0):
    """Hold many half-sent requests open; return the answer to an ordinary one, sent meanwhile."""
    with contextlib.ExitStack() as stack:
        for data in openings:
            sock = socket.create_connection(
                door.address, timeout=20, source_address=(source(_SLOW), 0)
            )
            stack.enter_context(sock)
            sock.sendall(filled(data, _SLOW, "s", "t"))
        return talk(door.address, filled(get(b"/about"), _SLOW, "a", "b"), quiet_s=timeout)


SLOW = (
    *(b"GET /u/@who@ HTTP/1.1\r\nHost: @host@\r\nX: ",) * 40,
    *(b"POST /u/@who@ HTTP/1.1\r\nHost: @host@\r\nContent-Length: 100\r\n\r\na",) * 40,
    *(b"G",) * 40,
)
