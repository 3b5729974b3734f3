"""Who asks: addresses through proxies, accounts by header, token and binding, sessions, keys."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from himaya.config import ActorConfig
from himaya.core.errors import ConfigError
from himaya.core.salt import Salt
from himaya.gate import actor_from, hygiene
from himaya.gate.actor_from import ActorFinder, fingerprint
from himaya.gate.bindings import Bindings
from himaya.gate.heads import RequestHead
from himaya.gate.tokens import TokenReader

SECRET = b"the secret of a test, long enough"
NOW = time.time()
HS_KEY = b"a shared secret of 32 bytes or more!"


def finder(**config):
    return ActorFinder(ActorConfig(**config), SECRET)


def find(one, *fields, peer="192.0.2.1", **more):
    return one.find([(name.encode(), value.encode()) for name, value in fields], peer, NOW, **more)


TRUST = {"trusted_proxies": ("10.0.0.0/8", "2001:db8:ff::/48")}


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "evil, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.1.1, 10.9.9.9", "10.1.1.1"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8:ff::1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
    ],
)
def test_address_is_the_rightmost_that_is_not_trusted(peer, chain, address):
    """Only trusted peers are believed, and of what they say only what the last stranger cannot forge."""
    actor = find(finder(**TRUST), ("x-forwarded-for", chain), peer=peer)
    assert actor.address == address


def test_chain_over_several_lines_is_one_chain():
    """Two lines of the header are read as one list, in order."""
    fields = (("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7"))
    assert find(finder(**TRUST), *fields, peer="10.0.0.1").address == "198.51.100.7"


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_makes_an_address_up(first, second):
    """Whatever stands in the headers, a stranger's address is the peer's."""
    encoded = [(b"x-forwarded-for", first.encode()), (b"forwarded", second.encode())]
    assert finder(**TRUST).find(encoded, "192.0.2.1", NOW).address == "192.0.2.1"


def test_headers_of_the_front_door_are_believed_from_it_alone():
    """Account, tier, fingerprint and network come from a trusted peer or a vouched one, never from a stranger."""
    one = finder(
        account_header="X-Account", tier_header="X-Tier", fingerprint_header="X-Ja4",
        asn_header="X-Asn", **TRUST,
    )  # fmt: skip
    told = (("x-account", "u1"), ("x-tier", "paid"), ("x-ja4", "t13d"), ("x-asn", "AS64500"))
    for actor in (find(one, *told, peer="10.0.0.1"), find(one, *told, peer="", vouched=True)):
        facets = (actor.account, actor.tier, actor.fingerprint, actor.asn)
        assert facets == ("u1", "paid", Salt(SECRET, 31).of("t13d", NOW), 64500)
    stranger = find(one, *told)
    assert (stranger.account, stranger.tier, stranger.asn) == ("", "", 0)
    assert stranger.fingerprint not in {"", "t13d", facets[2]}


def test_a_class_has_another_name_in_every_period():
    """A told class and that of the header fields are salted by the time of the request, and stand nowhere in clear."""
    one = finder(fingerprint_header="X-Ja4", fingerprint_days=31, **TRUST)
    fields = [(b"user-agent", b"A/1"), (b"accept", b"*/*")]
    told, period = [*fields, (b"x-ja4", b"t13d")], 31 * 86400
    start = 660.0 * period
    for sent, peer, raw in ((fields, "192.0.2.1", fingerprint(fields)), (told, "10.0.0.1", "t13d")):
        times = (start, start + period - 1, start + period, start + 2 * period)
        names = [one.find(sent, peer, at).fingerprint for at in times]
        assert names[0] == names[1]
        assert len({raw, *names}) == 4


@pytest.mark.parametrize(
    "name",
    ["himaya-account", "himaya-anything", "x-himaya-secret", "x-account", "x_account", "x-forwarded-for",
     "x_forwarded_for", "x-real-ip", "forwarded", "cf-connecting-ip"],
)  # fmt: skip
def test_forged_names_are_known_in_every_spelling(name):
    """What only a front door or himaya may say is recognised, also with underscores."""
    one = finder(account_header="X-Account", address_header="CF-Connecting-IP")
    assert one.is_forged(name.encode())
    assert not one.is_forged(b"cookie")


def test_session_and_key_are_keyed_hashes():
    """The values of cookies and keys never leave; equal values give equal facets, others do not."""
    one = finder(session_cookie="sid", key_header="X-Key")
    first = find(one, ("cookie", "a=1; sid=secret-value"), ("x-key", "k-123"))
    again = find(one, ("cookie", "sid=secret-value; b=2"), ("x-key", "k-123"))
    other = find(one, ("cookie", "sid=other"), ("x-key", "k-124"))
    assert (first.session, first.key) == (again.session, again.key)
    assert {first.session, first.key} & {other.session, other.key} == set()
    assert "secret-value" not in repr(first)
    assert "k-123" not in repr(first)
    assert find(finder(session_cookie="sid"), ("cookie", "xsid=1; sid=")).session == ""


def test_binding_holds_until_log_out_and_finds_any_of_several_cookies():
    """A told account is the session's until told otherwise; a second cookie of the name does not hide it."""
    one = finder(session_cookie="sid")
    one.learn([], [(b"set-cookie", b"sid=new; Path=/"), (b"himaya-account", b"u1")])
    assert find(one, ("cookie", "sid=new")).account == "u1"
    assert find(one, ("cookie", "sid=junk; sid=new")).account == "u1"
    one.learn([(b"cookie", b"sid=new")], [(b"x", b"y")])
    assert find(one, ("cookie", "sid=new")).account == "u1"
    one.learn([(b"cookie", b"sid=new")], [(b"himaya-account", b"")])
    assert find(one, ("cookie", "sid=new")).account == ""


def test_binding_can_be_switched_off():
    """With account_response off the header binds nothing."""
    one = finder(session_cookie="sid", account_response=False)
    one.learn([(b"cookie", b"sid=a")], [(b"himaya-account", b"u1")])
    assert find(one, ("cookie", "sid=a")).account == ""


def test_bindings_are_bounded():
    """Past the bound the session used longest ago is forgotten."""
    bindings = Bindings(most=3)
    for n in range(3):
        bindings.bind(f"m{n}", f"u{n}")
    assert bindings.account_of(["m0"]) == "u0"
    bindings.bind("m3", "u3")
    assert len(bindings) == 3
    assert [bindings.account_of([f"m{n}"]) for n in range(4)] == ["u0", "", "u2", "u3"]


@pytest.fixture(name="keys", scope="module")
def _keys(tmp_path_factory):
    """Return key files (private key, path of what verifies) by algorithm."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name, private in (
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
    ):
        path = folder / name
        path.write_bytes(
            private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        made[name] = (private, path)
    path = folder / "HS256"
    path.write_bytes(HS_KEY + b"\n")
    made["HS256"] = (HS_KEY, path)
    return made


def token_finder(keys, algorithm, **more):
    return finder(jwt_algorithm=algorithm, jwt_key_file=str(keys[algorithm][1]), **more)


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256"])
def test_account_comes_from_a_verified_token(keys, algorithm):
    """A token signed with the site's key names the account, from a header or a cookie."""
    one = token_finder(keys, algorithm, jwt_cookie="jwt", jwt_claim="uid")
    token = jwt.encode({"uid": 17, "exp": NOW + 3600}, keys[algorithm][0], algorithm)
    assert find(one, ("authorization", f"Bearer {token}")).account == "17"
    assert find(one, ("cookie", f"jwt={token}")).account == "17"
    assert find(one, ("authorization", f"Bearer {token}"), ("x", "y")).account == "17"


def test_tokens_that_do_not_hold_name_nobody(keys):
    """Forged, expired, unsigned, confused and broken tokens name nobody and raise nothing."""
    private, path = keys["RS256"]
    other = rsa.generate_private_key(65537, 2048)
    claims = {"sub": "u1", "exp": NOW + 3600}
    unsigned = jwt.encode(claims, None, "none")
    header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = jwt.utils.base64url_encode(json.dumps(claims).encode())
    algorithm = jwt.get_algorithm_by_name("HS256")
    # The public key as an HMAC secret: works where the token may choose its algorithm.
    confused = b".".join(
        (
            header,
            body,
            jwt.utils.base64url_encode(algorithm.sign(header + b"." + body, path.read_bytes())),
        )
    )
    bad = [
        jwt.encode(claims, other, "RS256"),
        jwt.encode({**claims, "exp": NOW - 3600}, private, "RS256"),
        jwt.encode({**claims, "sub": ["u1"]}, private, "RS256"),
        unsigned, confused.decode(), "a.b.c", "x" * 20_000, "", "..",
    ]  # fmt: skip
    one = token_finder(keys, "RS256")
    assert [find(one, ("authorization", f"Bearer {token}")).account for token in bad] == [""] * len(
        bad
    )


def test_issuer_and_audience_are_checked_when_configured(keys):
    """A token for somebody else, or from somebody else, names nobody."""
    one = token_finder(keys, "HS256", jwt_issuer="site", jwt_audience="web")
    good = {"sub": "u1", "iss": "site", "aud": ["web", "app"]}
    for claims, account in (
        (good, "u1"), ({**good, "iss": "other"}, ""), ({**good, "aud": "app"}, ""), ({"sub": "u1"}, ""),
    ):  # fmt: skip
        token = jwt.encode(claims, HS_KEY, "HS256")
        assert find(one, ("authorization", f"Bearer {token}")).account == account


def test_remembered_tokens_end_with_their_time(keys):
    """A token verified once is not believed past its expiry, and the memory is bounded."""
    reader = TokenReader(ActorConfig(jwt_algorithm="HS256", jwt_leeway_s=0), HS_KEY, most=5)
    now = int(time.time())
    token = jwt.encode({"sub": "u1", "exp": now + 30}, HS_KEY, "HS256").encode()
    assert reader.account(token, now) == "u1"
    assert reader._seen[next(iter(reader._seen))][1] == now + 30
    for n in range(50):
        reader.account(jwt.encode({"sub": str(n)}, HS_KEY, "HS256").encode(), NOW)
    assert len(reader._seen) == 5


@pytest.mark.parametrize("text", ["", "no key"])
def test_a_key_that_is_none_is_a_configuration_error(tmp_path, text):
    """A missing or wrong key file is named at the start, not at the first request."""
    path = tmp_path / "key.pem"
    if text:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"jwt_key_file.*key\.pem"):
        finder(jwt_algorithm="RS256", jwt_key_file=str(path))


def test_hostile_values_fill_no_memory():
    """Long cookies, keys and agents are hashed, never remembered."""
    one = finder(session_cookie="sid", key_header="X-Key")
    for n in range(50):
        find(one, ("cookie", f"sid={n}" + "x" * 5000), ("x-key", f"{n}" + "k" * 5000))
        find(one, ("cookie", f"sid={n}"))
    assert one._remembered_mark.cache_info().currsize == 50
    long = [(b"user-agent", b"a" * 60_000), *[(b"accept", b"")] * 150]
    assert fingerprint(long) == fingerprint([(b"user-agent", b"a" * 300), *[(b"accept", b"")] * 99])


def test_fingerprint_is_a_class_of_programs():
    """The same program has the same class whatever it asks for; another order or agent is another class."""
    browser = [
        (b"host", b"a"),
        (b"user-agent", b"B/1"),
        (b"accept", b"text/html"),
        (b"cookie", b"1"),
    ]
    later = [(b"host", b"b"), (b"user-agent", b"B/1"), (b"accept", b"image/*"), (b"x", b"y")]
    assert fingerprint(browser) == fingerprint(later)
    assert fingerprint(browser) != fingerprint(browser[::-1])
    assert fingerprint(browser) != fingerprint([(b"user-agent", b"C/1")])


_FACETS = {**TRUST, "account_header": "X-Account", "key_header": "X-Key", "session_cookie": "sid"}
_LINES = st.sampled_from(
    [
        ("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7, 203.0.113.8"), ("x-account", "anna"),
        ("x-account", "otto"), ("x-key", "k1"), ("cookie", "sid=one"), ("cookie", "sid=two; a=b"), ("user-agent", "x"),
        ("user-agent", "y"), ("accept", "*/*"), ("x-else", "1"),
    ]
)  # fmt: skip


@given(
    st.lists(st.lists(_LINES, max_size=6), max_size=8), st.sampled_from(["10.0.0.1", "192.0.2.1"])
)
def test_a_remembered_actor_is_the_one_that_would_be_found(requests, peer):
    """Whatever was asked before, by whomever: each request gets the actor that a finder without a memory finds."""
    one = finder(**_FACETS)
    for fields in requests * 2:
        assert find(one, *fields, peer=peer) == find(finder(**_FACETS), *fields, peer=peer)


def test_a_remembered_actor_follows_its_session_and_the_period():
    """A session that is bound later, or let go, changes the account at once; a new period the name of the class."""
    one, ours = finder(**_FACETS), [(b"cookie", b"sid=one"), (b"user-agent", b"x")]
    before = one.find(ours, "192.0.2.1", NOW)
    assert before.account == ""
    one.bindings.bind(before.session, "anna")
    assert one.find(ours, "192.0.2.1", NOW).account == "anna"
    one.bindings.bind(before.session, "")
    assert one.find(ours, "192.0.2.1", NOW).account == ""
    assert one.find(ours, "192.0.2.1", NOW + 400 * 86400).fingerprint != before.fingerprint


def test_what_is_remembered_of_requests_is_bounded(monkeypatch):
    """Made-up addresses, long fields and made-up names of fields do not grow what a finder holds past its bounds."""
    monkeypatch.setattr(actor_from, "_MOST_KNOWN", 100)
    monkeypatch.setattr(hygiene, "_MOST_NAMES", 100)
    one = finder(**_FACETS)
    for number in range(350):
        name = b"x-made-up-%d" % number
        fields = [
            (b"host", b"site"),
            (b"x-forwarded-for", b"10.0.%d.%d" % divmod(number, 256)),
            (name, b"1"),
        ]
        assert one.find(fields, "10.0.0.1", NOW).address
        head = RequestHead("GET", b"/", "1.1", fields, keep_alive=True)
        sent = hygiene.request_fields(head, one, peer="10.0.0.1", address="", believed=True)
        assert (name, b"1") in sent
    assert len(one._known) <= 100
    assert len(one.passing[True]) <= 100
    known = len(one._known)
    one.find([(b"user-agent", b"x" * 5000)], "10.0.0.1", NOW)
    one.find([(b"accept", b"")] * 90, "10.0.0.1", NOW)
    assert len(one._known) == known
