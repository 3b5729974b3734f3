"""A wave over SMTP (RFC 5321): one mail after the other, each answer written down before the next."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable, Iterable

import msgspec

from himaya.config import Config
from himaya.config.types import Alerts
from himaya.core.errors import ConfigError
from himaya.response.delivery.mime import Envelope, composed
from himaya.response.delivery.waves import REFUSED, SENT, UNSURE
from himaya.response.notices.recipients import is_plain
from himaya.runner.alerting.channel import failure
from himaya.runner.alerting.smtp import MailServer

#: Mails of one connection; servers close longer ones (Exim: 1,000).
_EACH = 500
#: From here on an answer means "never" (RFC 5321, 4.2.1); between 400 and it, "not now".
_PERMANENT = 500
#: "Go on" after DATA, and a dot at the beginning of a line, which is doubled (RFC 5321, 4.5.2).
_GO_ON = 354
_DOTS = re.compile(rb"(?m)^\.")


class Mail(msgspec.Struct, frozen=True):
    """One mail that is made when its turn comes: `person` is a surrogate, `make` renders it."""

    person: int
    address: str
    make: Callable[[], tuple[str, str, str]]


def mail_settings(config: Config) -> Alerts:
    """Return the settings of the mail server of notices. Raises ConfigError when there is none, or no sender."""
    response, alerts = config.response, config.alerts
    settings = alerts
    if response.smtp_host:
        settings = msgspec.structs.replace(
            Alerts(),
            smtp_host=response.smtp_host,
            smtp_port=response.smtp_port,
            smtp_security=response.smtp_security,
            smtp_user=response.smtp_user if response.smtp_security != "none" else "",
            smtp_password_file=response.smtp_password_file,
            timeout_s=alerts.timeout_s,
        )
    settings = msgspec.structs.replace(settings, mail_from=response.mail_from or alerts.mail_from)
    if not settings.smtp_host:
        raise ConfigError(
            "there is no mail server for notices.", key="response.smtp_host", file=config.file
        )
    if not is_plain(settings.mail_from):
        raise ConfigError("notices need a sender.", key="response.mail_from", file=config.file)
    return settings


class Wave:
    """Sends mails and tells `mark` what became of each: its person and a state of `waves`."""

    def __init__(self, server: MailServer, sender: str, mark: Callable[[int, str], None]) -> None:
        """Nothing is opened yet."""
        self._server, self._sender, self._mark = server, sender, mark
        self._line: smtplib.SMTP | None = None
        self.sent = self.refused = self.later = self._on_line = 0

    def send(self, mails: Iterable[Mail]) -> None:
        """Send every mail. One that the server does not take now stays planned.

        Raises ServiceError when the server went away; whatever it took until then is written down.
        """
        try:
            for mail in mails:
                self._one(mail)
        except (OSError, smtplib.SMTPException, UnicodeError) as problem:
            raise failure("the mail server", problem) from problem
        finally:
            self._hang_up()

    def _one(self, mail: Mail) -> None:
        line = self._connection()
        taken = self._asked(line, mail.address)
        if taken is not None:
            self._refuse(mail.person, taken)
            return
        subject, text, page = mail.make()
        data = composed(Envelope(self._sender, mail.address, subject), text, page)
        code, _ = line.docmd("DATA")
        if code != _GO_ON:
            self._refuse(mail.person, code)
            return
        try:
            line.send(_DOTS.sub(b"..", data) + b".\r\n")
            code, _ = line.getreply()
        except (OSError, smtplib.SMTPServerDisconnected):
            self._mark(mail.person, UNSURE)  # it had the mail, and did not say whether it took it
            raise
        self._answered(mail.person, code)

    def _asked(self, line: smtplib.SMTP, address: str) -> int | None:
        """Name sender and recipient; return the code of a refusal of this recipient, None when it is taken."""
        code, said = line.mail(self._sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, self._sender)
        code, _ = line.rcpt(address)
        if code in {250, 251}:
            return None
        line.rset()
        return code

    def _answered(self, person: int, code: int) -> None:
        if code == 250:
            self.sent += 1
            self._mark(person, SENT)
        else:
            self._refuse(person, code)

    def _refuse(self, person: int, code: int) -> None:
        if code < _PERMANENT:
            self.later += 1
            return
        self.refused += 1
        self._mark(person, REFUSED)

    def _connection(self) -> smtplib.SMTP:
        if self._line is not None and self._on_line >= _EACH:
            self._hang_up()
        if self._line is None:
            self._line, self._on_line = self._server.connect(), 0
            self._line.ehlo_or_helo_if_needed()
        self._on_line += 1
        return self._line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        try:
            line.quit()
        except (OSError, smtplib.SMTPException):
            line.close()


def check_server(config: Config) -> MailServer:
    """Return the mail server of notices. Raises ConfigError."""
    return MailServer(mail_settings(config))
