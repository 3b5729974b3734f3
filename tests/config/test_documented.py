"""`docs/configuration.md` and the structs say the same."""

from __future__ import annotations

import re
import tomllib

from tests.config.documented import DOCUMENT, all_rows, document_rows

from himaya.config import loads
from himaya.config.decode import Config


def test_every_key_stands_in_the_document_with_type_and_default() -> None:
    """Whatever can be written in the file is documented, and with the default it really has."""
    written = document_rows(DOCUMENT.read_text())
    missing = [row for row in all_rows() if row not in written]
    assert missing == []


def test_every_documented_key_exists() -> None:
    """The document names no key that the file cannot have, and none twice."""
    written = document_rows(DOCUMENT.read_text())
    real = {key for key, _, _ in all_rows()}
    assert [key for key, _, _ in written if key not in real] == []
    assert len(written) == len({key for key, _, _ in written})


def test_every_row_says_what_it_means() -> None:
    """No row of the document has an empty meaning, and every number names its unit or noun."""
    rows = [line for line in DOCUMENT.read_text().splitlines() if re.match(r"\| `", line)]
    assert [row for row in rows if len(row.split("|")[-2].strip()) < 10] == []


def test_the_examples_of_the_document_load() -> None:
    """Every TOML block in the document is a configuration that loads."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        assert isinstance(loads(block), Config)
        assert tomllib.loads(block)
