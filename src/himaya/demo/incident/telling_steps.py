"""The third part: notices to authorities and people, drafted by one person, released by another, sent in a wave."""

from __future__ import annotations

import time
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from himaya.demo.incident.mail import check_mail
from himaya.demo.incident.operators import ANALYST, DPO, LEGAL
from himaya.demo.incident.residents import RULED
from himaya.demo.incident.tale import Step, Tale

#: Where notices are written, and what the played people say in them.
NOTICES = Path("notices")
_WORDS = "words.toml"
#: The languages in which people of each place are written to; the first is the draft's own.
_LANGUAGES = {
    "ES": ("es",), "FR": ("fr",), "GB": ("en",), "CO": ("es",), "IL": ("ar", "en"), "MA": ("ar", "fr"),
}  # fmt: skip


def _incomplete(tale: Tale) -> str:
    """Draft the first notice without a person's words: it is not ready, and says what is missing."""
    place = ("--country", "ES", "--party", "authority")
    told = tale.told(ANALYST, "notify draft", *place, *_out(tale, NOTICES / "not-ready"))
    tale.check(
        f"a notice without a person's words is not ready: missing {', '.join(told['missing'])}",
        holds=told["stage"] == "not ready" and bool(told["missing"]),
    )
    said = tale.do(LEGAL, "notify release", told["id"], "--why", "too early", ends=2)
    refusal = said.strip().removeprefix("himaya: ")
    return f"{told['id']} is {told['stage']}, and is not released: {refusal}"


def _out(tale: Tale, directory: Path) -> tuple[object, ...]:
    return ("--out", directory, "--pdf") if tale.with_pdf else ("--out", directory)


def _authorities(tale: Tale) -> str:
    told = [country for country, (authority, _) in tale.assessed.items() if authority != "none"]
    for country in told:
        one = _ready(tale, country, "authority", _LANGUAGES[country][:1])
        _receipt(tale, one)
    return f"{len(told)} notices to authorities, complete, released by {LEGAL}, each with an invented receipt"


def _receipt(tale: Tale, one: dict[str, Any]) -> None:
    """Keep the receipt that the authority's form would have given."""
    path = NOTICES / f"{one['id']}.receipt.txt"
    path.write_text(f"INVENTED receipt for {one['id']}. No authority was written to.\n")
    when = datetime.fromtimestamp(time.time() - 1, UTC).isoformat("T", "seconds")
    tale.do(DPO, "notify receipt", one["id"], "--number", f"INVENTED-{one['country']}-1",
            "--file", path, "--when", when)  # fmt: skip


def _people(tale: Tale) -> str:
    told = [country for country, (_, people) in tale.assessed.items() if people != "none"]
    sent = 0
    for country in told:
        one = _ready(tale, country, "people", _LANGUAGES.get(country, ("en",)))
        tale.do(DPO, "notify send", one["id"])
        sent += tale.told(DPO, "notify send", one["id"], "--wave", 1, "--send")["sent"]
    check_mail(tale, sent)
    return f"{sent:,} mails taken by a mail server on this machine, a dry run before each of {len(told)} waves"


def _ready(tale: Tale, country: str, party: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """Draft a notice with a person's words, by the analyst, and release it, by somebody else."""
    words = ("--texts", _texts(country, party, languages), "--language", languages[0])
    place = ("--country", country or "unknown", "--party", party)
    told = tale.told(ANALYST, "notify draft", *place, *words)
    by_law = f"by the list of {told['regime'] or 'no law: what most laws share'}"
    tale.check(
        f"{told['id']} ({', '.join(told['languages'])}) is complete {by_law}",
        holds=not told["missing"]
        and told["stage"] == "ready"
        and bool(told["regime"]) == (country in RULED),
    )
    tale.do(LEGAL, "notify release", told["id"], "--why", "read in full, in each language")
    tale.do(LEGAL, "notify show", told["id"], *_out(tale, NOTICES))
    tale.notices.append(told)
    return told


def _texts(country: str, party: str, languages: tuple[str, ...]) -> Path:
    """Write what the played people say in these languages, as `--texts` wants it; return the file."""
    words = tomllib.loads(files("himaya.demo.incident").joinpath(_WORDS).read_text("utf-8"))
    first, *others = languages
    parts = [_table(words[first]), *(f"[{one}]\n{_table(words[one])}" for one in others)]
    NOTICES.mkdir(mode=0o700, exist_ok=True)
    path = NOTICES / f"{country or 'unknown'}-{party}.words.toml"
    path.write_text("\n".join(parts), "utf-8")
    return path


def _table(words: dict[str, str]) -> str:
    """Return items as TOML; a JSON string of printable text is a TOML string."""
    return "".join(f"{key} = {msgspec.json.encode(text).decode()}\n" for key, text in words.items())


STEPS = (
    Step("incomplete", "A notice that is not ready", _incomplete),
    Step("authorities", "Authorities are told", _authorities),
    Step("people", "People are told", _people),
)
