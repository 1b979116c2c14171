"""How often something may happen: what each rate counts, and its default.

They are far above what a person does, or an office behind one address, and far below a flood.
"""

import re
from dataclasses import dataclass
from typing import Self

_RATE = re.compile(r"\s*(\d+)\s*(?:/|per)\s*(\d*)\s*(second|minute|hour|day|month|year)s?\s*", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400, "year": 365 * 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``amount`` times in any ``seconds``."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rate in words such as ``10 per 5 minutes``. Raises `ValueError`."""
        match = _RATE.fullmatch(text)
        if match is None or int(match[1]) == 0 or match[2] == "0":
            raise ValueError(f"not a rate: {text!r}")
        return cls(int(match[1]), int(match[2] or 1) * _SECONDS[match[3].lower()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """All rates. Each is the environment variable of the same name in capitals, after ``RATE_``.

    An address is one IPv4 address, or the /64 network of an IPv6 address.
    """

    wrong_logins: str = "10 per 5 minutes"  # wrong passwords to one account; from a browser that knew it, counted apart
    wrong_logins_from: str = "50 per 5 minutes"  # wrong passwords from one address, to any accounts
    wrong_logins_daily: str = "100 per day"  # the same as wrong_logins, for patient guesses
    wrong_logins_daily_from: str = "500 per day"  # the same as wrong_logins_from
    logins: str = "30 per 5 minutes"  # right passwords to one account: each costs as much work as a wrong one
    signups: str = "120 per minute"  # from one address
    sends: str = "1200 per minute"  # a user: messages, edits, reactions, deletions
    images: str = "60 per minute"  # a user
    mails: str = "5 per hour"  # mails with a link, to one email or asked for by a user
    mails_from: str = "60 per hour"  # asked for from one address
    reports: str = "20 per hour"  # a user
    searches: str = "120 per minute"  # a user
    exports: str = "10 per hour"  # a user
    rooms: str = "100 per hour"  # new rooms of a user
    writes: str = "600 per minute"  # a user: all other changes, such as renames, joins, blocks and reads; and syncs
    events: str = "1800 per minute"  # a user, by sockets, of any kind
    connects: str = "300 per minute"  # new sockets of a user
    connects_from: str = "6000 per minute"  # new sockets from one address
