"""The documents are true: commands exist, links lead somewhere, nothing is left undocumented."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from himaya.cli import COMMANDS, group

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^ *```([a-z]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(himaya [^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
#: Words that end the part of a line that is himaya's: pipes, redirections, further commands.
ENDS = {"|", ">", ">>", "2>", "<", "&&", "||", ";", "&"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _command_lines(page: str) -> list[str]:
    """Return every himaya command that a page shows, in code blocks and in running text."""
    blocks = [body for language, body in FENCE.findall(page) if language in {"", "sh", "console"}]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    shown = [re.sub(r"^\s*(\$ |sudo |-u \S+ )*", "", line) for line in lines]
    return [
        line.removeprefix(".venv/bin/")
        for line in [*shown, *INLINE.findall(FENCE.sub("", page))]
        if re.match(r"(\.venv/bin/)?himaya( |$)", line)
    ]


def _words(line: str) -> list[str]:
    """Return the words of the himaya command itself, without comments, pipes and placeholders."""
    lexer = shlex.shlex(
        line.replace("…", "").replace("...", ""), posix=True, punctuation_chars=True
    )
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if word in ENDS or set(word) <= set("|&;<>()"):
            break
        words.append(word.strip("[]"))
    return words[1:]


def _options(command: click.Command) -> set[str]:
    found = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    return found | {"--help", "-h", "--version"}


def _unknown(words: list[str]) -> list[str]:
    """Return the words of a command line that the command does not know."""
    command: click.Command = group
    context = click.Context(group)
    wrong = []
    for word in words:
        if word.startswith("-") and word != "-":
            option = word.split("=")[0]
            wrong += [] if option in _options(command) else [f"{command.name} {option}"]
        elif isinstance(command, click.Group):
            for name in word.split("|"):
                found = command.get_command(context, name)
                if found is None:
                    wrong.append(f"{command.name} {name}")
            if wrong:
                return wrong
            assert found is not None
            command = found
    return wrong


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_commands_in_documents_exist(path):
    """Every himaya command and option that a document shows is known to the command line."""
    wrong = {line: _unknown(_words(line)) for line in _command_lines(path.read_text())}
    assert {line: words for line, words in wrong.items() if words} == {}


def test_the_reader_of_commands_sees_mistakes():
    """A command or option that does not exist would be found."""
    page = "```sh\nhimaya nothing --x\nsudo -u www himaya config --wrong | less\n```\n`himaya frobnicate`"
    assert [_unknown(_words(line)) for line in _command_lines(page)] == [
        ["group nothing"],
        ["config --wrong"],
        ["group frobnicate"],
    ]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name):
    """Every command of the command line is shown in some document."""
    shown = {tuple(_words(line))[:1] for page in PAGES for line in _command_lines(page.read_text())}
    assert (name,) in shown


def _anchors(page: Path) -> set[str]:
    titles = HEADING.findall(FENCE.sub("", page.read_text()))
    plain = [re.sub(r"[^\w\- ]", "", title.lower()).strip() for title in titles]
    return {title.replace(" ", "-") for title in plain}


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_links_between_documents_resolve(path):
    """Every relative link leads to a file of the repository, and every anchor to a heading."""
    for target in LINK.findall(FENCE.sub("", path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        assert page.exists(), target
        assert not anchor or anchor in _anchors(page), target


def test_every_page_is_in_the_index():
    """docs/index.md links every page of docs/, so that none is lost."""
    index = ROOT / "docs/index.md"
    linked = {
        (index.parent / t.partition("#")[0]).resolve() for t in LINK.findall(index.read_text())
    }
    missing = [
        _name(page) for page in (ROOT / "docs").rglob("*.md") if page not in linked | {index}
    ]
    assert missing == []


def test_every_detector_has_a_card():
    """Each detector is documented on a card of its own, and each card belongs to a detector."""
    from himaya.core.policy import Detectors

    cards = {card.stem for card in (ROOT / "docs/detectors").glob("*.md")} - {"index"}
    assert cards == set(Detectors.__struct_fields__)


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_make_targets_in_documents_exist(path):
    """Every `make` target that a document names is a target of the Makefile."""
    text = path.read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join([body for _, body in FENCE.findall(text)] + re.findall(r"`([^`\n]+)`", text))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= targets


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_no_document_promises_that_somebody_was_not_exposed(path):
    """No document says of anybody that they were not exposed, except to say that himaya never does."""
    text = " ".join(path.read_text().lower().split())
    said = re.findall(r"(.{0,60})not exposed", text)
    assert all("never" in before for before in said)
