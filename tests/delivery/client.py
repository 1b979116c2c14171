"""A client that insists: it sends until it is answered, keeps listening, and catches up when it has missed something."""

import contextlib
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import requests
import socketio.exceptions

from tests.clients.http import Person, Site
from tests.clients.sockets import Socket
from tests.delivery.history import History, Message, Read, State, Write

PATIENCE = 5.0  # seconds for an answer
EDITS = 0.1  # of the messages are edited
READS = 0.1  # of the messages are followed by a look at the conversation
IGNORED = 0.05  # of the answers are thrown away, and the message sent again
PAGE = 50
EVENTS = ("newMessage", "new_message", "messageUpdated")


class Client:
    """One person on one device. Each request goes to any process of the deployment, and so does each connection."""

    def __init__(self, urls: Sequence[str], name: str, seed: int, history: History) -> None:
        self.name, self.history = name, history
        self.random = random.Random(seed)
        self.messages: dict[str, Message] = {}
        self.revs: dict[str, int] = {}
        self.online: set[str] = set()
        self.told_offline: set[str] = set()  # those who have disappeared from the list of who is online
        self.sends = 0
        self._lock = threading.RLock()
        self._missing = threading.Event()
        self._closing = False
        self._sites = [Site(url) for url in urls]
        first = self._sites[0].sign_up(name, f"{name}@example.org")
        self.id = first.id
        self._persons = [first, *(self._same(first, site) for site in self._sites[1:])]
        self._socket: Socket | None = None
        self._listener = threading.Thread(target=self._stay_connected, daemon=True)
        self._listener.start()

    # Talking to the server

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request; None if none came, or the server said that it could not for now.

        Raises AssertionError if it refused, or didn't know what was wrong (500).
        """
        try:
            answer = self._persons[self.random.randrange(len(self._persons))].ask(method, path, body, timeout=PATIENCE)
            found = answer.json()
        except (requests.RequestException, ValueError):
            return None
        assert answer.status_code < 400 or answer.status_code in (429, 502, 503, 504), answer.text
        return found if answer.status_code < 400 else None

    def insist(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request that is repeated until it comes."""
        while (found := self.ask(method, path, body)) is None:
            time.sleep(0.1)
        return found

    def send(self, number: int, path: str, target: dict[str, str]) -> None:
        """Send a message until it is acknowledged, and perhaps edit it, or look at the conversation."""
        content = {"text": f"{self.name} says {number}", "clientId": f"{self.name}-{number}"}
        begun = time.monotonic()
        while (message := self._try_send(path, target, content)) is None:
            time.sleep(0.05)
        self._acknowledge(message, begun)
        if self.random.random() < EDITS:
            text, begun = content["text"] + ", edited", time.monotonic()
            self._acknowledge(self.insist("PUT", f"/api/messages/{message['_id']}", {"text": text}), begun)
        if self.random.random() < READS:
            self._read(message["conversation"], path)

    def _acknowledge(self, message: Message, begun: float) -> None:
        self.history.acknowledge(Write(message, begun, time.monotonic()))
        self.receive(message)

    def _read(self, conversation: str, path: str) -> None:
        acknowledged = self.history.acknowledged(conversation)
        page = self.ask("GET", f"{path.replace('/send', '')}?limit={PAGE}")
        if page is not None:
            for message in page:
                self.history.see(message)
            self.history.reads[conversation].append(Read(page, len(page) < PAGE, acknowledged))

    def _try_send(self, path: str, target: dict[str, str], content: dict[str, Any]) -> Message | None:
        self.sends += 1
        message: Message | None
        if self.random.random() < 0.5 and self._socket and self._socket.connected:
            answer = self._emit(self._socket, "send_message", {**target, **content})
            message = answer["message"] if answer else None
        else:
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
        elif event == "getOnlineUsers":
            self.told_offline |= self.online - set(data)
            self.online = set(data)

    def receive(self, message: Message) -> None:
        """Take a message that was pushed; a gap before it is fetched later."""
        with self._lock:
            conversation, rev = message["conversation"], message["rev"]
            known = self.revs.get(conversation, 0)
            if rev == known + 1:
                self.revs[conversation] = rev
            elif rev > known:
                self._missing.set()
            self._keep(message)

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
                        self._keep(message)
                    known = self.revs.get(conversation["id"], 0)
                    self.revs[conversation["id"]] = max(known, conversation["upTo"])
            more = any(conversation["more"] for conversation in found["conversations"])
        return True

    def state(self, conversation: str) -> State:
        """What it has of a conversation."""
        with self._lock:
            return {id: message for id, message in self.messages.items() if message["conversation"] == conversation}

    def fetch(self, path: str, process: int) -> State:
        """What a process of the server has of a conversation."""
        found: State = {}
        before: int | None = None
        while True:
            page = self._persons[process].call("GET", f"{path}{f'?before={before}' if before else ''}")
            found |= {message["_id"]: message for message in page}
            if not page or page[0]["seq"] == 1:
                return found
            before = page[0]["seq"]

    def finds_all_ready(self) -> bool:
        """Whether each process says that it can do its work."""
        return all(person.http.get("/readyz").status_code == 200 for person in self._persons)

    def close(self) -> None:
        """Stop listening."""
        self._closing = True
        self._listener.join()
        self._hang_up()
        for site in self._sites:
            site.close()

    def _keep(self, message: Message) -> None:
        self.history.see(message)
        if message["rev"] >= self.messages.get(message["_id"], message)["rev"]:
            self.messages[message["_id"]] = message

    def _stay_connected(self) -> None:
        while not self._closing:
            if not (self._socket and self._socket.connected):
                self._hang_up()
                with contextlib.suppress(socketio.exceptions.SocketIOError, OSError, ValueError):
                    person = self._persons[self.random.randrange(len(self._persons))]
                    self._socket = person.socket(transports=["websocket"], hear=self.hear, wait=PATIENCE)
                    self._missing.set()
            if self._missing.wait(0.2):
                self._missing.clear()
                if not self.catch_up():
                    self._missing.set()
                    time.sleep(0.1)

    def _hang_up(self) -> None:
        if self._socket:
            with contextlib.suppress(socketio.exceptions.SocketIOError, OSError):
                self._socket.close()

    @staticmethod
    def _same(person: Person, site: Site) -> Person:
        """The same person at another process."""
        other = Person(site, person.name, person.email, person.password)
        other.id, other.token, other.user = person.id, person.token, person.user
        return other
