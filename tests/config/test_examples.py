"""What stands in examples/ is what himaya prints and reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from himaya.cli.init import init
from himaya.config import load, warnings

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_configuration_is_right() -> None:
    """The example loads, and nothing in it is probably not meant."""
    config = load(EXAMPLES / "himaya.toml")
    assert warnings(config) == []
    assert config.unseen_surfaces() == ()


@pytest.mark.parametrize(
    "file", ["nginx/himaya.conf", "caddy/Caddyfile", "traefik/himaya.yml", "envoy/envoy.yaml"]
)
def test_the_example_for_a_front_door_is_what_is_printed(file: str) -> None:
    """Each example of a front door is the output of `himaya init` for it."""
    printed = CliRunner().invoke(init, [file.partition("/")[0]]).output
    assert (EXAMPLES / file).read_text() == printed


def test_the_example_of_nginx_at_the_edge_is_what_is_printed() -> None:
    """examples/nginx-edge/himaya.conf is what `himaya init nginx --edge` prints for the himaya.toml beside it."""
    file = EXAMPLES / "nginx-edge/himaya.toml"
    assert warnings(load(file)) == []
    printed = CliRunner().invoke(init, ["nginx", "--edge", str(file)]).output
    assert (EXAMPLES / "nginx-edge/himaya.conf").read_text() == printed
