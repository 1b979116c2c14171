"""How long one client waits for its small requests, while something else goes on; in a process of its own."""

import contextlib
import http.client
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

PATH = "/api/auth/check"
PAUSE_SECONDS = 0.005  # between two requests
SETTLE_SECONDS = 0.3  # before and after what is measured


@contextlib.contextmanager
def probing(url: str, token: str) -> Iterator[list[float]]:
    """Ask again and again meanwhile. Afterwards the list has the seconds that each answer took."""
    waits: list[float] = []
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_ask, args=(url, token, theirs), daemon=True)
    process.start()
    ours.recv()  # the first answer has come
    time.sleep(SETTLE_SECONDS)
    try:
        yield waits
    finally:
        time.sleep(SETTLE_SECONDS)
        ours.send("stop")
        waits += ours.recv()
        process.join()


def _ask(url: str, token: str, control: Connection) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    waits: list[float] = []
    while not control.poll():
        started = time.perf_counter()
        connection.request("GET", PATH, headers={"Cookie": f"jwt={token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{PATH}: {answer.status}")
        if not waits:
            control.send("started")
        waits.append(time.perf_counter() - started)
        time.sleep(PAUSE_SECONDS)
    control.send(waits[1:])
