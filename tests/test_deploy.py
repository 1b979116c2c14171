"""The deployment files work as they ship: nginx with TLS before gunicorn in production, and gunicorn's own settings."""

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
import websocket
from PIL import Image

from tests.images import wrap
from tests.services import ROOT, ChatServer, Service, free_port

pytestmark = pytest.mark.slow
WAIT = 20.0  # seconds for a response, on a machine that may be busy
SITE = ROOT / "deploy" / "nginx.conf"
MAIN = """\
{user}
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx(Service):
    """nginx with `deploy/nginx.conf`; only ports and the certificate's paths are others, and ``lacking`` lines."""

    def __init__(self, upstream: int, lacking: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.plain_port = free_port()
        self.certificate = self.folder / "cert.pem"
        key = self.folder / "key.pem"
        request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=chat -addext subjectAltName=IP:127.0.0.1"
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([*request.split(), *files], check=True, capture_output=True)
        text = SITE.read_text()
        for shipped, here in (
            ("server 127.0.0.1:3000;", f"server 127.0.0.1:{upstream};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("    listen [::]:80;\n", ""),
            ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(key)),
        ):
            assert text.count(shipped) == 1, f"{shipped} is not in {SITE}"
            text = text.replace(shipped, here)
        for beginning in lacking:
            assert text.count(f"    {beginning}") == 1, f"{beginning} is not in {SITE}"
            text = re.sub(rf"\n *{re.escape(beginning)}.*", "", text)
        (self.folder / "site.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""  # the workers have to reach the test's folder
        (self.folder / "nginx.conf").write_text(MAIN.format(user=user, folder=self.folder))

    @property
    def url(self) -> str:
        """Its address, as browsers know it."""
        return f"https://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "nginx is not installed: run scripts/test, or apt-get install nginx"
        return [program, "-e", "stderr", "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"]

    def browser(self) -> requests.Session:
        """A client that trusts the certificate and says which page its requests come from."""
        session = requests.Session()
        session.trust_env = False  # a certificate that the environment names would come before this one
        session.verify = str(self.certificate)
        session.headers["Origin"] = self.url
        return session


class Account:
    """A user who has signed up through the proxy."""

    numbers = itertools.count(1)

    def __init__(self, proxy: Nginx) -> None:
        self.http = proxy.browser()
        email = f"user{next(self.numbers)}@example.org"
        body = {"fullName": "User", "email": email, "password": "correct horse battery"}
        self.response = self.http.post(f"{proxy.url}/api/auth/signup", json=body, timeout=WAIT)
        assert self.response.status_code == 200, self.response.text
        self.id: str = self.response.json()["_id"]


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    """The chat in production, behind one proxy."""
    with ChatServer("gunicorn", APP_ENV="production", JWT_SECRET="s" * 48, TRUSTED_PROXIES="1") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(chat: ChatServer) -> Iterator[Nginx]:
    """nginx in front of it."""
    with Nginx(chat.port) as server:
        yield server


def _assert_failure(response: requests.Response, status: int, code: str) -> None:
    """A refusal of nginx's own has the shape of all failures."""
    assert response.status_code == status
    body = response.json()
    assert body["code"] == code
    assert body["error"] == body["message"]
    assert response.headers["Content-Type"] == "application/json"


class TestNginx:
    def test_a_user_signs_up_on_another_port_than_443(self, proxy: Nginx) -> None:
        cookie = Account(proxy).response.headers["Set-Cookie"]
        assert cookie.startswith("jwt=")
        assert "; Secure" in cookie

    def test_pages_of_other_sites_are_refused(self, proxy: Nginx) -> None:
        with Account(proxy).http as browser:
            browser.headers["Origin"] = "https://evil.example"
            response = browser.post(f"{proxy.url}/api/auth/logout", timeout=WAIT)
        assert (response.status_code, response.json()["code"]) == (403, "cross_site")

    def test_a_photo_of_nearly_5_mib_is_accepted_and_served(self, proxy: Nginx) -> None:
        noise = Image.frombytes("RGB", (1320, 1320), os.urandom(1320 * 1320 * 3))  # doesn't compress
        content = io.BytesIO()
        noise.save(content, "png")
        assert 5_200_000 < len(content.getvalue()) <= 5 * 2**20
        account = Account(proxy)
        path = f"{proxy.url}/api/messages/send/{account.id}"
        response = account.http.post(path, json={"image": wrap(content.getvalue(), "png")}, timeout=60)
        assert response.status_code == 201, response.text
        image = account.http.get(urljoin(proxy.url, response.json()["image"]), timeout=WAIT)
        assert image.headers["Content-Type"] == "image/png"
        assert len(image.content) > 5_000_000

    def test_a_body_over_the_limit_is_refused_in_the_shape_of_all_failures(self, proxy: Nginx) -> None:
        with proxy.browser() as browser:
            response = browser.post(f"{proxy.url}/api/auth/login", data=b" " * (8 * 2**20 + 1), timeout=WAIT)
        _assert_failure(response, 413, "too_large")

    def test_a_websocket_delivers(self, proxy: Nginx) -> None:
        account = Account(proxy)
        with contextlib.closing(
            websocket.create_connection(
                f"{proxy.url.replace('https', 'wss')}/socket.io/?EIO=4&transport=websocket",
                sslopt={"ca_certs": str(proxy.certificate)},
                cookie=f"jwt={account.http.cookies['jwt']}",
                origin=proxy.url,
                timeout=WAIT,
            )
        ) as ws:
            packets = iter(lambda: str(ws.recv()), "")
            assert next(packets).startswith("0{")
            ws.send("40")
            next(packet for packet in packets if packet.startswith("40"))
            account.http.post(f"{proxy.url}/api/messages/send/{account.id}", json={"text": "hello"}, timeout=WAIT)
            event, message = json.loads(next(one for one in packets if one.startswith('42["newMessage"'))[2:])
        assert (event, message["text"]) == ("newMessage", "hello")

    def test_polling_delivers(self, proxy: Nginx) -> None:
        account = Account(proxy)
        address = f"{proxy.url}/socket.io/?EIO=4&transport=polling"
        opened = account.http.get(address, timeout=WAIT).text
        address += f"&sid={json.loads(opened[1:])['sid']}"
        assert account.http.post(address, data="40", timeout=WAIT).status_code == 200
        account.http.post(f"{proxy.url}/api/messages/send/{account.id}", json={"text": "hello"}, timeout=WAIT)
        received = ""
        while '"newMessage"' not in received:
            response = account.http.get(address, timeout=WAIT)
            assert response.status_code == 200, response.text
            received += response.text
        assert "hello" in received

    def test_a_flood_of_handshakes_is_refused_and_other_requests_are_not(self, chat: ChatServer) -> None:
        with Nginx(chat.port) as proxy, proxy.browser() as browser, ThreadPoolExecutor(16) as pool:
            # Without EIO the chat answers 400 to each that reaches it, so that a 429 is nginx's.
            handshake = f"{proxy.url}/socket.io/?transport=polling"
            responses = list(pool.map(lambda _: browser.get(handshake, timeout=WAIT), range(600)))
            refused = [response for response in responses if response.status_code == 429]
            assert refused
            _assert_failure(refused[0], 429, "rate_limited")
            assert int(refused[0].headers["Retry-After"]) > 0
            assert browser.get(f"{proxy.url}/healthz", timeout=WAIT).status_code == 200
            assert browser.get(f"{handshake}&sid=unknown", timeout=WAIT).status_code == 400

    def test_a_server_that_is_down_is_503(self) -> None:
        with Nginx(free_port()) as proxy, proxy.browser() as browser:
            response = browser.get(f"{proxy.url}/api/auth/check", timeout=WAIT)
        _assert_failure(response, 503, "unavailable")
        assert int(response.headers["Retry-After"]) > 0

    def test_pages_over_plain_http_are_sent_on_to_https(self, proxy: Nginx) -> None:
        plain = f"http://127.0.0.1:{proxy.plain_port}"
        response = requests.get(f"{plain}/rooms?a=b", timeout=WAIT, allow_redirects=False)
        assert (response.status_code, response.headers["Location"]) == (308, "https://127.0.0.1/rooms?a=b")

    @pytest.mark.parametrize("path", ["/api/auth/login", "/socket.io/?EIO=4&transport=polling"])
    def test_programs_over_plain_http_are_refused(self, proxy: Nginx, path: str) -> None:
        response = requests.post(f"http://127.0.0.1:{proxy.plain_port}{path}", timeout=WAIT, allow_redirects=False)
        _assert_failure(response, 403, "https_required")


class Gunicorn(ChatServer):
    """The server as `gunicorn wsgi:app` starts it, in a shell that may have limits."""

    def __init__(self, shell: str = "true", **settings: str) -> None:
        super().__init__("gunicorn", **settings)
        self._shell = shell

    def command(self) -> list[str]:
        return ["sh", "-c", f"{self._shell}; exec {sys.executable} -m gunicorn wsgi:app"]


def _reaches(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=WAIT):
        return True
    return False


class TestGunicorn:
    # On Linux all of 127.0.0.0/8 is this machine: 127.0.0.2 stands for an interface that a proxy does not guard.

    def test_it_listens_on_all_interfaces_by_default(self) -> None:
        with Gunicorn() as server:
            assert _reaches("127.0.0.2", server.port)

    def test_bind_says_where_it_listens(self) -> None:
        with Gunicorn(BIND="127.0.0.1") as server:
            assert _reaches("127.0.0.1", server.port)
            assert not _reaches("127.0.0.2", server.port)

    def test_what_it_stores_is_readable_for_its_own_user_only(self) -> None:
        with Gunicorn("umask 022") as server:
            files = [path for path in (server.folder / "data").rglob("*") if path.is_file()]
            assert files
            assert not [path for path in files if path.stat().st_mode & 0o077]

    def test_a_client_cannot_move_an_address_with_script_name(self) -> None:
        with Gunicorn() as server:
            headers = {"SCRIPT_NAME": "/api"}
            response = requests.get(f"{server.url}/api/auth/check", headers=headers, timeout=WAIT)
        assert (response.status_code, response.json()["code"]) == (401, "no_token")

    def test_it_raises_a_low_limit_of_open_files(self) -> None:
        with Gunicorn("ulimit -Sn 128") as server, contextlib.ExitStack() as idle:
            for _ in range(200):
                idle.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=WAIT))
            assert server.get("/healthz") == 200


def test_the_settings_of_deployments_are_documented() -> None:
    documented = (ROOT / ".env.example").read_text()
    for line in (ROOT / "deploy" / "chat.env.example").read_text().splitlines():
        name, is_setting, _ = line.removeprefix("# ").partition("=")
        if is_setting and name.isupper():
            assert f"# {name}=" in documented


@pytest.mark.parametrize("path", ["Dockerfile", "Dockerfile.dockerignore"])
def test_what_the_image_is_built_from_exists(path: str) -> None:
    lines = (ROOT / "deploy" / path).read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    allowed = [line[1:] for line in lines if line.startswith("!")]
    for name in (*itertools.chain(*copied), *allowed):
        assert Path(ROOT, name).exists()


def _doctor(chat: ChatServer, proxy: Nginx, **settings: str) -> subprocess.CompletedProcess[str]:
    """What `flask doctor` says of the chat behind a proxy."""
    production = {"APP_ENV": "production", "JWT_SECRET": "s" * 48, "TRUSTED_PROXIES": "1", "PUBLIC_URL": proxy.url}
    here = {"DATA_DIR": str(chat.folder / "data"), "SSL_CERT_FILE": str(proxy.certificate)}
    return subprocess.run(
        [Path(sys.executable).parent / "flask", "doctor"],
        cwd=ROOT,
        env={**os.environ, **production, **here, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_doctor_finds_nothing_to_change_behind_the_proxy_as_it_ships(chat: ChatServer, proxy: Nginx) -> None:
    result = _doctor(chat, proxy)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_doctor_names_each_line_that_a_proxy_lacks(chat: ChatServer) -> None:
    with Nginx(
        chat.port, lacking=("client_max_body_size", "proxy_set_header   Host", "proxy_set_header   Upgrade")
    ) as proxy:
        said = _doctor(chat, proxy, TRUSTED_PROXIES="0").stdout
    for line in ("client_max_body_size 8m;", "Host $http_host;", "Upgrade $http_upgrade;", "TRUSTED_PROXIES=1"):
        assert line in said
