"""The traffic as logs: any format himaya reads, and a truth beside it that agrees with what the log shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.bench.small import SCENE

from himaya.bench.attackers.everybody import EVERYBODY
from himaya.bench.logs import Truth, write_logs
from himaya.core.errors import InputError, ServiceError
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
    ],
)
def test_every_line_can_be_read_back(tmp_path, form):
    """Himaya reads each line of the log, in every format that it writes."""
    written = write_logs(SCENE, ATTACKERS, tmp_path / "logs", form)
    named = "" if " " not in form else form
    result = scan([written.log], ScanOptions(format=named, processes=1))
    assert (result.lines, result.malformed) == (written.lines, 0)


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


def test_a_directory_that_cannot_be_written_says_so(tmp_path):
    """A file where the directory should be is a clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="cannot be written"):
        write_logs(SCENE, ATTACKERS, tmp_path / "file" / "x", "combined")
