"""What is on trial: servers that this program starts, with what they depend on, behind a network that can be bad."""

import contextlib
import sys
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.chaos_proxy import ChaosProxy
from tests.hostile_disk import Disk
from tests.services import ChatServer, MongoServer, RedisServer, Service


class Deployment:
    """Processes of the chat, each behind a proxy, at `urls`. Or the one at ``url``, which is not ours to harm."""

    def __init__(
        self, store: str, kind: str, processes: int, *, seed: int, hostile: bool = False, url: str | None = None
    ) -> None:
        self.servers: list[ChatServer] = []
        self.mongo: MongoServer | None = None
        self.redis: RedisServer | None = None
        self.disk: Disk | None = None
        self.urls: list[str] = []
        self.proxies: list[ChaosProxy] = []  # before each process
        self.database_proxies: list[ChaosProxy] = []  # between each process and MongoDB
        self._wanted = store, kind, processes, seed, hostile, url
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def parts(self) -> list[Service]:
        """All that can be killed."""
        return [*self.servers, *(part for part in (self.mongo, self.redis) if part)]

    def make_network(self, *, bad: bool) -> None:
        """Make the network between clients and processes bad, or good."""
        for proxy in self.proxies:
            proxy.bad = bad

    def _start(self, stack: contextlib.ExitStack) -> None:
        store, kind, processes, seed, hostile, url = self._wanted
        if url is not None:
            self._stand_before(stack, url.rstrip("/"), seed)
            return
        settings = {"RATE_LIMITS": "off", "JWT_SECRET": "s" * 40}
        if store == "mongo":
            self.mongo = stack.enter_context(MongoServer(durable=True))
        if processes > 1:
            self.redis = stack.enter_context(RedisServer())
            settings["REDIS_URL"] = self.redis.url
        for number in range(processes):
            if self.mongo:
                proxy = self._proxy(stack, self.mongo.port, seed + 100 + number)
                self.database_proxies.append(proxy)
                settings["MONGO_URL"] = f"mongodb://127.0.0.1:{proxy.port}/chat?directConnection=true"
            server = HostileServer(kind, **settings) if hostile else ChatServer(kind, **settings)
            self.servers.append(stack.enter_context(server))
            self._stand_before(stack, server.url, seed + number)
        if hostile:
            self.disk = Disk(self.servers[0].folder / "data")

    def _stand_before(self, stack: contextlib.ExitStack, url: str, seed: int) -> None:
        """Put a proxy before a server on this machine; it can't stand in for another's name and certificate."""
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"):
            proxy = self._proxy(stack, parts.port or 80, seed)
            self.proxies.append(proxy)
            url = f"http://127.0.0.1:{proxy.port}"
        self.urls.append(url)

    @staticmethod
    def _proxy(stack: contextlib.ExitStack, port: int, seed: int) -> ChaosProxy:
        proxy = ChaosProxy(port, seed)
        proxy.start()
        stack.callback(proxy.stop)
        return proxy


class HostileServer(ChatServer):
    """A server whose data is on a disk that can fail."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.hostile_disk", str(self.folder / "data"), *super().command()]
