"""A TCP proxy that behaves like a bad network: it cuts connections, holds data back, and repeats requests."""

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, field

LATE_SECONDS = 1.0


@dataclass
class ChaosProxy:
    """Forwards ``port`` to ``upstream_port`` on this machine, and badly while it is ``bad``. `start` it, and `stop` it.

    Of each piece of data that passes then, ``cut`` (0 to 1) says how often the connection ends there and then, ``delay``
    how often it is held back for up to 50 ms, and ``repeat`` how often a POST request is sent to the server once more, on
    a connection of its own whose answer is not read. ``lost`` says how often an answer is thrown away, with its connection:
    the server has done what it was asked for. ``late`` says how often a request arrives only after its connection was cut.
    """

    upstream_port: int
    seed: int
    bad: bool = False
    cut: float = 0.002
    delay: float = 0.05
    repeat: float = 0.03
    lost: float = 0.0
    late: float = 0.0
    port: int = 0
    cuts: int = 0
    repeats: int = 0
    losses: int = 0
    delays: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        """Listen, in a thread of its own."""
        self._random = random.Random(self.seed)  # bad luck that can be had again
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        listening.wait()

    def stop(self) -> None:
        """Cut everything, and stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _strikes(self, chance: float) -> bool:
        return self.bad and self._random.random() < chance

    def _run(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.close()
            return
        ways = [
            asyncio.ensure_future(self._pump(reader, up_writer, requests=True)),
            asyncio.ensure_future(self._pump(up_reader, writer, requests=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            return  # stopped; a stream's task that ends as cancelled would be reported as a failure
        finally:
            for way in ways:
                way.cancel()
            writer.close()
            up_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: bool) -> None:
        try:
            while data := await reader.read(65536):
                if self._strikes(self.cut):
                    self.cuts += 1
                    return
                if not requests and self._strikes(self.lost):
                    self.losses += 1
                    return
                if requests and self._strikes(self.late):
                    self.delays += 1
                    self._loop.create_task(self._deliver_late(data))
                    return
                if self._strikes(self.delay):
                    await asyncio.sleep(self._random.random() * 0.05)
                if requests and data.startswith(b"POST /api/") and self._strikes(self.repeat):
                    self.repeats += 1
                    self._loop.create_task(self._repeat(data))
                writer.write(data)
                await writer.drain()
        except OSError:
            return

    async def _deliver_late(self, request: bytes) -> None:
        await asyncio.sleep(self._random.random() * LATE_SECONDS)
        await self._repeat(request)

    async def _repeat(self, request: bytes) -> None:
        with contextlib.suppress(TimeoutError, OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            try:
                writer.write(request)
                await writer.drain()
                await asyncio.wait_for(reader.read(1024), timeout=2)
            finally:
                writer.close()
