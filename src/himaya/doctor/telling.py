"""Alerts: somebody is told, and looks."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.config import Config
from himaya.core.errors import ConfigError
from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene
from himaya.runner.alerting import AlertStore, alerts_path, channels_of


def alerts(scene: Scene) -> Iterator[Check]:
    """A channel is configured and works, and nothing waits for somebody."""
    config = scene.config
    if not config.alerts.has_channel:
        said = "no channel is configured: alerts are written down, and nobody is told."
        yield warning("alerts", said, "Set [alerts] command, smtp_host or webhook_url.")
        return
    unusable = _unusable(config)
    if unusable:
        yield problem("alerts", unusable, "Make the secret anew, then: himaya alert test")
        return
    path = alerts_path(scene.directory)
    if not path.exists():
        yield ok("alerts", "a channel is configured; himaya alert test tries it.")
        return
    with AlertStore(path) as store:
        broken = [one for one in store.channels() if one.problem]
        urgent = [one for one in store.alerts() if one.severity == "high"]
    for one in broken:
        yield problem(
            "alerts", f"{one.name}: {one.problem}.", "Correct it, then: himaya alert test"
        )
    if urgent:
        said = f"{len(urgent)} alerts of high severity wait for somebody."
        yield warning("alerts", said, "Look: himaya alert list --config himaya.toml")
    if not broken and not urgent:
        yield ok("alerts", "no channel has a problem, and nothing of high severity waits.")


def _unusable(config: Config) -> str:
    try:
        channels_of(config)
    except ConfigError as why:
        return str(why)
    return ""
