"""The process that decodes images: it can be lost, kept waiting and crowded, and the chat goes on."""

import base64
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chat.errors import BadImageError, RateLimitedError
from chat.lib import image_process
from chat.lib.image_process import ImageProcess
from tests.clients.sockets import wait_until
from tests.images import png

PICTURE = base64.b64decode(png().partition(",")[2])
PIXELS = 1_000_000


@pytest.fixture
def process() -> Iterator[ImageProcess]:
    process = ImageProcess()
    yield process
    process.stop()


def _reencode(process: ImageProcess, user_id: str = "ann") -> tuple[bytes, bytes]:
    return process.reencode(user_id, "png", PICTURE, PIXELS)


def _pid(process: ImageProcess) -> int:
    assert process._process is not None
    return process._process.pid


def test_it_starts_with_the_first_image_and_serves_the_next_ones(process: ImageProcess) -> None:
    assert process._process is None
    first = _reencode(process)
    pid = _pid(process)
    assert _reencode(process) == first
    assert _pid(process) == pid


def test_an_image_does_not_notice_that_the_process_was_killed_before(process: ImageProcess) -> None:
    first = _reencode(process)
    os.kill(_pid(process), signal.SIGKILL)
    assert _reencode(process) == first


def test_an_image_does_not_notice_that_the_process_is_killed_meanwhile(process: ImageProcess) -> None:
    first = _reencode(process)
    os.kill(_pid(process), signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(_reencode, process)
        wait_until(lambda: process._waiting.total() == 1)
        os.kill(_pid(process), signal.SIGKILL)
        assert waiting.result() == first


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGXCPU, "it takes too long to decode"), (signal.SIGSEGV, "it is damaged")]
)
def test_an_image_that_ends_the_process_is_refused(process: ImageProcess, number: signal.Signals, reason: str) -> None:
    _reencode(process)
    os.kill(_pid(process), signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(_reencode, process)
        wait_until(lambda: process._waiting.total() == 1)
        os.kill(_pid(process), number)
        os.kill(_pid(process), signal.SIGCONT)
        with pytest.raises(BadImageError, match=reason):
            waiting.result()
    assert _reencode(process)


def test_an_image_that_takes_too_long_is_refused(process: ImageProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_process, "ANSWER_SECONDS", 0.5)
    _reencode(process)
    os.kill(_pid(process), signal.SIGSTOP)
    with pytest.raises(BadImageError, match="takes too long"):
        _reencode(process)


def test_it_ends_with_the_server(process: ImageProcess) -> None:
    _reencode(process)
    child = process._process
    assert child is not None
    assert process._connection is not None
    process._connection.close()  # as the system does when the server is killed
    assert child.wait(10) == 0


def test_it_has_no_secrets(process: ImageProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "only-for-this-test")
    _reencode(process)
    assert Path(f"/proc/{_pid(process)}/environ").read_bytes() == b""


def test_its_memory_and_time_are_limited(process: ImageProcess) -> None:
    _reencode(process)
    lines = Path(f"/proc/{_pid(process)}/limits").read_text().splitlines()
    limits = {line[:25].strip(): line.split()[-3] for line in lines}
    assert limits["Max address space"] == str(400 * 2**20 + 32 * PIXELS)
    assert int(limits["Max cpu time"]) < 10
    assert limits["Max file size"] == "0"


def test_a_crowd_is_refused_and_told_when_to_come_back(process: ImageProcess) -> None:
    _reencode(process)
    os.kill(_pid(process), signal.SIGSTOP)
    with ThreadPoolExecutor(10) as pool:
        waiting: list[Any] = []
        for user_id in ("ann", "ann", "bob", "bob", "cleo", "cleo", "dan", "dan"):
            waiting.append(pool.submit(_reencode, process, user_id))
        wait_until(lambda: process._waiting.total() == 8)
        for user_id in ("ann", "eve"):
            with pytest.raises(RateLimitedError) as refused:
                _reencode(process, user_id)
            assert refused.value.retry_after
        os.kill(_pid(process), signal.SIGCONT)
        assert {one.result() for one in waiting} == {_reencode(process)}
    assert not process._waiting


def test_one_user_waits_with_two_images_at_most(process: ImageProcess) -> None:
    _reencode(process)
    os.kill(_pid(process), signal.SIGSTOP)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(_reencode, process) for _ in range(2)]
        wait_until(lambda: process._waiting.total() == 2)
        with pytest.raises(RateLimitedError):
            _reencode(process)
        other = pool.submit(_reencode, process, "bob")
        os.kill(_pid(process), signal.SIGCONT)
        assert all(one.result() for one in [*waiting, other])
