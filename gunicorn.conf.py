"""How gunicorn runs the chat: `gunicorn wsgi:app` finds this file by itself.

It is read before eventlet patches the process, so it imports nothing of the chat.
"""

import os
import resource

from dotenv import dotenv_values

_settings = {**dotenv_values(".env"), **os.environ}

# Long-lived sockets want green threads. gunicorn calls this worker deprecated, and 25.3 is the last line that has it;
# requirements.txt stays there, and README says how to move on.
worker_class = "eventlet"
# A Socket.IO client has to come back to the same worker until it is on WebSocket, and gunicorn cannot promise that: to
# use more cores, start more of these processes with REDIS_URL set, behind a proxy with sticky sessions.
workers = 1
_host = _settings.get("BIND") or "0.0.0.0"  # noqa: S104  # containers and hosted platforms expect all interfaces
_port = _settings.get("PORT") or 3000
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"

# Each connection is an open file, and the soft limit that a process starts with is often 1,024.
_, _files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _files))
_RESERVE = 200  # files for the database, images, libraries, Redis and connections that are closing
_MOST = 20_000  # connections; more would keep one core too busy to answer in time
worker_connections = _MOST if _files == resource.RLIM_INFINITY else max(1, min(_MOST, _files - _RESERVE))

# The database and uploaded images are readable only for the server's own user. gunicorn's setting of this name is about
# gunicorn's own files.
os.umask(0o077)
# By default gunicorn believes the headers SCRIPT_NAME and PATH_INFO if they come from a proxy on this machine, and a proxy
# may pass them on from a client, who would so reach addresses past the proxy's rules.
forwarder_headers = ""
control_socket_disable = True  # under eventlet gunicorn's control socket never answers, and delays each stop by 2 s
limit_request_line = 8190  # bytes: gunicorn's most, so that more of what is too long gets our own response
timeout = 60  # seconds without a sign of life from the worker, after which it is replaced
graceful_timeout = 10  # seconds for open requests at a restart; sockets reconnect by themselves


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    from chat.realtime.worker import harden  # the app is loaded by now

    harden(worker)
