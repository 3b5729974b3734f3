"""The nineteen regimes of the package, and a site's own over them."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import ConfigError, InputError
from himaya.response.cases.rules import CLOCKS
from himaya.response.regimes import LADDER, Threshold, load_regimes, marks, regimes_for
from himaya.response.regimes.ladder import reaches
from himaya.response.regimes.regime import GROUPS, PARTIES
from himaya.response.regimes.table import examine_regimes

TABLE = load_regimes()
FIRST = ["ar", "au", "ca", "ca-qc", "ch", "co", "es", "eu", "gb", "gg"]
NINETEEN = [*FIRST, "hk", "il", "je", "ma", "mc", "mx", "no", "nz", "us-ca"]
NEW = """
id = "jp"
name = "Japan"
countries = ["JP"]
time_zone = "Asia/Tokyo"
as_of = 2026-10-01
[authority]
name = "PPC"
url = "https://www.ppc.go.jp"
[law]
name = "APPI"
articles = "art 26"
url = "https://www.ppc.go.jp"
[to_authority]
duty = "mandatory"
threshold = "risk"
limits = [{ kind = "statute", clock = "aware", amount = 30, unit = "days", text = "30 days" }]
[to_people]
duty = "mandatory"
threshold = "risk"
[calendar]
weekend = [5, 6]
[records]
text = "-"
[scraping]
stance = "no_position_found"
text = "-"
[[sources]]
url = "https://www.ppc.go.jp"
evidence = "primary"
[evidence]
""" + "".join(f'{group} = {{ evidence = "primary", verified = true }}\n' for group in GROUPS)


def micros(day):
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000


def write(directory, name, text):
    (directory / f"{name}.toml").write_text(text)
    return directory


def test_there_are_nineteen():
    """The table has the nineteen regimes of the reference, each with sources and every mark of evidence."""
    assert [one.id for one in TABLE.regimes] == NINETEEN
    assert all(one.sources and set(one.evidence) == set(GROUPS) for one in TABLE.regimes)


def test_four_oblige_nobody_to_tell_the_authority():
    """Morocco, Hong Kong, Argentina and Mexico ask for no notice to the authority; it is voluntary there."""
    free = {one.id for one in TABLE.regimes if one.to_authority.duty == "voluntary"}
    assert free == {"ma", "hk", "ar", "mx"}


def test_no_text_orders_anybody():
    """No entry says "you must", and none is empty where a limit is given."""
    for place in files("himaya.response.regimes").joinpath("data").iterdir():
        assert "you must" not in place.read_text().lower()
    limits = [
        each for one in TABLE.regimes for party in PARTIES for each in one.notice(party).limits
    ]
    assert all(each.text and each.clock in CLOCKS for each in limits)


@pytest.mark.parametrize(
    ("country", "found"),
    [
        ("ES", ["es"]), ("ES-MD", ["es"]), ("FR", ["eu"]), ("fr", ["eu"]), ("IE", ["eu"]),
        ("CA", ["ca"]), ("CA-QC", ["ca-qc", "ca"]), ("CA-ON", ["ca"]), ("US", []), ("US-CA", ["us-ca"]),
        ("US-NY", []), ("GB-SCT", ["gb"]), ("GG", ["gg"]), ("JE", ["je"]), ("IM", []), ("NO", ["no"]),
        ("", []), ("JP", []), ("no country at all", []),
    ],
)  # fmt: skip
def test_which_regimes_a_country_has(country, found):
    """A part has its own regime before that of the whole; a country without a row has none."""
    assert [one.id for one in regimes_for(country, TABLE)] == found


def test_every_member_state_has_a_regime():
    """The 27 member states of the EU are covered once each: Spain by its own row, the others by the EU's."""
    members = [*TABLE.get("eu").countries, "ES"]
    assert len(members) == len(set(members)) == 27
    assert all(len(TABLE.regimes_for(code)) == 1 for code in members)


@given(st.text(max_size=8))
def test_any_text_for_a_country_is_answered(text):
    """Whatever stands for a country, the answer is a list and no error."""
    assert isinstance(TABLE.regimes_for(text), list)


def test_the_ladder_is_ordered():
    """Whoever found a high risk has reached every rung below; a list of fields is no rung of harm."""
    assert list(LADDER) == sorted(LADDER, key=LADDER.index)
    assert [reaches(Threshold.SERIOUS_HARM, rung) for rung in LADDER] == [True, True, True, False]
    assert reaches(Threshold.HIGH_RISK, Threshold.DATA_LIST) is None


def test_a_law_has_versions():
    """California names no time until 2025, and thirty days from 2026 on, each with evidence of its own."""
    law = TABLE.get("us-ca")
    (old,), (new,) = (
        law.limits("people", date(2025, 12, 31)),
        law.limits("people", date(2026, 1, 1)),
    )
    assert (old.amount, new.amount) == (0, 30)
    assert not law.mark("people_notice", date(2025, 12, 31)).verified
    assert law.mark("people_notice", date(2026, 1, 1)).verified


def test_marks_tell_age_weakness_and_drafts():
    """Beside an entry stands that it is old, that it rests on weak evidence, and that some of it is draft."""
    fresh, later = micros("2026-12-01"), micros("2027-05-23")
    assert marks(TABLE.get("ch"), fresh) == []
    assert marks(TABLE.get("ch"), later)[0].startswith("unverified: looked up 2026-11-23")
    assert marks(TABLE.get("ch"), micros("2027-05-22")) == []
    assert [one.partition(":")[0] for one in marks(TABLE.get("il"), fresh)] == [
        "unconfirmed",
        "draft",
    ]


def test_a_site_overrides_fields(tmp_path):
    """A file of the same name replaces what it names; a changed limit is unconfirmed unless its evidence is given."""
    write(tmp_path, "gb", "as_of = 2026-12-01\n[to_authority]\nphased = false\n")
    one = load_regimes(tmp_path).get("gb")
    assert (one.as_of, one.to_authority.phased) == (date(2026, 12, 1), False)
    assert one.to_authority.limits == TABLE.get("gb").to_authority.limits
    assert one.evidence["authority_deadline"].is_sure
    limit = (
        '[to_authority]\nlimits = [{ kind = "statute", clock = "aware", amount = 48,'
        ' unit = "hours", text = "-" }]\n'
    )
    write(tmp_path, "gb", limit)
    one = load_regimes(tmp_path).get("gb")
    assert not one.evidence["authority_deadline"].is_sure
    assert one.evidence["people_contents"] == TABLE.get("gb").evidence["people_contents"]
    said = '[evidence]\nauthority_deadline = { evidence = "primary", verified = true }\n'
    write(tmp_path, "gb", limit + said)
    assert load_regimes(tmp_path).get("gb").evidence["authority_deadline"].is_sure


def test_a_new_file_adds_a_regime(tmp_path):
    """A site writes a row for a country that the table lacks."""
    table = load_regimes(write(tmp_path, "jp", NEW))
    assert len(table.regimes) == 20
    assert [one.id for one in table.regimes_for("JP")] == ["jp"]
    assert table.own == {"jp": str(tmp_path / "jp.toml")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "jp"', 'id = "ja"', r'jp\.toml:2: id: "ja" does not fit its file'),
        ('["JP"]', '["JP", "Japan"]', r'jp\.toml:4: countries\[1\]: "Japan" is no code of ISO 3166'),
        ("Asia/Tokyo", "Asia/Edo", r'jp\.toml:5: time_zone: "Asia/Edo" is not known'),
        ("2026-10-01", '"soon"', r"jp\.toml:6: as_of: expected a date, such as"),
        ('clock = "aware"', 'clock = "awake"', r'\.clock: "awake" is no clock of a case. Did you mean "aware"'),
        ("amount = 30", "amount = 0", r"a number has a unit"),
        ("amount = 30", "amount = 99999", r"expected 0 to 3660, got 99999"),
        ('"days", text', '"business_days", text', r"business days need a calendar"),
        ("[5, 6]", "[5, 7]", r"jp\.toml:22: calendar\.weekend: expected days from 0"),
        ('duty = "mandatory"', 'duty = "mandatory"\ncontents = ["natur"]', r'"natur" is no element.* "nature"'),
        ("[evidence]\nauthority =", "[evidence]\nauthorty =", r'"authority" has no mark|no such group'),
        ("as_of = 2026-10-01", "as_of = 2026-10-01\nreview_by = 2026-09-01", r"it lies before as_of"),
        ('name = "APPI"', 'nam = "APPI"', r'jp\.toml:11: law\.nam: unknown key. Did you mean "name"'),
        ('text = "-"', 'text = "-"\ncounted_from = "x"', r"records\.counted_from: \"x\" is no clock"),
        ("[calendar]", "[calendar", r"jp\.toml:21: not valid TOML"),
        ("weekend = [5, 6]", 'weekend = [5, 6]\nsubdivision = "13"', r"a part needs its country"),
    ],
)  # fmt: skip
def test_mistakes_name_their_place(tmp_path, old, new, said):
    """A mistake in a file names file, line and key, and what was expected."""
    assert old in NEW
    with pytest.raises(ConfigError, match=said):
        load_regimes(write(tmp_path, "jp", NEW.replace(old, new, 1)))


def test_every_mistake_is_found_at_once(tmp_path):
    """Mistakes in several files are all told, and the other regimes can still be used."""
    write(tmp_path, "gb", "as_of = 1\n")
    write(tmp_path, "es", "[calendar]\nweekend = []\nweek = 1\n")
    table, errors = examine_regimes(tmp_path)
    assert len(table.regimes) == 17
    assert [error.file.rpartition("/")[2] for error in errors] == ["es.toml", "gb.toml"]


def test_versions_stand_in_order(tmp_path):
    """Two versions of a law of the same day are refused."""
    text = '[[versions]]\nvalid_from = 2027-01-01\ntext = "a"\n' * 2
    with pytest.raises(ConfigError, match=r"gb\.toml:5: versions\[1\]\.valid_from: versions stand"):
        load_regimes(write(tmp_path, "gb", text))


def test_a_directory_that_is_not_there_is_named(tmp_path):
    """A missing directory ends with the key that names it."""
    with pytest.raises(ConfigError, match=r"cannot be read: .*\[response\] regimes"):
        load_regimes(tmp_path / "gone")


def test_an_unknown_regime_is_refused():
    """Whoever misspells an id gets the list."""
    with pytest.raises(InputError, match="there is no regime 'uk'; there are: ar, au"):
        TABLE.get("uk")


@given(st.dictionaries(st.sampled_from(["id", "countries", "calendar", "evidence", "versions", "to_people", "x"]),
                       st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
                                 st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(), max_size=2)),
                       max_size=4))  # fmt: skip
def test_no_table_ends_in_a_traceback(raw):
    """Whatever a site's tables hold, the outcome is a regime or mistakes with a place."""
    from himaya.response.regimes import reading

    shipped = dict(reading._shipped())["gb"]
    found, errors = [], []
    reading._take("gb", [shipped, reading.Text("gb.toml", "", raw)], found, errors)
    assert bool(found) != bool(errors)
    assert tomllib.loads(shipped.text)["id"] == "gb"
