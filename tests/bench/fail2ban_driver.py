"""fail2ban's own filter, failure manager and block manager on its virtual time, run by Debian's interpreter.

Reads {"setting": [maxretry, findtime, bantime], "events": [[seconds, address], ...]} and writes the blocks,
[address, from, until], and how many requests were refused. Between requests it does what the daemon's threads do: it
clears old failures every 5 seconds and lifts blocks that have ended. A refused request leaves no line with a 200.
"""

import json
import sys
from datetime import UTC, datetime

from fail2ban.server.banmanager import BanManager
from fail2ban.server.filter import Filter
from fail2ban.server.mytime import MyTime
from fail2ban.server.ticket import BanTicket

REGEX = r'^<HOST> -.*"(?:GET|POST) /(?:u|photo|search)[/? ][^"]*" 200 '


class Jail:
    """What a filter needs of its jail: a name, no database, and somebody who takes its tickets."""

    name, database = "people", None

    def __init__(self, bantime):
        self.manager = BanManager()
        self.manager.setBanTime(bantime)
        self.blocks = []

    def putFailTicket(self, ticket):  # noqa: N802  (fail2ban's name)
        block = BanTicket.wrap(ticket)
        if self.manager.addBanTicket(block):
            self.blocks.append(
                [
                    str(block.getID()),
                    block.getTime(),
                    block.getEndOfBanTime(self.manager.getBanTime()),
                ]
            )


def run(setting, events):
    """Return blocks and the number of refused requests."""
    maxretry, findtime, bantime = setting
    jail = Jail(bantime)
    lines = Filter(jail)
    lines.addFailRegex(REGEX)
    lines.setMaxRetry(maxretry)
    lines.setFindTime(findtime)
    lines.inOperation = True
    refused, cleared = 0, int(events[0][0]) // 5 * 5
    for at, address in events:
        while cleared <= at:
            MyTime.setTime(cleared)
            lines.performSvc()
            cleared += 5
        MyTime.setTime(at)
        jail.manager.unBanList(at)
        if address in [str(one) for one in jail.manager.getBanList()]:
            refused += 1
            continue
        day = datetime.fromtimestamp(int(at), UTC)
        lines.processLineAndAdd(
            f'{address} - - [{day:%d/%b/%Y:%H:%M:%S} +0000] "GET /u/7 HTTP/1.1" 200 100 "-" "x"'
        )
    return {"blocks": jail.blocks, "refused": refused, "failures": lines.failManager.getFailTotal()}


if __name__ == "__main__":
    order = json.load(sys.stdin)
    json.dump(run(order["setting"], order["events"]), sys.stdout)
