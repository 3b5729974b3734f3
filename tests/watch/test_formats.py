"""Every way to write a line that himaya reads, and what happens to lines that are none."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import InputError
from himaya.watch.detect import detect_format, require_format
from himaya.watch.formats import NAMED, format_of, format_of_string, named_format, read_chunk
from himaya.watch.jsonlines import JsonLines
from himaya.watch.keep import KeepAll
from himaya.watch.reading import read_rows
from himaya.watch.source import Chunk

KEEP = KeepAll()
COMBINED = (
    '203.0.113.9 - anna [02/Mar/2026:06:00:01 +0100] "GET /u/17?x=1 HTTP/1.1" 200 512'
    ' "https://a.example/" "Mozilla/5.0"'
)


def read(form, *lines, first=1):
    return read_chunk(form, Chunk("\n".join(lines).encode(), first), KEEP)


def one(form, text):
    reading = read(form, text)
    assert (reading.parsed, reading.malformed) == (1, 0), reading.samples
    return reading.entries[0]


def found(*lines):
    form = detect_format(lines)
    assert form is not None
    return form


def test_combined_is_read_whole():
    """Every field of a combined line is read."""
    entry = one(found(COMBINED), COMBINED)
    assert entry.at == 1772427601.0
    assert (entry.address, entry.account) == ("203.0.113.9", "anna")
    assert (entry.method, entry.target, entry.status, entry.sent) == ("GET", "/u/17?x=1", 200, 512)
    assert entry.agent == "Mozilla/5.0"


def test_common_without_agent():
    """The Common Log Format has no agent; `-` means nothing was said."""
    entry = one(
        found(COMBINED.split(' "https', maxsplit=1)[0]), COMBINED.split(' "https', maxsplit=1)[0]
    )
    assert (entry.agent, entry.target) == ("", "/u/17?x=1")


def test_a_host_before_the_address_is_not_the_address():
    """vhost_combined begins with a host name, which must not become the actor."""
    entry = one(found(f"people.example:443 {COMBINED}"), f"people.example:443 {COMBINED}")
    assert (entry.address, entry.account) == ("203.0.113.9", "anna")


def test_a_host_name_for_an_address():
    """Logs with HostnameLookups On have names where others have addresses."""
    text = COMBINED.replace("203.0.113.9", "pc7.example.org")
    assert one(found(text), text).address == "pc7.example.org"


@pytest.mark.parametrize(
    "head",
    [
        "Mar  2 06:00:01 web nginx[812]: ",
        "<190>Mar  2 06:00:01 web nginx: ",
        "2026-03-02T06:00:01.123456+00:00 web nginx[812]: ",
        "<190>1 2026-03-02T06:00:01Z web nginx 812 - - ",
    ],
)
def test_behind_syslog(head):
    """A line that syslog carried has a header before it."""
    assert one(found(head + COMBINED), head + COMBINED).target == "/u/17?x=1"


def test_ipv6_and_empty_address():
    """IPv6 addresses are read, and a server behind a Unix socket logs no address."""
    for address in ("2001:db8::17", "::ffff:203.0.113.9", "fe80::1%eth0", "unix:"):
        text = COMBINED.replace("203.0.113.9", address)
        assert one(found(COMBINED), text).address == address


@pytest.mark.parametrize(
    ("request_line", "method", "target"),
    [
        ("GET /u/17 HTTP/1.1", "GET", "/u/17"),
        ("GET /u/17", "GET", "/u/17"),
        ("GET http://a.example/u/17 HTTP/1.1", "GET", "http://a.example/u/17"),
        ("-", "", ""),
        ("", "", ""),
        (r"\x16\x03\x01\x02\x00", "", ""),
        ("CONNECT a.example:443 HTTP/1.1", "CONNECT", "a.example:443"),
        ("GET /a b c HTTP/1.1", "GET", "/a b c"),
        (r"GET /search?q=\x22anna\x22 HTTP/1.1", "GET", '/search?q="anna"'),
        (r"GET /search?q=\"anna\" HTTP/1.1", "GET", '/search?q="anna"'),
        (r"GET /\xC3\xA4 HTTP/1.1", "GET", "/ä"),
        ("t3 12.1.2", "", ""),
    ],
)
def test_odd_request_lines_are_lines(request_line, method, target):
    """Whatever stands in the request field, a well-formed line is parsed, never lost."""
    text = COMBINED.replace("GET /u/17?x=1 HTTP/1.1", request_line).replace(" 200 ", " 400 ")
    entry = one(found(COMBINED), text)
    assert (entry.method, entry.target, entry.status) == (method, target, 400)


def test_quotes_inside_fields():
    """An escaped quote does not end a field, in either server's way of writing it."""
    text = COMBINED.replace("Mozilla/5.0", r"a \"b\" \x22c\x22 \\")
    assert one(found(COMBINED), text).agent == 'a "b" "c" \\'


def test_named_fields_at_the_end_are_recognised():
    """The fields that `himaya init` and the notices ask for are read without any configuration."""
    text = f'{COMBINED} account="u1" subjects="1, 2;fields=name" id="r1" host="a.example" x="y z"'
    other = f'{COMBINED} account="-" subjects="-" id="r2" host="a.example" x="-"'
    form = found(text, other)
    entries = read(form, text, other).entries
    assert (entries[0].himaya_account, entries[0].account) == ("u1", "anna")
    assert (entries[0].subjects, entries[0].id) == ("1, 2;fields=name", "r1")
    assert (entries[1].himaya_account, entries[1].subjects) == ("", None)


def test_a_forwarded_address_at_the_end():
    """The widespread `main` format of nginx ends with the forwarded addresses."""
    text = f'{COMBINED} "198.51.100.7, 10.0.0.1"'
    assert one(found(text), text).forwarded == "198.51.100.7, 10.0.0.1"


def test_unknown_fields_at_the_end_are_passed_over():
    """What follows a combined line does not make it malformed."""
    text = f'{COMBINED} 500 "test@docker" "http://172.17.0.3:80" 0ms'
    assert one(found(text), text).agent == "Mozilla/5.0"


@pytest.mark.parametrize(
    ("form", "text", "wanted"),
    [
        (
            '$remote_addr [$time_iso8601] $status "$request_method $request_uri" $http_x_user',
            '203.0.113.9 [2026-03-02T06:00:01+01:00] 200 "GET /u/17" -',
            ("203.0.113.9", "GET", "/u/17", 200),
        ),
        (
            "$msec|$remote_addr|$request_method|$scheme://$host$request_uri|$status|$sent_http_x",
            "1772427601.250|203.0.113.9|GET|https://a.example/u/17|200|a b c",
            ("203.0.113.9", "GET", "/u/17", 200),
        ),
        (
            "$time_local $remote_addr $request_method $uri$is_args$args $status",
            "02/Mar/2026:06:00:01 +0100 203.0.113.9 GET /u/17?x=1 200",
            ("203.0.113.9", "GET", "/u/17?x=1", 200),
        ),
        (
            '%h %l %u %t \\"%r\\" %>s %b',
            '203.0.113.9 - - [02/Mar/2026:06:00:01 +0100] "GET /u/17 HTTP/1.1" 200 -',
            ("203.0.113.9", "GET", "/u/17", 200),
        ),
        (
            'LogFormat "%a %t %m %U%q %>s %{X-User}i" mine',
            "203.0.113.9 [02/Mar/2026:06:00:01 +0100] GET /u/17?x=1 200 anna",
            ("203.0.113.9", "GET", "/u/17?x=1", 200),
        ),
        (
            "log_format mine '$remote_addr [$time_local] '\n '\"$request\" $status';",
            '203.0.113.9 [02/Mar/2026:06:00:01 +0100] "GET /u/17 HTTP/2.0" 200',
            ("203.0.113.9", "GET", "/u/17", 200),
        ),
    ],
)
def test_any_format_string(form, text, wanted):
    """Any log_format or LogFormat string, bare or as the whole directive, describes lines."""
    entry = one(format_of_string(form), text)
    assert (entry.address, entry.method, entry.target, entry.status) == wanted
    assert entry.at in {1772427601.0, 1772427601.25}


def test_the_account_is_in_the_configured_field():
    """Any field of the format may hold the account; without one it is `$remote_user`."""
    form = format_of_string(
        '$remote_addr [$time_local] "$request" $status $http_x_user "$cookie_uid"', "cookie_uid"
    )
    text = '203.0.113.9 [02/Mar/2026:06:00:01 +0100] "GET / HTTP/1.1" 200 - "u 7"'
    assert one(form, text).account == "u 7"


def test_whether_a_transfer_was_complete():
    """Nginx says OK and HAProxy two dashes when it was, Apache says X when it was not."""
    nginx = format_of_string('$remote_addr [$time_local] "$request" $status $request_completion')
    apache = format_of_string("%h %t %m %U %>s %X")
    head = "203.0.113.9 [02/Mar/2026:06:00:01 +0100]"
    assert not one(nginx, f'{head} "GET / HTTP/1.1" 200 OK').aborted
    assert one(nginx, f'{head} "GET / HTTP/1.1" 200 -').aborted
    assert not one(nginx, f'{head} "GET / HTTP/1.1" 200 --').aborted
    assert one(nginx, f'{head} "GET / HTTP/1.1" 200 CD').aborted
    assert one(apache, f"{head} GET / 200 X").aborted
    assert not one(apache, f"{head} GET / 200 -").aborted
    assert not one(found(COMBINED), COMBINED).aborted


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("$remote_addr$request_length $time_local $status $request", "touch"),
        ("$remote_addr $status $request", "time"),
        ("$time_local $status $request", "address"),
        ("$time_local $remote_addr $request", "status"),
        ("$time_local $remote_addr $status", "request"),
        ("nonsense", "not a log format"),
        ("%h %t 100% %r", "Apache"),
    ],
)
def test_a_format_that_cannot_be_read_back_is_refused(text, word):
    """A format string that leaves out what is needed says what is missing."""
    with pytest.raises(InputError, match=word):
        format_of_string(text)


JSON = {
    "time": "2026-03-02T06:00:01+01:00", "remote_addr": "203.0.113.9", "remote_user": "anna",
    "request": "GET /u/17?x=1 HTTP/1.1", "status": 200, "body_bytes_sent": 512,
    "http_user_agent": "Mozilla/5.0",
}  # fmt: skip


def test_json_lines_find_their_keys():
    """JSON lines of nginx, Caddy, Traefik and Envoy are read without a field map."""
    caddy = {
        "ts": 1772427601.25, "status": 200, "size": 512,
        "request": {"client_ip": "203.0.113.9", "method": "GET", "uri": "/u/17?x=1",
                    "headers": {"User-Agent": ["Mozilla/5.0"]}},
        "resp_headers": {"Himaya-Subjects": ["17"]},
    }  # fmt: skip
    traefik = {
        "StartUTC": "2026-03-02T05:00:01.25Z", "ClientHost": "203.0.113.9", "RequestMethod": "GET",
        "RequestPath": "/u/17?x=1", "DownstreamStatus": 200, "request_User-Agent": "Mozilla/5.0",
    }  # fmt: skip
    for told in (JSON, caddy, traefik):
        text = json.dumps(told)
        entry = one(found(text), text)
        assert (entry.address, entry.method, entry.target) == ("203.0.113.9", "GET", "/u/17?x=1")
        assert (int(entry.at), entry.status, entry.agent) == (1772427601, 200, "Mozilla/5.0")


def test_json_with_something_before_it():
    """Container loggers put a header before the object."""
    text = f"2026-03-02T06:00:01.5Z stdout F {json.dumps(JSON)}"
    assert one(found(text), text).target == "/u/17?x=1"


def test_a_field_map():
    """A field map says which keys hold what; lists of people join as header lines do."""
    form = JsonLines(
        {"at": "t", "address": "who.ip", "target": "u", "status": "s", "subjects": "people"}
    )
    text = '{"t":1772427601,"who":{"ip":"203.0.113.9"},"u":"/search","s":"200","people":["1","2"]}'
    entry = one(form, text)
    assert (entry.address, entry.target, entry.subjects) == ("203.0.113.9", "/search", "1,2")


@pytest.mark.parametrize(
    "keys", [{"colour": "c"}, {"at": "t"}, {"at": "t", "address": "a", "status": "s"}]
)
def test_a_wrong_field_map_is_refused(keys):
    """An unknown word, or a needed one that is missing, is named."""
    with pytest.raises(InputError, match=r"log\.fields"):
        JsonLines(keys)


def test_json_log_format_string():
    """A log_format that writes JSON gives its own field map."""
    form = format_of_string(
        'log_format x escape=json \'{"at":$msec,"ip":"$remote_addr","u":"$request_uri",'
        '"s":$status,"people":"$upstream_http_himaya_subjects"}\';'
    )
    text = '{"at":1772427601.25,"ip":"203.0.113.9","u":"/u/17","s":200,"people":""}'
    assert (one(form, text).target, one(form, text).subjects) == ("/u/17", "")


def test_bytes_that_are_no_utf8():
    """A wrong encoding loses no line: bytes stay visible."""
    data = COMBINED.replace("anna", "ann\xe9").encode("latin-1")
    reading = read_chunk(found(COMBINED), Chunk(data, 1), KEEP)
    assert reading.entries[0].account == "ann\\xe9"
    told = json.dumps(JSON).replace("anna", "ann\xe9").encode("latin-1")
    reading = read_chunk(found(json.dumps(JSON)), Chunk(told, 1), KEEP)
    assert reading.entries[0].account == "ann\\xe9"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty line"),
        ("what is this", "not in the format"),
        (COMBINED.replace("Mar", "Foo"), "no valid time"),
        (COMBINED.replace("02/Mar", "31/Feb"), "no valid time"),
        (COMBINED.replace("/u/17", "/u/" + "x" * 40_000), "too long"),
        (COMBINED[:60], "not in the format"),
        (COMBINED.replace("203.0.113.9", "\0\0\0\0203.0.113.9"), "not in the format"),
    ],
)
def test_malformed_lines_are_counted_and_shown(text, why):
    """A malformed line is counted, shown with its number, escaped and cut, and says what is wrong."""
    reading = read(found(COMBINED), COMBINED, text, COMBINED, first=11)
    assert (reading.lines, reading.parsed, reading.malformed) == (3, 2, 1)
    sample = reading.samples[0]
    assert sample.line == 12
    assert why in sample.why
    assert len(sample.text) < 200
    assert sample.text.isprintable()
    assert [entry.line for entry in reading.entries] == [11, 13]


def test_windows_line_ends():
    """A carriage return at the end of a line is no part of it."""
    assert one(found(COMBINED + "\r"), COMBINED + "\r").agent == "Mozilla/5.0"


def test_what_is_no_log_is_refused():
    """Prose, numbers and error logs are not taken for access logs, with a sentence that helps."""
    with pytest.raises(InputError, match="not an access log"):
        require_format(["Dear all,", "the log is attached.", ""], "x")
    with pytest.raises(InputError, match="binary"):
        require_format(["\0\1\2"], "x", binary=True)


TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=80)


@given(st.lists(TEXT, min_size=1, max_size=8))
def test_reading_never_raises_and_counts_every_line(lines):
    """Whatever the lines, each is parsed or malformed, in every named format and as JSON."""
    forms = [named_format(name) for name in NAMED]
    keys = {"at": "time", "address": "remote_addr", "target": "request", "status": "status"}
    for form in [*forms, named_format("combined", syslog=True), JsonLines(keys)]:
        reading = read(form, *lines)
        assert reading.lines == len(lines) == reading.parsed + reading.malformed


@given(st.lists(st.sampled_from(['"', " ", "[", "]", "-", "\\", "a", "1", ":", "/"]), max_size=60))
def test_hostile_lines_do_not_raise(parts):
    """Lines made of the format's own marks are read or refused like any other."""
    read(found(COMBINED), "".join(parts), COMBINED)


@pytest.mark.parametrize("name", list(NAMED))
def test_a_hostile_line_takes_no_longer_than_its_length(name):
    """The time to refuse a line grows with its length, not faster."""
    form = named_format(name)
    took = []
    for size in (20_000, 200_000):
        text = " ".join(['"a" [b] - ' * (size // 10)])
        began = time.perf_counter()
        read(form, text)
        took.append(time.perf_counter() - began)
    assert took[1] < 60 * max(took[0], 0.0005)


PLAIN = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\'), min_size=1
)
FREE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=40)


def escaped(text):
    """Write a value as nginx does."""
    return "".join(
        c if 32 <= ord(c) < 127 and c not in '"\\' else
        "".join(f"\\x{b:02X}" for b in c.encode()) for c in text
    )  # fmt: skip


@given(PLAIN, FREE, FREE, st.integers(100, 599), st.integers(0, 10**12))
def test_what_a_server_writes_is_read_back(path, user, agent, status, sent):
    """Round trip: fields written with nginx's escapes come back as they were."""
    if " [" in user or user.strip() != user or not user or user == "-" or agent == "-":
        user, agent = "anna", "x"
    text = (
        f'192.0.2.1 - {escaped(user)} [02/Mar/2026:06:00:01 +0100] "GET /{path} HTTP/1.1"'
        f' {status} {sent} "-" "{escaped(agent)}"'
    )
    entry = one(named_format("combined"), text)
    assert (entry.target, entry.account, entry.agent) == (f"/{path}", user, agent)
    assert (entry.status, entry.sent) == (status, sent)


@pytest.mark.parametrize("name", list(NAMED))
def test_a_format_travels(name):
    """A format made of another's spec reads the same."""
    form = named_format(name)
    again = format_of(form.spec())
    assert (again.name, again.rows(COMBINED).rows) == (form.name, form.rows(COMBINED).rows)


def test_crowdsec_samples_of_nginx_and_apache(root):
    """The sample logs of many real servers: what a server wrote as an access log is read."""
    folder = root.parent / "shared/data/crowdsec_hub/tests"
    cases = [
        ("nginx-http-xss-probing/nginx-http-xss-probing.log", 26),
        ("apache-http-probing/apache-http-probing.log", 77),
        ("apache2-malformed/apache2-logs.log", 11),
        ("caddy-logs/caddy-logs.log", 11),
        ("traefik_base-http-scenario/traefik_base-http-scenario.log", 80),
        ("envoy-http-crawl-non_statics/envoy-http-crawl-non_statics.log", 41),
        ("http-bf-wordpress-bf/http-bf-wordpress-bf.log", 9),
    ]
    for name, parsed in cases if folder.exists() else []:
        lines = (folder / name).read_text("utf-8", "backslashreplace").split("\n")
        assert read(require_format(lines, name), *lines).parsed == parsed, name


CLOUDFRONT = (
    "#Version: 1.0\n"
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    " cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol\n"
    "2026-03-02\t09:15:00\tLAX1\t18230\t2001:db8::9\tGET\td1.cloudfront.net\t/photo/p7\t200\t-\tMozilla/5.0%20(X11)"
    "\tw=200\t-\tHit\tabc==\tpeople.example\thttps\t23\n"
    "2026-03-02\t09:15:01\tLAX1\t0\t203.0.113.9\tGET\td1.cloudfront.net\t/photo/p8\t000\t-\t-\t-\t-\tError\tabd==\t"
    "people.example\thttps\t23"
)


def test_cloudfront_logs_are_read():
    """The standard log of CloudFront: tabs, the time in two columns, the query apart; its two headers are no lines."""
    form = detect_format(CLOUDFRONT.split("\n"))
    assert form is not None
    assert form.name == "cloudfront"
    reading = read_rows(form.rows(CLOUDFRONT), 1, KeepAll())
    assert (reading.parsed, reading.malformed) == (2, 2)
    first, second = reading.entries
    assert (first.at, first.address, first.target) == (
        1772442900.0,
        "2001:db8::9",
        "/photo/p7?w=200",
    )
    assert (first.status, first.sent, first.id, first.host) == (
        200,
        18230,
        "abc==",
        "people.example",
    )
    assert (second.target, second.status, second.agent) == ("/photo/p8", 0, "")
