"""The files of a letter, written anew from the register each time, and the file of a signed confirmation."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk
from himaya.core.errors import InputError, ServiceError

if TYPE_CHECKING:
    from himaya.ledger.keys import Keys
    from himaya.response.cases import Case
    from himaya.response.letters.draft import Draft
    from himaya.response.letters.standing import Letter
    from himaya.response.rendering import Document

#: Bytes of a signed confirmation.
_MOST_FORM = 64 << 20


def keys_of(desk: Desk) -> Keys:
    """Return the keys of the ledger. Raises LedgerError."""
    from himaya.ledger.keys import default_key_file, read_key_file

    return read_key_file(desk.key_file or default_key_file(desk.directory))


def digest(data: bytes) -> str:
    """Return the SHA-256 (hex) of data."""
    return hashlib.sha256(data).hexdigest()


def annex_name(case: str, letter: str) -> str:
    """Return how the file of an annex is called."""
    return f"{_plain(case)}-{letter}-annex.json"


def write_files(
    desk: Desk, case: Case, letter_id: str, out: Path, *, pdf: bool = False
) -> list[str]:
    """Write a letter and its annex into a directory; return their paths.

    Raises InputError when the register does not give the letter that was drafted, ServiceError for the disk or where
    no PDF can be made.
    """
    from himaya.ledger.handing_out import write_private

    parts = _files(desk, case, letter_id, pdf=pdf)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise ServiceError(f"{out}: cannot be made: {problem.strerror}") from problem
    for name, data in parts.items():
        write_private(out / name, data)
    return [str(out / name) for name in parts]


def _files(desk: Desk, case: Case, letter_id: str, *, pdf: bool) -> dict[str, bytes]:
    """Return the files of a letter by name: the letter, the signed annex, and the annex to read."""
    from himaya.response.letters.annex import read
    from himaya.response.letters.annex_page import annex_page
    from himaya.response.rendering import html_of, text_of

    letter, draft, annex, released = _written(desk, case, letter_id)
    base = f"{_plain(case.id)}-{letter_id}"
    signed = read(annex)
    page = annex_page(draft, signed.annex.made, signed.public, released=released)
    parts = {
        f"{base}.txt": text_of(letter).encode(),
        f"{base}.html": html_of(letter).encode(),
        draft.annex: annex,
        f"{base}-annex.html": html_of(page).encode(),
    }
    if pdf:
        from himaya.response.rendering.pdf import pdf_of

        parts |= {f"{base}.pdf": pdf_of(letter), f"{base}-annex.pdf": pdf_of(page)}
    return parts


def read_letter(desk: Desk, case: Case, letter_id: str, why: str) -> str:
    """Return a letter as text; that its recipient was looked at is recorded first. Raises HimayaError."""
    from himaya.response.rendering import text_of

    with desk.reader() as reader:
        shared.record_use(reader, "case letter show", f"{why} (case {case.id}, letter {letter_id})")
    return text_of(_written(desk, case, letter_id)[0])


def attach(desk: Desk, case: Case, source: Path, days: int, why: str) -> tuple[str, str]:
    """Keep a signed confirmation, encrypted, for `days`; return its id and SHA-256. Raises InputError."""
    from himaya.config.bounded import read_bounded
    from himaya.ledger.attachments import Attachments

    data = read_bounded(source, _MOST_FORM)
    if not data:
        raise InputError("is empty", file=str(source))
    with desk.reader() as reader:
        kept = Attachments(reader.layout, reader.chain, reader.keys)
        by, now = shared.operator(), desk.now / 1e6
        return kept.attach(source, days, now, why=why, by=by, case=case.id), digest(data)


def _written(desk: Desk, case: Case, letter_id: str) -> tuple[Document, Draft, bytes, bool]:
    """Return a letter as it stands, its draft, its annex, and whether it is released."""
    from himaya.response.letters.draft import opened
    from himaya.response.letters.standing import letter_of
    from himaya.response.letters.writing import write
    from himaya.response.rendering import text_of

    letter = letter_of(case, letter_id)
    if not letter.sealed:
        raise InputError(f"retention took the text of letter {letter_id} away")
    draft = opened(letter.sealed, keys_of(desk))
    if digest(text_of(write(draft, released=True)).encode()) != letter.sha256:
        raise InputError(
            f"letter {letter_id} was drafted with other texts than this himaya has; draft it anew"
        )
    released = letter.state not in {"draft", "withdrawn"}
    return write(draft, released=released), draft, _annex(desk, case, letter), released


def _annex(desk: Desk, case: Case, letter: Letter) -> bytes:
    drafted = next(a for a in case.acts("drafted") if a.data.get("id") == letter.id)
    return keys_of(desk).open_text(str(drafted.data["annex"])).encode()


def _plain(name: str) -> str:
    """Return the name of a case as a part of a file's name."""
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in name)
