"""The log of the process itself: sentences or ECS, and never what a visitor sent."""

import json
import logging
import re
import signal

import pytest
from tests.gate.gate_support import wait_for
from tests.gate.process_support import GateProcess

from himaya.gate.log_lines import EcsLines, TextLines


def record_of(problem=None):
    """Return a record of a warning, with the error that is being handled where there is one."""
    info = (type(problem), problem, problem.__traceback__) if problem else None
    return logging.LogRecord(
        "himaya.x", logging.WARNING, __file__, 1, "a %s happened", ("thing",), info
    )


def raised(words):
    try:
        int(words)
    except ValueError as problem:
        return problem


def test_a_record_becomes_one_line_of_ecs():
    """Every line is one JSON object with the fields that the schema names."""
    line = EcsLines("himaya gate").format(record_of())
    told = json.loads(line)
    assert "\n" not in line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["@timestamp"])
    assert (told["log.level"], told["message"]) == ("warning", "a thing happened")
    assert (told["service.name"], told["event.dataset"]) == ("himaya", "himaya.gate")
    assert told["ecs.version"].startswith("8.")


@pytest.mark.parametrize(
    "lines", [EcsLines("himaya gate"), TextLines("himaya gate")], ids=["ecs", "text"]
)
def test_the_words_of_an_error_stay_out_of_the_log(lines):
    """Of an unexpected error its type and its place are written; its words may quote a visitor."""
    written = lines.format(record_of(raised("cannot read 203.0.113.9 of u777")))
    assert "ValueError" in written
    assert "in raised" in written
    assert "203.0.113.9" not in written
    assert "u777" not in written


def test_a_gate_writes_ecs_and_nothing_else(tmp_path):
    """With log_format = "ecs" every line on standard error is such an object, start, warnings and end included."""
    gate = GateProcess(tmp_path, 1, more='log_format = "ecs"')
    with gate:
        gate.config.write_text("mode = 3")
        gate.signal(signal.SIGHUP)
        wait_for(lambda: "not taken over" in gate.said, 30)
        assert gate.stop() == 0
    lines = [json.loads(line) for line in gate.said.splitlines()]
    assert {"info", "warning"} <= {line["log.level"] for line in lines}
    assert all(line["@timestamp"] and line["message"] for line in lines)
