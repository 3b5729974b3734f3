"""The last look at everything that was written: words that no page of himaya says."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

from himaya.demo.incident.tale import Tale
from himaya.response.notices.texts import forbidden

#: Words that no output says, whatever its language; they stand here apart, so that this file says none of them.
_WORDS = (("you", "must"), ("not", "exposed"), ("not", "from", "us"))
NEVER = re.compile("|".join(map(" ".join, _WORDS)), re.IGNORECASE)
_READ = frozenset({".txt", ".html", ".json", ".csv", ".ics", ".toml"})


def texts(directory: Path) -> list[Path]:
    """Return every file that was written to be read, in order."""
    found = (path for path in directory.rglob("*") if path.suffix in _READ and path.is_file())
    return sorted(path for path in found if "ledger" not in path.parts)


def check_output(tale: Tale) -> None:
    """Write down whether any text says what himaya never says, and whether mails and notices do in any language."""
    read, notices = texts(Path()), sorted(Path("notices").rglob("*.txt"))
    wrong = [path.name for path in read if NEVER.search(path.read_text("utf-8"))]
    wrong += [path.name for path in notices if any(forbidden(path.read_text("utf-8")))]
    mails = [_body(mail) for _, mail in tale.mail.read()]
    said = sum(bool(NEVER.search(mail)) or any(forbidden(mail)) for mail in mails)
    tale.check(
        f"{len(read)} texts and {len(mails):,} mails never say what himaya never says"
        + (f": {', '.join(wrong)}" if wrong else ""),
        holds=not wrong and not said,
    )
    if tale.with_pdf:
        _check_pdf(tale)


def _check_pdf(tale: Tale) -> None:
    pages = sorted(Path().rglob("*.pdf"))
    right = sum(path.read_bytes().startswith(b"%PDF-") for path in pages)
    tale.check(f"{right} PDF files were written", holds=bool(pages) and right == len(pages))


def _body(mail: EmailMessage) -> str:
    parts = (part for part in mail.walk() if part.get_content_maintype() == "text")
    return "".join(str(part.get_content()) for part in parts)
