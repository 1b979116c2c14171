"""Sockets end with their logins: when one is ended on any process, when its token expires, and when the store says so."""

import logging
import time
from collections.abc import Callable, Iterable, Set

from chat.lib import threads
from chat.realtime import server
from chat.realtime.bus import Bus, SessionEnded
from chat.realtime.connections import Connections
from chat.realtime.emitter import Emitter

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0  # at most as long, a login that ended unheard of (Redis was down) keeps its sockets


class Sessions:
    """Closes the sockets of logins that have ended. ``alive`` returns those of the given session ids that have not.

    ``endings`` is a number that grows when a process that is not on the bus, such as the command line, ends logins.
    """

    def __init__(
        self,
        connections: Connections,
        emitter: Emitter,
        bus: Bus,
        alive: Callable[[Set[str]], Iterable[str]],
        endings: Callable[[], int],
    ) -> None:
        self._connections = connections
        self._emitter = emitter
        self._alive = alive
        self._endings = endings
        self._seen_endings = 0
        self._looking = self._failing = False
        self._next_sweep = time.monotonic() + SWEEP_SECONDS
        bus.subscribe(SessionEnded, lambda ended: emitter.close_session(ended.session_id))
        server.every_second(self._tick)

    def sweep(self) -> None:
        """Close the sockets of all logins that the store no longer has, by one question."""
        if not (session_ids := self._connections.session_ids()):
            return
        try:
            ended = session_ids - set(self._alive(session_ids))
        except Exception as error:
            log.warning("could not ask which logins have ended: %s", error)
            return
        for session_id in ended:
            self._emitter.close_session(session_id)

    def close_expired(self) -> None:
        """Close the sockets whose token has expired."""
        now = time.time()
        for connection in self._connections.all():
            if connection.expires_at is not None and connection.expires_at <= now:
                self._emitter.close(connection)

    def _tick(self) -> None:
        self.close_expired()
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            threads.spawn(self.sweep)
        elif not self._looking:
            self._looking = True
            threads.spawn(self._look)

    def _look(self) -> None:
        """Sweep at once if logins were ended that the bus did not tell of."""
        try:
            endings = self._endings()
            if endings != self._seen_endings:
                self._seen_endings = endings
                self.sweep()
                self._failing = False
        except Exception as error:
            if not self._failing:  # it is asked every second: once is enough to say
                log.warning("could not ask whether logins have ended: %s", error)
            self._failing = True
        finally:
            self._looking = False
