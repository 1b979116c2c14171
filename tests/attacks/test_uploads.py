"""/uploads: what is served from there cannot run, and nothing else is served."""

import re

import pytest

from tests.attacks.checks import attack, json_of, refused
from tests.attacks.pictures import drawn, keep
from tests.attacks.target import Target
from tests.clients.http import Person, shown
from tests.images import wrap

WAYS_OUT = (
    *("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "....//", "%252e%252e%252f", "..;/", ".%00./"),
    *("/", "//", "%2f", "..%c0%af", "%c0%ae%c0%ae/", "./../", "~/", "C:\\"),
)
AIMS = ("etc/passwd", "chat.db", "jwt_secret", "chat/config.py", ".env")
INSIDE = ("root:x:", "root:*:", "SQLite format", "import os", "JWT_SECRET", "MONGO_URL")


def _image(photographer: Person) -> str:
    """The address of an image that was sent on this server."""
    address = keep(photographer, wrap(drawn("png")))
    path = re.search(r"/uploads/[^/]+$", address)
    if path is None:
        pytest.skip("images are not on this server")
    return path[0]


@attack("climbs out of the folder of images", "404 or 400, and no file of the server")
def test_traversal(target: Target) -> None:
    cookie = f"Cookie: jwt={target.mallory.token}"
    for way in WAYS_OUT:
        for aim in AIMS:
            for depth in (1, 2, 6):
                answer = target.wire.ask(f"GET /uploads/{way * depth}{aim}", cookie, "Connection: close")
                assert not any(word in answer.text for word in INSIDE), f"{way * depth}{aim}: {answer.text[:300]}"
                assert answer.status_code in (0, 200, *range(300, 500)), answer.text[:100]


@attack("climbs out of the folder of the client's files", "no file of the server")
def test_traversal_of_pages(target: Target) -> None:
    for way in WAYS_OUT:
        for aim in AIMS:
            answer = target.wire.ask(f"GET /{way * 4}{aim}", "Connection: close")
            assert not any(word in answer.text for word in INSIDE), f"{way * 4}{aim}: {answer.text[:300]}"


@attack("lists the folder of images, or writes into it", "404 or 405")
def test_listing(target: Target, photographer: Person) -> None:
    for path in ("/uploads", "/uploads/", "/uploads/.", "/uploads/*"):
        assert target.ask("GET", path).status_code == 404, path
    for method in ("PUT", "POST", "DELETE"):
        answer = target.mallory.ask(method, "/uploads/x.png", data=b"x")
        assert answer.status_code in (404, 405), shown(answer)
    path = _image(photographer)
    assert target.mallory.ask("DELETE", path).status_code in (404, 405), path
    assert photographer.ask("GET", path).status_code == 200


@attack("guesses the names of images", "128 random bits in each, and none like the one before")
def test_names(target: Target, photographer: Person) -> None:
    first, second = _image(photographer), _image(photographer)
    for path in (first, second):
        assert len(re.findall(r"[0-9a-zA-Z_-]", path.removeprefix("/uploads/").partition(".")[0])) >= 22, path
    assert first[9:17] != second[9:17], f"{first} {second}"


@attack("opens an uploaded image as a page", "an image to every browser: nosniff, and a CSP that runs nothing")
def test_served(target: Target, photographer: Person) -> None:
    answer = photographer.ask("GET", _image(photographer))
    assert answer.headers.get("Content-Type") == "image/png"
    assert answer.headers.get("X-Content-Type-Options") == "nosniff"
    policy = answer.headers.get("Content-Security-Policy", "")
    assert "sandbox" in policy, policy
    assert "default-src 'none'" in policy, policy
    assert "allow-scripts" not in policy, policy


@attack("opens an image of other people's conversation", "401 without a login, 404 with one, also for the thumbnail")
def test_others(target: Target, photographer: Person) -> None:
    path = _image(photographer)
    for address in (path, f"{path}.thumb.webp"):
        assert photographer.ask("GET", address).status_code == 200
        refused(target.ask("GET", address), 401, "no_token")
        refused(target.mallory.ask("GET", address), 404, "not_found")
        refused(target.mallory.ask("GET", address, headers={"Range": "bytes=0-"}), 404, "not_found")


@attack("has a cache between them and the server keep an image", "private in Cache-Control")
def test_shared_caches(target: Target, photographer: Person) -> None:
    kept = photographer.ask("GET", _image(photographer)).headers.get("Cache-Control", "")
    assert "private" in kept, kept
    assert "public" not in kept, kept


@attack("asks for an image in a thousand overlapping ranges", "one answer of an ordinary size")
def test_ranges(target: Target, photographer: Person) -> None:
    path = _image(photographer)
    whole = len(photographer.ask("GET", path).content)
    answer = photographer.ask("GET", path, headers={"Range": "bytes=" + ",".join(["0-"] * 1000)})
    assert answer.status_code in (200, 206, 416), shown(answer)[:100]
    assert len(answer.content) <= whole + 1000, shown(answer)[:100]
    answer = photographer.ask("GET", path, headers={"Range": "bytes=-99999999999999999999"})
    assert answer.status_code in (200, 206, 416), shown(answer)[:100]
    assert json_of(target.ask("GET", "/healthz")) is not None, "the server is gone"
