"""Categories of fields and the risk map: data, validated, and computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import ConfigError
from himaya.response.people.categories import MAX_BYTES, RISKS, categories_of
from himaya.response.people.risks import risk_map, worst

SHIPPED = categories_of(None)
FIELDS = sorted({field for one in SHIPPED.table.values() for field in one.fields} | {"shoe_size"})


def test_every_category_feeds_the_loss_of_control():
    """RISK-6 is fed by everything, as the authorities say, also by a field that no category names."""
    assert all(one.risks.get("RISK-6", 0) > 0 for one in SHIPPED.table.values())
    assert SHIPPED.scores(["shoe_size"]) == {"RISK-6": 1}


@pytest.mark.parametrize(
    ("risk", "fields"),
    [
        ("RISK-1", ["email", "phone", "employer", "colleagues"]),
        ("RISK-2", ["birth_date", "address", "photo", "full_name"]),
        ("RISK-3", ["photos", "location", "posts", "friends"]),
        ("RISK-4", ["opinions", "affiliations", "location", "contacts"]),
        ("RISK-5", ["email", "phone", "job_title"]),
    ],
)
def test_the_fields_named_for_a_risk_feed_it(risk, fields):
    """Each field that the authorities name for a risk has a weight there; all of them together are a high one."""
    assert all(risk in SHIPPED.scores([field]) for field in fields)
    assert SHIPPED.level(SHIPPED.scores(fields)[risk]) in {"medium", "high"}


@given(st.lists(st.lists(st.sampled_from(FIELDS), max_size=5), max_size=20))
def test_a_risk_map_counts_each_person_once_and_never_sinks(shown):
    """People of a risk are those of its levels together; one more field of everybody lowers no severity."""
    order = ("", "low", "medium", "high")
    before = {one.risk: one for one in risk_map(shown, SHIPPED)}
    for one in before.values():
        assert one.people == sum(one.levels.values()) <= len(shown)
        assert one.levels[one.severity] > 0
    after = {one.risk: one for one in risk_map([[*one, "email"] for one in shown], SHIPPED)}
    for risk, one in before.items():
        assert order.index(after[risk].severity) >= order.index(one.severity)
    assert worst(before.values()) in order


def test_a_site_lays_its_own_categories_over(tmp_path):
    """A category of the site replaces the shipped one, and a field that it names leaves the category it was in."""
    file = tmp_path / "c.toml"
    file.write_text('[category.mail]\nfields = ["email"]\nrisks = { RISK-5 = 1 }\n')
    mine = categories_of(file)
    assert (mine.of("email"), mine.of("phone")) == ("mail", "contact")
    assert mine.scores(["email"]) == {"RISK-5": 1}
    assert set(RISKS) == set(mine.scores(FIELDS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[category.x]\nfields = []\nrisks = { RISK-7 = 1 }", "category.x.risks.*no 'RISK-7'"),
        ("[category.x]\nfields = []\nrisks = { RISK-1 = 4 }", "<= 3"),
        ("[category.x]\nfields = []\nrisks = {}\ntypo = 1", "unknown field `typo`"),
        ("[a", "is no TOML"),
        pytest.param("a = " + "[" * 5000, "is no TOML", id="deep"),
        ("[levels]\nmedium = 3\nhigh = 3", "levels.high: high begins above medium"),
        (
            '[category.x]\nfields = ["a"]\nrisks = {}\n[category.y]\nfields = ["a"]\nrisks = {}',
            "category.y.fields: 'a' is in the category x already",
        ),
    ],
)
def test_a_wrong_file_of_categories_is_named(tmp_path, text, said):
    """Every mistake names the file and the key."""
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"c.toml.*{said}"):
        categories_of(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        categories_of(tmp_path / "none.toml")
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="is larger than"):
        categories_of(file)
