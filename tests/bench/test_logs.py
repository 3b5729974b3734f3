"""The traffic as logs: any format himaya reads, and a truth beside it that agrees with what the log shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.bench.small import SCENE

from himaya.bench.asks import Ask, Client, Reply
from himaya.bench.attackers.everybody import EVERYBODY
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.log_values import Line, renderer
from himaya.bench.logs import Truth, write_logs
from himaya.bench.outside import load_attackers
from himaya.bench.run import START
from himaya.bench.scene import Options, Scene
from himaya.bench.world.knobs import Knobs
from himaya.core.actor import Actor
from himaya.core.errors import InputError, ServiceError
from himaya.watch.formats import NAMED, named_format
from himaya.watch.scan import ScanOptions, scan

ATTACKERS = [each for each in EVERYBODY if each.id in {"A1", "A6"}]


def lines_of(path):
    """Return the lines of a file."""
    return Path(path).read_bytes().splitlines()


@pytest.mark.parametrize(
    "form",
    [
        "combined",
        "common",
        "vhost_combined",
        "json",
        '$remote_addr [$time_local] "$request" $status',
        "$remote_addr [$time_local] $request_method $uri$is_args$args $status",
        r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D" mine',
        "%a %{sec}t %m %U%q %s %O %v %{X-Forwarded-For}i %L",
        "log_format x '$msec $remote_addr ' '\"$request\" $status $upstream_http_himaya_subjects';",
        '{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":"$status"}',
    ],
)
def test_every_line_can_be_read_back(tmp_path, form):
    """Himaya reads each line of the log, in every format that it writes."""
    written = write_logs(SCENE, ATTACKERS, tmp_path / "logs", form)
    named = "" if " " not in form and "{" not in form else form
    result = scan([written.log], ScanOptions(format=named, processes=1))
    assert (result.lines, result.malformed) == (written.lines, 0)


@pytest.mark.parametrize("form", sorted(NAMED))
def test_every_named_format_can_be_written(form):
    """Each format that has a name renders a line that is read back with its address, target and status."""
    client = Client(Actor(address="192.0.2.7", account="u1"), "agent/1")
    line = Line(client, Ask("/u/7?x=1"), Reply(404), START, 1)
    rows = named_format(form).rows(renderer(form)(line))
    (row,) = rows.rows
    words = {word: row[place] for word, place in rows.slots.items()}
    target = "?".join(filter(None, (words["target"], words.get("query"))))
    assert (words["address"], target, words["status"]) == ("192.0.2.7", "/u/7?x=1", "404")
    assert words["agent"] == "agent/1" if "agent" in words else "common" in form


def test_the_truth_is_what_the_log_shows(tmp_path):
    """A fast walk's people, counted from the log's own lines, are those of the truth."""
    written = write_logs(SCENE, ATTACKERS, tmp_path, "json")
    told = [msgspec.json.decode(line, type=Truth) for line in lines_of(written.truth)]
    walk = next(each for each in told if each.id == "A1")
    assert walk.actors
    (address,) = [name.partition(":")[2] for name in walk.actors]
    lines = [msgspec.json.decode(line) for line in lines_of(written.log)]
    shown = {
        line["subjects"] for line in lines if line["address"] == address and line["status"] == 200
    }
    assert shown == set(walk.obtained)
    assert len(walk.obtained) == SCENE.world.count


def test_logs_are_in_the_order_of_time(tmp_path):
    """Lines never go back in time."""
    written = write_logs(SCENE, ATTACKERS, tmp_path, "json")
    times = [msgspec.json.decode(line)["at"] for line in lines_of(written.log)]
    assert times == sorted(times)


def test_a_format_that_is_none_says_what_there_is(tmp_path):
    """A format without variables, and a variable nobody knows, are named."""
    with pytest.raises(
        InputError, match="no log format is called 'combine'; there are json, combined"
    ):
        write_logs(SCENE, ATTACKERS, tmp_path, "combine")
    with pytest.raises(InputError, match=r"cannot log \$upstream_weather"):
        write_logs(SCENE, ATTACKERS, tmp_path, "$remote_addr $upstream_weather")
    with pytest.raises(InputError, match="not an Apache log format"):
        write_logs(SCENE, ATTACKERS, tmp_path, "%h %~")


def test_an_incident_lasts_as_long_as_it_lasted(tmp_path):
    """Incidents go on for days of their own; everybody else stops with the crowd."""
    short = Scene(Options(Knobs(people=300), days=0.2, members=80), GROUPS, 1)
    chosen = [each for each in EVERYBODY if each.id in {"A4", "H1"}]
    written = write_logs(short, chosen, tmp_path, "json")
    told = {each.id: each for each in map(_truth, lines_of(written.truth))}
    ends = {"A4": 0.0, "H1": 0.0}
    for line in map(msgspec.json.decode, lines_of(written.log)):
        names = {f"account:{line['account']}", f"address:{line['address']}"}
        for name in ends:
            if names & set(told[name].actors):
                ends[name] = line["at"] - START
    assert ends["A4"] < 0.2 * 86400
    assert 10 * 86400 < ends["H1"] < 30 * 86400


def _truth(line):
    return msgspec.json.decode(line, type=Truth)


def test_a_broken_attacker_is_named(tmp_path):
    """An attacker from a file that breaks its hand ends with the name of the file, not with a traceback."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from himaya.bench.attackers.attacker import Attacker\nfrom himaya.bench.world import links\n"
        "class Broken(Attacker):\n    id = 'X1'\n    def work(self, hand, op):\n"
        "        hand.client.actor = None\n        yield links.HOME\n"
    )
    with pytest.raises(InputError, match=r"mine\.py:3: Broken left something that cannot be used"):
        write_logs(SCENE, load_attackers(file), tmp_path / "logs")


def test_a_directory_that_cannot_be_written_says_so(tmp_path):
    """A file where the directory should be is a clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="cannot be written"):
        write_logs(SCENE, ATTACKERS, tmp_path / "file" / "x", "combined")
