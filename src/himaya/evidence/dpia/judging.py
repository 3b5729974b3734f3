"""The judgement of the risk: a person's text, sealed in the chain, for one configuration."""

from __future__ import annotations

from pathlib import Path

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.evidence.dpia.data import Judgement
from himaya.ledger import entries as e
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros

#: The longest text of a judgement, in bytes.
MAX_TEXT = 100_000


def read_judgement(path: Path) -> str:
    """Return the text of a judgement. Raises InputError when the file cannot be used."""
    try:
        with path.open("rb") as source:
            data = source.read(MAX_TEXT + 1)
        text = data.decode()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    except UnicodeDecodeError:
        raise InputError("is not text (UTF-8)", file=str(path)) from None
    if len(data) > MAX_TEXT:
        raise InputError(f"is longer than {MAX_TEXT} bytes", file=str(path))
    if not text.strip():
        raise InputError("is empty; write what you judge, and on what grounds", file=str(path))
    return text


def judge(reader: Reader, config: Config, text: str, *, by: str, why: str, now: float) -> None:
    """Record in the chain what a person judged of a configuration. Raises LedgerError."""
    seal = reader.keys.seal_text
    reader.chain.append(
        e.Judged(
            at=iso(micros(now)),
            config=config.hash,
            policy=config.policy().hash(),
            text=seal(text),
            why=seal(why),
            by=seal(by),
        )
    )


def judgement(reader: Reader, config: Config) -> Judgement:
    """Return the last judgement on record, and whether it was made for this configuration. Raises LedgerError."""
    last = reader.state().judged
    if last is None:
        return Judgement("none")
    opened = reader.keys.open_text
    return Judgement(
        state="current" if last.config == config.hash else "stale",
        at=last.at,
        by=opened(last.by),
        why=opened(last.why),
        text=opened(last.text),
        config=last.config,
    )
