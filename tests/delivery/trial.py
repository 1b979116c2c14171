"""A trial: clients that write and read without pause, until what is done to the deployment is over and all have settled."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.delivery.client import Client
from tests.delivery.history import History, State, check

SETTLE_SECONDS = 60.0  # for all to catch up, when all is well again


class Trial:
    """The clients, who sign up while all is well: they share a room, and each writes to the next."""

    def __init__(self, urls: Sequence[str], count: int, seed: int) -> None:
        tag = f"{time.time_ns() // 1_000_000:x}"
        self.history = History()
        self.clients = [Client(urls, f"client{n}-{tag}", seed + n, self.history) for n in range(count)]
        self.failures: list[str] = []
        self._processes = len(urls)
        self._ended = threading.Event()
        self._left = 0
        self._lock = threading.Lock()
        members = [client.id for client in self.clients]
        room = self.clients[0].insist("POST", "/api/rooms", {"name": f"Trial {tag}", "members": members})
        self._room: str = room["_id"]
        self._wait(lambda: all(client.online.issuperset(members) for client in self.clients), "see each other online")
        for client in self.clients:
            client.told_offline.clear()

    def run(self, messages: int, harm: Callable[[], None], progress: Callable[[], object] = lambda: None) -> None:
        """Let all clients write at least so many messages, and go on until ``harm`` returns."""
        self._left = messages
        threads = [threading.Thread(target=self._write, args=(n, progress)) for n in range(len(self.clients))]
        for thread in threads:
            thread.start()
        try:
            harm()
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def settle(self) -> None:
        """Wait until all processes are ready, and every client has what the server has and sees all others online, by what
        it does anyway."""
        members = [client.id for client in self.clients]
        self._wait(self.clients[0].finds_all_ready, "find all processes ready")
        self._wait(self._is_settled, "have what the server has")
        self._wait(lambda: all(client.online.issuperset(members) for client in self.clients), "see each other online")

    def report(self) -> Counter[str]:
        """What became of the messages; the keys of `tests.delivery.history.WRONG`, and some more."""
        server, clients = self._server(), self._ends()
        counts = check(self.history, server, clients)
        counts["sent"] = sum(client.sends for client in self.clients)
        counts["acknowledged"] = sum(write.is_send for writes in self.history.writes.values() for write in writes)
        counts["edited"] = sum(not write.is_send for writes in self.history.writes.values() for write in writes)
        counts["read"] = sum(map(len, self.history.reads.values()))
        ids = {client.id for client in self.clients}
        counts["told offline"] = sum(len(client.told_offline & ids) for client in self.clients)
        return counts

    def close(self) -> None:
        """Let all clients go."""
        for client in self.clients:
            client.close()

    def _write(self, n: int, progress: Callable[[], object]) -> None:
        client, neighbour = self.clients[n], self.clients[(n + 1) % len(self.clients)]
        number = 0
        try:
            while self._may_write():
                if number % 2:
                    client.send(number, f"/api/rooms/{self._room}/messages", {"room": self._room})
                else:
                    client.send(number, f"/api/messages/send/{neighbour.id}", {"to": neighbour.id})
                number += 1
                progress()
        except Exception as error:  # a thread's failure would go unseen; it is part of the report
            self.failures.append(f"{client.name}: {error!r}")

    def _may_write(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0 or not self._ended.is_set()

    def _conversations(self) -> list[tuple[str, str, list[Client]]]:
        """The id, the path and the members of each."""
        found = [(self._room, f"/api/rooms/{self._room}/messages", self.clients)]
        for n, client in enumerate(self.clients):
            other = self.clients[(n + 1) % len(self.clients)]
            found.append(("_".join(sorted((client.id, other.id))), f"/api/messages/{other.id}", [client, other]))
        return found

    def _server(self) -> dict[str, list[State]]:
        """What each process serves, by conversation."""
        return {
            id: [members[0].fetch(path, process) for process in range(self._processes)]
            for id, path, members in self._conversations()
        }

    def _ends(self) -> dict[str, list[State]]:
        """What the members have, by conversation."""
        return {id: [member.state(id) for member in members] for id, _, members in self._conversations()}

    def _is_settled(self) -> bool:
        server, clients = self._server(), self._ends()
        return all(end == truth for id, (truth, *_) in server.items() for end in clients[id])

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while not condition():
            if time.monotonic() > end:
                self.failures.append(f"the clients did not {what} within {SETTLE_SECONDS:.0f} s")
                return
            time.sleep(0.3)
