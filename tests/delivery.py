"""Proves, or disproves, that no message is lost, repeated or out of order, while everything that can fail does.

    scripts/prove_delivery --store sqlite --messages 20000 --kills 30
    scripts/prove_delivery --url https://chat.example.org      a deployment of your own

Many clients send and edit, in a room of all and from each to the next, over sockets and HTTP, through a network that cuts
connections, holds data back and repeats requests. They ignore some answers and send again. Meanwhile the server, and the
database, are killed with SIGKILL and started again. Then the network heals, every client catches up, and what each of them
has is compared with what was acknowledged, message by message. With --url nothing is killed: it is not ours to kill.

It makes accounts and a room of its own, and ends by itself.
"""

import contextlib
import random
import signal
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import click
import requests
import socketio.exceptions

from tests.chaos_proxy import ChaosProxy
from tests.clients.http import Site
from tests.clients.sockets import Socket
from tests.services import ChatServer, MongoServer, Service

PATIENCE = 5.0  # seconds for an answer
EDITS = 0.1  # of the messages are edited
IGNORED = 0.05  # of the answers are thrown away, and the message sent again
SETTLE_SECONDS = 60.0  # for all to catch up, when all is well again
EVENTS = ("newMessage", "new_message", "messageUpdated")


class Client:
    """One person on one device: sends, listens, catches up, and remembers all that they have."""

    def __init__(self, base: str, name: str, seed: int) -> None:
        self.site, self.name = Site(base), name
        self.random = random.Random(seed)
        self.messages: dict[str, dict[str, Any]] = {}
        self.revs: dict[str, int] = {}
        self.sent: list[str] = []  # clientIds in the order in which they were sent, all acknowledged
        self.texts: dict[str, str] = {}  # clientId → the text acknowledged last
        self.sends = 0
        self._lock = threading.RLock()
        self._missing = threading.Event()
        self._closing = False
        self.person = self.site.sign_up(name, f"{name}@example.org")
        self.id = self.person.id
        self._socket: Socket | None = None
        self._listener = threading.Thread(target=self._stay_connected, daemon=True)
        self._listener.start()

    # Talking to the server

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """The answer to a request; None where none came, or the server said that it could not. Raises AssertionError
        where it refused."""
        try:
            answer = self.person.ask(method, path, body, timeout=PATIENCE)
            found: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError):
            return None
        assert answer.status_code < 400 or answer.status_code >= 500 or answer.status_code == 429, answer.text
        return found if answer.status_code < 400 else None

    def insist(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a request that is repeated until it comes."""
        while (found := self.ask(method, path, body)) is None:
            time.sleep(0.1)
        return found

    def send(self, number: int, target: dict[str, str]) -> None:
        """Send a message until it is acknowledged, and perhaps edit it."""
        client_id, text = f"{self.name}-{number}", f"{self.name} says {number}"
        while (message := self._try_send(target, {"text": text, "clientId": client_id})) is None:
            time.sleep(0.05)
        self.sent.append(client_id)
        self.texts[client_id] = text
        self.receive(message)
        if self.random.random() < EDITS:
            text += ", edited"
            self.receive(self.insist("PUT", f"/api/messages/{message['_id']}", {"text": text}))
            self.texts[client_id] = text

    def _try_send(self, target: dict[str, str], content: dict[str, Any]) -> dict[str, Any] | None:
        self.sends += 1
        by_socket = self.random.random() < 0.5
        if by_socket and self._socket and self._socket.connected:
            answer = self._emit(self._socket, "send_message", {**target, **content})
            message = answer["message"] if answer else None
        else:
            path = f"/api/messages/send/{target['to']}" if "to" in target else f"/api/rooms/{target['room']}/messages"
            message = self.ask("POST", path, content)
        return None if self.random.random() < IGNORED else message

    def _emit(self, socket: Socket, event: str, data: dict[str, Any]) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = socket.ask(event, data)
        except (socketio.exceptions.SocketIOError, OSError):
            return None
        return answer if isinstance(answer, dict) and answer["ok"] else None

    # Listening

    def hear(self, event: str, data: Any) -> None:
        """Take an event that was pushed."""
        if event in EVENTS:
            self.receive(data)

    def receive(self, message: dict[str, Any]) -> None:
        """Take a message that was pushed; a gap before it is fetched later."""
        with self._lock:
            conversation, rev = message["conversation"], message["rev"]
            known = self.revs.get(conversation, 0)
            if rev == known + 1:
                self.revs[conversation] = rev
            elif rev > known:
                self._missing.set()
            if rev >= self.messages.get(message["_id"], message)["rev"]:
                self.messages[message["_id"]] = message

    def catch_up(self) -> bool:
        """Fetch all that was missed; whether that succeeded."""
        more = True
        while more:
            with self._lock:
                cursors = dict(self.revs)
            found = self.ask("POST", "/api/messages/sync", {"cursors": cursors})
            if found is None:
                return False
            with self._lock:
                for conversation in found["conversations"]:
                    for message in conversation["messages"]:
                        if message["rev"] >= self.messages.get(message["_id"], message)["rev"]:
                            self.messages[message["_id"]] = message
                    known = self.revs.get(conversation["id"], 0)
                    self.revs[conversation["id"]] = max(known, conversation["upTo"])
            more = any(conversation["more"] for conversation in found["conversations"])
        return True

    def _stay_connected(self) -> None:
        while not self._closing:
            if not (self._socket and self._socket.connected):
                with contextlib.suppress(socketio.exceptions.SocketIOError, OSError, ValueError):
                    self._socket = self.person.socket(transports=["websocket"], hear=self.hear, wait=PATIENCE)
                    self._missing.set()
            if self._missing.wait(0.2):
                self._missing.clear()
                if not self.catch_up():
                    self._missing.set()
                    time.sleep(0.1)

    def close(self) -> None:
        """Stop listening."""
        self._closing = True
        self._listener.join()
        if self._socket:
            with contextlib.suppress(socketio.exceptions.SocketIOError, OSError):
                self._socket.close()
        self.site.close()


class Trial:
    """All clients, who sign up while all is well, and what they do; `report` compares what they have in the end."""

    def __init__(self, base: str, count: int, seed: int) -> None:
        tag = f"{int(time.time()):x}"
        self.clients = [Client(base, f"client{n}-{tag}", seed + n) for n in range(count)]
        members = [client.id for client in self.clients]
        room = self.clients[0].insist("POST", "/api/rooms", {"name": f"Trial {tag}", "members": members})
        self.room: str = room["_id"]
        self.failures: list[str] = []

    def run(self, messages: int, bar: Any) -> list[threading.Thread]:
        """Let every client send its share, each in a thread of its own."""
        share = messages // len(self.clients)
        threads = [threading.Thread(target=self._send, args=(n, share, bar)) for n in range(len(self.clients))]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, n: int, share: int, bar: Any) -> None:
        client, neighbour = self.clients[n], self.clients[(n + 1) % len(self.clients)]
        try:
            for number in range(share):
                client.send(number, {"room": self.room} if number % 2 else {"to": neighbour.id})
                bar.update(1)
        except Exception as error:  # a thread's failure would go unseen; it is part of the report
            self.failures.append(f"{client.name}: {error!r}")

    def settle(self) -> None:
        """Wait until no client receives anything new."""
        end, before = time.monotonic() + SETTLE_SECONDS, None
        while time.monotonic() < end:
            state = [(client.catch_up(), len(client.messages), sum(client.revs.values())) for client in self.clients]
            if state == before and all(reached for reached, *_ in state):
                return
            before = state
            time.sleep(0.5)
        self.failures.append("the clients did not settle")

    def report(self) -> Counter[str]:
        """What became of the messages, counted over all clients."""
        counts: Counter[str] = Counter()
        for n, client in enumerate(self.clients):
            counts["sent"] += client.sends
            counts["acknowledged"] += len(client.sent)
            for witness in self.clients:
                conversation = (
                    [self.room] if witness not in (client, self.clients[(n + 1) % len(self.clients)]) else None
                )
                self._compare(client, witness, conversation, counts)
        return counts

    def _compare(self, sender: Client, witness: Client, only: list[str] | None, counts: Counter[str]) -> None:
        """What a witness has of a sender's messages: in all conversations of both, or only in the room."""
        found = [message for message in witness.messages.values() if message["senderId"] == sender.id]
        for conversation in {message["conversation"] for message in found}:
            here = [message for message in found if message["conversation"] == conversation]
            order = [m["clientId"] for m in sorted(here, key=lambda m: m["seq"]) if m.get("clientId")]
            counts["repeated"] += len(order) - len(set(order))
            expected = [client_id for client_id in sender.sent if client_id in set(order)]
            counts["out of order"] += sum(a != b for a, b in zip(order, expected, strict=False))
        has = {message["clientId"]: message["text"] for message in found if message.get("clientId")}
        for number, client_id in enumerate(sender.sent):
            if only and number % 2 == 0:
                continue
            counts["compared"] += 1
            if client_id not in has:
                counts["lost"] += 1
            elif has[client_id] != sender.texts[client_id]:
                counts["edits lost"] += 1


def _kill_in_turn(victims: list[Service], kills: int, busy: list[threading.Thread], pause: float) -> int:
    """Kill one after the other as long as any client sends; how often."""
    for kill in range(kills):
        time.sleep(pause)
        if not any(thread.is_alive() for thread in busy):
            return kill
        victim = victims[kill % len(victims)]
        victim.kill()
        victim.start()
    return kills


def _proxy_before(url: str, seed: int) -> ChaosProxy | None:
    """One for a server on this machine; it cannot stand in for another's name and certificate."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    return ChaosProxy(parts.port or 80, seed) if local else None


@click.command(help=(__doc__ or "").split("\n")[0])
@click.option("--url", help="A running deployment of your own; nothing is killed.")
@click.option("--store", type=click.Choice(["sqlite", "mongo"]), default="sqlite", help="For a server of our own.")
@click.option("--server", "kind", type=click.Choice(["flask", "gunicorn"]), default="gunicorn")
@click.option("--clients", default=6, show_default=True)
@click.option("--messages", default=1200, show_default=True)
@click.option("--kills", default=6, show_default=True)
@click.option("--pause", default=3.0, show_default=True, help="Seconds between two kills.")
@click.option("--seed", default=1, show_default=True, help="The same seed has the same bad luck.")
def main(
    url: str | None, store: str, kind: str, clients: int, messages: int, kills: int, pause: float, seed: int
) -> None:
    """Run a trial and print what became of the messages; exits with 1 where one was lost, repeated or out of order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))  # so that what it started ends too
    with contextlib.ExitStack() as stack:
        victims: list[Service] = []
        if url is None:
            settings = {"RATE_LIMITS": "off"}
            if store == "mongo":
                mongo = stack.enter_context(MongoServer(durable=True))
                victims.append(mongo)
                settings["MONGO_URL"] = f"{mongo.url}/chat"
            server = stack.enter_context(ChatServer(kind, **settings))
            victims.insert(0, server)
            url = server.url
        base, proxy = url.rstrip("/"), _proxy_before(url, seed)
        if proxy:
            proxy.start()
            stack.callback(proxy.stop)
            base = f"http://127.0.0.1:{proxy.port}"
        trial = Trial(base, clients, seed)
        if proxy:
            proxy.bad = True
        with click.progressbar(length=messages // clients * clients, label="Sending") as bar:
            busy = trial.run(messages, bar)
            killed = _kill_in_turn(victims, kills, busy, pause) if victims else 0
            for thread in busy:
                thread.join()
        if proxy:
            proxy.bad = False
        trial.settle()
        counts = trial.report()
        for client in trial.clients:
            client.close()
    lines = {
        "kills": killed,
        "connections cut": proxy.cuts if proxy else 0,
        "requests repeated": proxy.repeats if proxy else 0,
    }
    for name in ("sent", "acknowledged", "compared", "lost", "edits lost", "repeated", "out of order"):
        lines[name] = counts[name]
    for name, count in lines.items():
        click.echo(f"{name:>18}: {count}")
    for failure in trial.failures:
        click.echo(failure, err=True)
    sys.exit(
        bool(trial.failures or counts["lost"] or counts["edits lost"] or counts["repeated"] or counts["out of order"])
    )


if __name__ == "__main__":
    main()
