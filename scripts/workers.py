"""Runs the chat as several processes on this machine, for more than one core: `scripts/start --workers 2`.

nginx listens on PORT in front of them and keeps each login at its process; Redis joins them. Without REDIS_URL, a Redis of
their own is started, which keeps nothing. All of them end together: at SIGTERM or Ctrl+C, or if one ends by itself.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 15.0  # gunicorn needs up to 10 to end open requests
NGINX = """\
pid {folder}/pid;
worker_processes auto;
worker_rlimit_nofile 65536;
events {{ worker_connections 30000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    upstream chat {{
        hash $remote_addr$cookie_jwt; # all connections of a login go to one process: polling needs that
        keepalive 64;
{servers}
    }}
    server {{
        listen {address} backlog=4096;
        client_max_body_size 8m; # MAX_REQUEST_BYTES
        location / {{
            proxy_pass http://chat;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto {scheme};
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 90s; # a quiet socket is pinged every 25 s
        }}
    }}
}}
"""


def main(count: int) -> int:
    """Run everything until it ends; the exit code."""
    settings = {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value is not None}
    nginx = _program("nginx", "nginx-light")
    redis = None if settings.get("REDIS_URL") else _program("redis-server", "redis-server")
    gunicorn = Path(sys.executable).with_name("gunicorn")
    address = settings.get("BIND") or "0.0.0.0"  # noqa: S104  # as gunicorn.conf.py has it
    proxies = int(settings.get("TRUSTED_PROXIES") or 0)
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        try:
            if redis:
                port = _free_port()
                nothing_kept = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--loglevel", "warning"]
                running.append(subprocess.Popen([redis, "--port", str(port), *nothing_kept]))
                settings["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
            ports = [_free_port() for _ in range(count)]
            for port in ports:
                own = {"PORT": str(port), "BIND": "127.0.0.1", "TRUSTED_PROXIES": str(proxies + 1)}
                running.append(subprocess.Popen([gunicorn, "wsgi:app"], env={**settings, **own}))
                _wait_for(port, running)
            configuration = Path(folder) / "nginx.conf"
            configuration.write_text(
                NGINX.format(
                    folder=folder,
                    servers="\n".join(f"        server 127.0.0.1:{port};" for port in ports),
                    address=f"{address}:{settings.get('PORT') or 3000}",
                    scheme="$http_x_forwarded_proto" if proxies else "$scheme",
                )
            )
            running.append(subprocess.Popen([nginx, "-e", "stderr", "-c", configuration, "-g", "daemon off;"]))
            print(f"The chat runs in {count} processes on http://localhost:{settings.get('PORT') or 3000}", flush=True)
            while all(process.poll() is None for process in running):
                time.sleep(0.2)
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(running)


def _program(name: str, package: str) -> str:
    """The path of a program. Exits and says what to install if there is none."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit(
        f"Several processes need {name}: apt-get install {package}"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, running: list[subprocess.Popen[bytes]]) -> None:
    """Return when a server listens there. Exits if a process has ended: it has said why."""
    while True:
        if any(process.poll() is not None for process in running):
            sys.exit(1)
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    """The proxy first, so that no request comes to a process that ends; Redis last."""
    for process in reversed(running):
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
