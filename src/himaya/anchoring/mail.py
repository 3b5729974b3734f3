"""A mailbox as a place: a deposit by mail, over the server that sends alerts. Nobody here can read it back."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.anchoring.deposit import Deposit
from himaya.anchoring.place import Found
from himaya.config.types import Alerts
from himaya.runner.alerting.smtp import MailServer


class Mailbox:
    """Mails each deposit to `to`, as text and attached. Raises ConfigError when the password cannot be read."""

    is_readable = False

    def __init__(self, name: str, to: tuple[str, ...], alerts: Alerts, site: str) -> None:
        self.name, self._to, self._site = name, to, site
        self._server = MailServer(alerts)

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Send one mail; the receipt is its text and its id."""
        site = f" ({self._site})" if self._site else ""
        mail = self._server.mail(self._to, f"[himaya] anchor: entry {deposit.seq}{site}")
        mail.set_content(_text(deposit))
        mail.add_attachment(
            deposit.encoded(), maintype="application", subtype="json", filename=deposit.file_name
        )
        said = self._server.send(mail)
        return f"{mail['Message-ID']} {said}\n".encode() + deposit.encoded()

    def found(self) -> Iterator[Found]:
        """Yield nothing."""
        return iter(())


def _text(deposit: Deposit) -> str:
    return (
        f"The ledger's chain reached entry {deposit.seq} on {deposit.at}. Its hash is\n\n"
        f"{deposit.hash}\n\n"
        "Keep this mail. Whoever rewrites the ledger cannot make a chain that contains this head.\n"
        "To compare, save the attachment:\n\n"
        f"himaya anchor check --config himaya.toml --deposit {deposit.file_name}\n"
    )
