"""Alerts: what needs somebody is written down without names, sent over channels, acknowledged or escalated.

Read in this order:

    alert       an occurrence, an alert, the message a channel sends
    words       findings, gaps and conditions in words that name nobody
    intake      between the thread that notices and the one that writes
    store       the file: alerts, what has to be sent, how the channels do
    channel     what a channel is; `command`, `mail` and `webhook` are three; `smtp` is the mail server
    courier     the thread of one channel
    conditions  disk, ledger, keys: what is looked at although nothing happened
    alarm       all of it at work in one process
"""

from __future__ import annotations

from himaya.runner.alerting.alarm import Alarm, AlarmStatus
from himaya.runner.alerting.alert import Alert, Kind, Message, Occurrence
from himaya.runner.alerting.channel import Channel
from himaya.runner.alerting.channels import channels_of
from himaya.runner.alerting.store import AlertStore, ChannelState, alerts_path

__all__ = [
    "Alarm",
    "AlarmStatus",
    "Alert",
    "AlertStore",
    "Channel",
    "ChannelState",
    "Kind",
    "Message",
    "Occurrence",
    "alerts_path",
    "channels_of",
]
