"""What every place promises: the same tests for each kind, and what is its own."""

from __future__ import annotations

import subprocess
import time
import uuid
from pathlib import Path

import msgspec
import pytest
from tests.anchoring.authority import Authority, openssl
from tests.anchoring.store import LOGIN, make_bucket, s3_server
from tests.runner.alerting_support import MailServer, config_of

from himaya.anchoring.deposit import Deposit, make_deposit, parse_deposit
from himaya.anchoring.directory import Directory
from himaya.anchoring.mail import Mailbox
from himaya.anchoring.objects import Objects
from himaya.anchoring.repository import Repository
from himaya.anchoring.stamps import Stamps
from himaya.config.types import Alerts
from himaya.core.errors import ConfigError, HimayaError, ServiceError
from himaya.ledger.keys import Keys
from himaya.ledger.state import State

KEYS = Keys(b"k" * 32)


def deposit_of(seq=7, now=None) -> Deposit:
    state = State(seq=seq, hash=f"{seq:064x}")
    return make_deposit("ab" * 32, state, KEYS, time.time() if now is None else now)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Return one authority for all tests of this file."""
    with Authority(tmp_path_factory.mktemp("tsa") / "authority") as made:
        yield made


@pytest.fixture(autouse=True)
def _usual(request):
    """Let the authority answer as it should at the beginning of each test."""
    if "authority" in request.fixturenames:
        made = request.getfixturevalue("authority")
        made.status, made.answer, made.swap = 200, b"", b""


def bare(folder: Path) -> Path:
    path = folder / "anchors.git"
    subprocess.run(["git", "init", "--quiet", "--bare", path], check=True)
    return path


def mailbox(folder, server):
    alerts = f'smtp_host = "127.0.0.1"\nsmtp_port = {server.port}\nsmtp_security = "none"\n'
    alerts += 'mail_from = "himaya@people.example"\nmail_to = ["oncall@people.example"]'
    return Mailbox("mail", ("notary@people.example",), config_of(folder, alerts).alerts, "People")


@pytest.fixture(params=["file", "git", "rfc3161", "object", "email"])
def place(request, tmp_path):
    """Return a place of each kind."""
    if request.param == "file":
        (tmp_path / "share").mkdir()
        yield Directory("file", tmp_path / "share")
    elif request.param == "git":
        yield Repository("git", str(bare(tmp_path)), "anchors", 60.0)
    elif request.param == "rfc3161":
        made = request.getfixturevalue("authority")
        yield Stamps("rfc3161", made.url, tmp_path / "receipts", str(made.ca), 30.0)
    elif request.param == "object":
        yield Objects("object", f"memory://{uuid.uuid4().hex}/anchors", 0)
    else:
        with MailServer() as server:
            yield mailbox(tmp_path, server)


def test_what_was_put_is_found(place):
    """Deposits come back byte for byte, with nothing wrong, from a place that can be read."""
    put = [deposit_of(7), deposit_of(8)]
    assert list(place.found()) == []
    receipts = [place.put(each, time.time()) for each in put]
    assert all(isinstance(each, bytes) and each for each in receipts)
    found = sorted(place.found(), key=lambda one: one.where)
    if place.is_readable:
        assert [one.data for one in found] == [each.encoded() for each in put]
        assert [one.problem for one in found] == ["", ""]
    else:
        assert found == []


def test_the_same_deposit_may_come_twice(place):
    """A try whose answer was lost is tried again without harm."""
    deposit = deposit_of()
    for _ in range(2):
        assert place.put(deposit, time.time())
    assert len(list(place.found())) <= 1


def test_another_deposit_under_the_same_name_is_refused(place):
    """What is deposited cannot be replaced through a place."""
    deposit = deposit_of()
    place.put(deposit, time.time())
    other = msgspec.structs.replace(deposit, rows=99)
    if place.is_readable:
        with pytest.raises(ServiceError, match="another content"):
            place.put(other, time.time())
        assert [one.data for one in place.found()] == [deposit.encoded()]


def unreachable(folder):
    alerts = Alerts(smtp_host="127.0.0.1", smtp_port=1, mail_from="a@b", smtp_security="none")
    yield Directory("file", folder / "not mounted")
    yield Repository("git", str(folder / "nothing.git"), "anchors", 30.0)
    yield Objects("object", f"file://{folder}/blocked/x", 0)
    yield Mailbox("mail", ("notary@people.example",), alerts, "")


def test_a_place_that_is_away_says_so(tmp_path, authority):
    """A share that is not mounted, a repository that is gone, a closed port: one sentence each, never a traceback."""
    (tmp_path / "blocked").write_text("a file, no folder")
    stamps = Stamps("tsa", "http://127.0.0.1:1/", tmp_path / "r", str(authority.ca), 5.0)
    for place in (*unreachable(tmp_path), stamps):
        with pytest.raises(HimayaError) as why:
            place.put(deposit_of(), time.time())
        assert "\n" not in str(why.value)


# -- rfc3161 ------------------------------------------------------------------------------------


def test_openssl_accepts_what_is_kept(tmp_path, authority):
    """The receipt verifies with `openssl ts -verify` and the deposit, without himaya; the question has a nonce."""
    place = Stamps("tsa", authority.url, tmp_path / "receipts", str(authority.ca), 30.0)
    deposit = deposit_of()
    place.put(deposit, time.time())
    path = tmp_path / "receipts" / deposit.file_name
    done = openssl("ts", "-verify", "-data", path, "-in", path.with_suffix(".tsr"),
                   "-CAfile", authority.ca)  # fmt: skip
    assert b"Verification: OK" in done.stdout + done.stderr
    (tmp_path / "q").write_bytes(authority.last)
    asked = openssl("ts", "-query", "-in", tmp_path / "q", "-text").stdout.decode()
    assert "Hash Algorithm: sha256" in asked
    assert "Nonce: unspecified" not in asked
    (found,) = place.found()
    assert found.stamped.startswith("20")


def test_a_stamp_of_something_else_is_refused(tmp_path, authority):
    """Another imprint, an answer to another question (nonce), and no answer at all are no receipts."""
    place = Stamps("tsa", authority.url, tmp_path / "receipts", str(authority.ca), 30.0)
    place.put(deposit_of(1), time.time())
    earlier, answer = authority.last, (authority.folder / "answer").read_bytes()
    authority.swap = earlier
    with pytest.raises(ServiceError, match="does not hold"):
        place.put(deposit_of(2), time.time())
    authority.swap, authority.answer = b"", answer
    with pytest.raises(ServiceError, match="does not hold: Nonce"):
        place.put(deposit_of(1), time.time())
    authority.answer = b"no stamp"
    with pytest.raises(ServiceError, match="does not hold"):
        place.put(deposit_of(3), time.time())
    authority.answer, authority.status = b"", 503
    with pytest.raises(ServiceError, match="answered 503"):
        place.put(deposit_of(4), time.time())
    authority.status = 200  # other tests ask the same authority
    assert len(list(place.found())) == 1


def test_the_authority_is_the_one_that_is_trusted(tmp_path, authority):
    """A stamp whose certificate comes from another root is refused; so is one when the clocks are far apart."""
    with Authority(tmp_path / "other") as other:
        place = Stamps("tsa", other.url, tmp_path / "receipts", str(authority.ca), 30.0)
        with pytest.raises(ServiceError, match="does not hold"):
            place.put(deposit_of(), time.time())
    place = Stamps("tsa", authority.url, tmp_path / "receipts", str(authority.ca), 30.0)
    with pytest.raises(ServiceError, match="clock differs"):
        place.put(deposit_of(), time.time() - 3600)


def test_a_refusal_is_told(tmp_path):
    """An authority that answers "rejection" says why."""
    with Authority(tmp_path / "strict", digests="sha512") as strict:
        place = Stamps("tsa", strict.url, tmp_path / "receipts", str(strict.ca), 30.0)
        with pytest.raises(ServiceError, match="refused"):
            place.put(deposit_of(), time.time())


def test_a_receipt_that_was_changed_or_lost_is_named(tmp_path, authority):
    """A kept receipt is verified each time it is read."""
    place = Stamps("tsa", authority.url, tmp_path / "receipts", str(authority.ca), 30.0)
    for seq in (1, 2):
        place.put(deposit_of(seq), time.time())
    one, two = sorted((tmp_path / "receipts").glob("*.tsr"))
    one.chmod(0o600)
    one.write_bytes(one.read_bytes()[:-8] + b"12345678")
    two.unlink()
    problems = [found.problem for found in place.found()]
    assert all(problems)


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    """A file that is missing, or holds no certificate, is a mistake of the configuration."""
    (tmp_path / "none.pem").write_text("nothing")
    for name in ("missing.pem", "none.pem"):
        with pytest.raises(ConfigError, match=r"anchor\.places\.ca_file"):
            Stamps("tsa", "http://127.0.0.1:1/", tmp_path, str(tmp_path / name), 1.0)


# -- git ----------------------------------------------------------------------------------------


def test_a_deposit_that_was_taken_out_of_the_branch_is_found_in_its_history(tmp_path):
    """A commit that removes a deposit hides nothing: every version in the history is read."""
    url = bare(tmp_path)
    place = Repository("git", str(url), "anchors", 60.0)
    deposit = deposit_of()
    commit = place.put(deposit, time.time())
    assert len(commit) == 40
    clone = tmp_path / "clone"
    git = ["git", "-C", str(clone), "-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run(["git", "clone", "-q", "-b", "anchors", url, clone], check=True)
    subprocess.run([*git, "rm", "-q", deposit.file_name], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "gone"], check=True)
    subprocess.run([*git, "push", "-q", "origin", "anchors"], check=True)
    (found,) = place.found()
    assert parse_deposit(found.data) == deposit


# -- email --------------------------------------------------------------------------------------


def test_the_mail_has_the_deposit_attached(tmp_path):
    """Whoever keeps the mail can hand the attachment to `himaya anchor check`."""
    import email

    deposit = deposit_of()
    with MailServer() as server:
        mailbox(tmp_path, server).put(deposit, time.time())
        (text,) = server.mails
    attached = [part for part in email.message_from_string(text).walk() if part.get_filename()]
    assert [part.get_filename() for part in attached] == [deposit.file_name]
    assert parse_deposit(attached[0].get_payload(decode=True)) == deposit


# -- object -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_s3_compatible_store_locks_the_object(tmp_path, monkeypatch):
    """An object goes to a real S3-compatible server, comes back, and cannot be removed before its time."""
    import boto3
    import botocore.exceptions

    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    with s3_server(tmp_path) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        make_bucket(address, "notary", locks=True)
        place = Objects("object", "s3://notary/anchors", 365)
        deposit = deposit_of()
        assert place.put(deposit, time.time()) == deposit.encoded()
        assert [one.data for one in place.found()] == [deposit.encoded()]
        client, key = boto3.client("s3"), f"anchors/{deposit.file_name}"
        told = client.head_object(Bucket="notary", Key=key)
        assert told["ObjectLockMode"] == "COMPLIANCE"
        with pytest.raises(botocore.exceptions.ClientError, match=r"AccessDenied"):
            client.delete_object(Bucket="notary", Key=key, VersionId=told["VersionId"])
