"""The site's own command that is asked where people live: ids go in, one a line; `id<TAB>country` comes out."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from select import select

from himaya.core.errors import ServiceError
from himaya.response.people.countries import country_of
from himaya.response.people.residence import Found, Source

#: Bytes of an answer about one person, beyond the id itself.
_PER_PERSON = 64
_CHUNK = 65_536


def command_source(words: Sequence[str], seconds: float) -> Source:
    """Return what a command answers. It runs without a shell, is ended with its children after `seconds`.

    Raises ServiceError when it cannot be run, fails, takes too long, says too much or gives a line that is no answer,
    InputError for a country that is none. Ids that cannot be printed are not asked for, so nothing is known of them.
    """

    def source(people: Collection[str]) -> Found:
        asked = [one for one in people if one.isprintable()]
        if not asked:
            return Found()
        return read_answers(_run(words, asked, seconds), asked, _name(words))

    return source


def _name(words: Sequence[str]) -> str:
    return f"the residence command ({words[0]})"


def read_answers(data: bytes, asked: Collection[str], name: str) -> Found:
    """Return what the output of a command says. Raises ServiceError or InputError naming the line; the first is 1."""
    wanted, found = frozenset(asked), Found({})
    for number, raw in enumerate(data.splitlines(), 1):
        try:
            subject, tab, text = raw.decode().partition("\t")
        except UnicodeDecodeError as problem:
            raise _wrong(name, number, "is no UTF-8 text") from problem
        if not tab or subject not in wanted:
            raise _wrong(name, number, "is not one of the ids asked for, a tab, and a country")
        country = country_of(text, file=name, line=number)
        if found.countries.setdefault(subject, country) != country:
            raise _wrong(name, number, "contradicts an earlier line about the same person")
    return found


def _wrong(name: str, number: int, what: str) -> ServiceError:
    return ServiceError(f"{name}: line {number} of its answer {what}; nothing was counted")


def _run(words: Sequence[str], asked: Sequence[str], seconds: float) -> bytes:
    """Return what a command writes about these ids. The ids wait in a file that only we can read, unlinked."""
    lines = "".join(f"{one}\n" for one in asked).encode()
    with tempfile.TemporaryFile() as ids:
        ids.write(lines)
        ids.seek(0)
        try:
            process = subprocess.Popen(
                list(words), stdin=ids, stdout=subprocess.PIPE, start_new_session=True
            )
        except OSError as problem:
            why = problem.strerror or str(problem)
            raise ServiceError(f"{_name(words)} cannot be run: {why}") from problem
    with process:
        try:
            data = _read(process, seconds, len(lines) + len(asked) * _PER_PERSON)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its children may hold the pipe
            raise
    return data


def _read(process: subprocess.Popen[bytes], seconds: float, most: int) -> bytes:
    """Read until the command ends, at most so many bytes and seconds. Raises ServiceError."""
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    end, parts, size = time.monotonic() + seconds, [], 0
    while True:
        ready, _, _ = select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        part = os.read(process.stdout.fileno(), _CHUNK) if ready else None
        if part is None:
            raise ServiceError(
                f"the residence command did not end within {seconds:g} s and was stopped"
            )
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > most:
            raise ServiceError(
                f"the residence command answered more than {most:,} bytes and was stopped"
            )
    _ended(process, max(0.1, end - time.monotonic()))
    return b"".join(parts)


def _ended(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise ServiceError("the residence command closed its output and did not end") from None
    if code:
        raise ServiceError(f"the residence command ended with {code}; nothing was counted")
