"""docs/graphql.md, followed line by line with the installed command; and its example as a middleware."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import requests
from tests.gate.embedded_support import HIMAYA, free_port, wait_for

from himaya.config import loads
from himaya.control import Control
from himaya.core.errors import ServiceError
from himaya.ledger.reader import Reader

PYTHON = sys.executable


class Example:
    """The example in a folder of its own, on free ports, with the gate before or beside it."""

    def __init__(self, folder, root):
        self.root, self.folder, self.processes = root, folder, []
        shutil.copytree(root / "examples" / "graphql", folder / "example")
        self.port, self.site = free_port(), free_port()
        self.config = folder / "example" / "himaya.toml"
        text = self.config.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        self.config.write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{self.site}"))

    def start(self, *command):
        with (self.folder / "log").open("ab") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=os.environ))

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def ask(self, port, text, status=200):
        url = f"http://127.0.0.1:{port}/graphql"
        answer = requests.post(url, json={"query": text}, timeout=10)
        assert answer.status_code == status
        return answer.json()

    def rows(self, actor):
        """Return subject -> fields of everything the ledger holds of an actor."""
        with Control(self.config.with_name("himaya.sock")) as control:
            control.flush()
        with Reader.open(self.config.with_name("ledger")) as reader:
            return {one.subject: {*one.fields} for one in reader.who_actor(actor).subjects}

    def wait(self, port):
        told = "{ settings { theme } }"
        wait_for(lambda: self.ask(port, told), (requests.RequestException, AssertionError))


@pytest.fixture(name="example")
def _example(tmp_path, root):
    example = Example(tmp_path, root)
    yield example
    example.close()


def commands(root):
    """Return the curl lines of the page, each with the JSON that stands below it, or None."""
    page = (root / "docs" / "graphql.md").read_text()
    found = re.findall(r"```sh\n(curl [^\n]*)\n```\n(?:\n```json\n(.*?)\n```)?", page)
    return [(shlex.split(line), below and json.loads(below)) for line, below in found]


@pytest.mark.slow
def test_the_page_says_what_happens(example, root):
    """Every curl of the page through the proxy: answers as printed, cut, or refused; then the ledger's answer."""
    example.start(*HIMAYA, "gate", "--config", str(example.config), "--mode", "proxy")
    example.start(PYTHON, str(example.folder / "example" / "site.py"), str(example.site))
    example.wait(example.port)
    answers = []
    for words, below in commands(root):
        url = words[2].replace("8080", str(example.port))
        kind, body = words[4].split(": ")[1], words[6]
        answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=10)
        assert not below or answer.json() == below
        answers.append(answer)
    page, batch, harvest = answers[1:4]
    assert [one.status_code for one in answers] == [200, 200, 429, 429, 200]
    people = page.json()["data"]["people"]
    assert (people["total"], len(people["edges"])) == (1000, 8)
    assert "p3" not in batch.text + harvest.text
    fields = example.rows("address:127.0.0.1")
    assert len(fields) == 10
    assert (fields["p1"], fields["p100"]) == ({"name"}, {"email"})


@pytest.mark.slow
def test_the_example_runs_with_the_middleware(example):
    """The same site asks the authority itself: people are counted, and over the budget nobody is shown."""
    text = example.config.read_text()
    listen = f'listen = "127.0.0.1:{example.port}"'
    example.config.write_text(text.replace(listen, 'listen = "unix:himaya-http.sock"'))
    example.start(*HIMAYA, "gate", "--config", str(example.config), "--mode", "authority")
    site = str(example.folder / "example" / "site.py")
    example.start(PYTHON, site, str(example.site), str(example.config))
    with Control(example.config.with_name("himaya.sock")) as control:
        wait_for(control.status, ServiceError)
    example.wait(example.site)
    told = example.ask(example.site, "{ people(first: 10) { edges { node { id email } } } }")
    assert len(told["data"]["people"]["edges"]) == 10
    example.ask(example.site, '{ person(id: "p500") { id email } }', 429)


def test_the_blocks_of_the_page_are_configurations(root):
    """Every TOML block loads."""
    page = (root / "docs" / "graphql.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        assert loads(block)
