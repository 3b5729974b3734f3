"""`himaya model`: train, card and check by the installed command."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tests.watch.model.making import write_past

from himaya.cli import group
from himaya.core.errors import ConfigError, InputError
from himaya.ledger.entries import Access
from himaya.ledger.reader import Reader

HIMAYA = Path(sys.executable).with_name("himaya")


def run(place: Path, *words: str, code: int = 0) -> tuple[str, str]:
    """Run a command in a directory and return what it printed."""
    done = subprocess.run([HIMAYA, *words], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def within(place: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Run a command in this process and return what it printed; errors are raised."""
    monkeypatch.chdir(place)
    said = StringIO()
    with redirect_stdout(said):
        group.main([*words], standalone_mode=False)
    return said.getvalue()


@pytest.fixture(name="place", scope="module")
def _place(tmp_path_factory):
    """Return a directory with a log, labels, a configuration, and the model that was made of them."""
    place = tmp_path_factory.mktemp("model")
    write_past(place)
    run(place, "model", "train", "--labels", "labels", "--config", "himaya.toml", "--out", "m.json",
        "--rate", "0.05", "access.log")  # fmt: skip
    return place


def test_the_card_says_what_a_model_is_for_and_how_to_end_it(place):
    """For and not for, data, figures, limits, drift and off stand in words, and in JSON."""
    text, _ = run(place, "model", "card", "m.json")
    for title in ("For.", "Not for.", "Data.", "Figures", "Limits.", "Drift.", "Off."):
        assert f"**{title}" in text
    told = json.loads(run(place, "model", "card", "m.json", "--json")[0])
    assert told["known"] == {"drill": 115}
    assert told["judged"]["auc"] > 0.9
    assert told["not_for"]
    assert told["off"]


def test_a_check_measures_the_days_of_a_log(place, monkeypatch):
    """The log it was made of has not drifted; the labels say how many are found."""
    text = within(place, monkeypatch, "model", "check", "m.json", "--config", "himaya.toml",
                  "--labels", "labels", "--json", "access.log")  # fmt: skip
    told = json.loads(text)
    assert told["drifted"] == []
    honest, collectors = told["labels"]["honest"], told["labels"]["collector"]
    assert (honest["of"], collectors["of"]) == (60, 55)
    assert honest["count"] <= 6
    assert collectors["count"] >= 50


def test_a_check_fails_where_nobody_can_be_judged(place, tmp_path):
    """A log without a day to describe says nothing, and ends with 1."""
    log = tmp_path / "short.log"
    log.write_text("".join((place / "access.log").read_text().splitlines(keepends=True)[:100]))
    text, _ = run(place, "model", "check", "m.json", "--config", "himaya.toml", str(log), code=1)
    assert "nothing can be said" in text


def test_a_ledger_is_read_for_a_reason_only(place, monkeypatch):
    """Rows of a ledger are described as the log is that they came from, and the use of it needs a reason."""
    within(
        place, monkeypatch, "scan", "access.log", "--config", "himaya.toml", "--ledger", "ledger"
    )
    asked = ("model", "check", "m.json", "--config", "himaya.toml", "--ledger", "ledger", "--json")
    with pytest.raises(InputError, match="--why is empty"):
        within(place, monkeypatch, *asked)
    told = json.loads(within(place, monkeypatch, *asked, "--why", "monthly check"))
    log = within(place, monkeypatch, *asked[:5], "--json", "access.log")
    assert told == json.loads(log)
    with Reader.open(place / "ledger") as reader:
        uses = [entry for _, entry in reader.chain.lines() if isinstance(entry, Access)]
    assert [use.command for use in uses] == ["model"]


@pytest.mark.parametrize("name", ["absent.json", "labels"])
def test_what_is_no_model_is_named(place, monkeypatch, name):
    """A wrong file is told by name."""
    with pytest.raises(ConfigError, match=rf"^{name}: "):
        within(place, monkeypatch, "model", "card", name)


def test_labels_that_are_too_few_make_no_model(place, tmp_path):
    """Exit code 2 with the numbers, and no file is written."""
    few = tmp_path / "few"
    few.write_text("".join((place / "labels").read_text().splitlines(keepends=True)[:30]))
    _, wrong = run(place, "model", "train", "--labels", str(few), "--config", "himaya.toml",
                   "--out", str(tmp_path / "m.json"), "access.log", code=2)  # fmt: skip
    assert "30 honest accounts and 0 collectors" in wrong
    assert not (tmp_path / "m.json").exists()


def test_a_past_is_one_or_the_other(place, monkeypatch):
    """Logs or a ledger, not both and not neither."""
    with pytest.raises(InputError, match="name either LOG"):
        within(place, monkeypatch, "model", "check", "m.json", "--config", "himaya.toml")
