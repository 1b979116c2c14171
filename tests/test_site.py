"""The pages: the client that ships, a front end of one's own, small over the wire."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.config import Config
from tests.conftest import MakeApp


@pytest.fixture(params=["sqlite"])
def config(tmp_path: Path) -> Config:
    """One store is enough: pages know nothing of it."""
    return Config(jwt_secret="x" * 48, data_dir=tmp_path, frontend_dist=tmp_path / "none")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Flask's own client, which neither changes paths nor unpacks what is compressed."""
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/index.html", "/some/page/of/the/client"])
def test_without_a_custom_front_end_the_shipped_client_is_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "<script" in answer.text


def test_a_custom_front_end_replaces_it(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    app = make_app(frontend_dist=tmp_path)
    assert app.test_client().get("/any/path", buffered=True).text == "mine"


def test_sync_js_is_served_with_every_front_end(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    answer = make_app(frontend_dist=tmp_path).test_client().get("/sync.js", buffered=True)
    assert answer.mimetype == "text/javascript"
    assert "export function createSync" in answer.text


def test_pages_are_compressed_for_browsers_that_accept_it(client: FlaskClient) -> None:
    plain = client.get("/", buffered=True)
    small = client.get("/", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers


def test_a_page_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/", buffered=True).headers["ETag"]
    assert client.get("/", headers={"If-None-Match": tag}, buffered=True).status_code == 304


@pytest.mark.parametrize("path", ["/../wsgi.py", "/%2e%2e/config.py", "/..%2f..%2fwsgi.py", "//etc/passwd"])
def test_no_path_leads_out_of_the_folder(client: FlaskClient, path: str) -> None:
    assert "create_app" not in client.get(path, buffered=True).text


def test_the_first_load_is_under_100_kb(client: FlaskClient) -> None:
    index = client.get("/", buffered=True).text
    files = {"/", *re.findall(r'(?:href|src)="(/[^"]+)"', index)}
    sizes = [len(client.get(path, headers={"Accept-Encoding": "gzip"}, buffered=True).data) for path in files]
    assert sum(sizes) < 100_000


def test_the_shipped_client_runs_only_scripts_of_its_own(client: FlaskClient) -> None:
    policy = client.get("/", buffered=True).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "<script>" not in client.get("/", buffered=True).text
