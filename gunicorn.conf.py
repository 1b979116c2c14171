"""How gunicorn runs the chat: `gunicorn wsgi:app` finds this file by itself.

It is read before eventlet patches the process, so it imports nothing of the chat.
"""

import os

from dotenv import dotenv_values

# Long-lived sockets want green threads. gunicorn calls this worker deprecated, and 25.3 is the last line that has it;
# requirements.txt stays there, and README says how to move on.
worker_class = "eventlet"
# A Socket.IO client has to come back to the same worker until it is on WebSocket, and gunicorn cannot promise that: to
# use more cores, start more of these processes with REDIS_URL set, behind a proxy with sticky sessions.
workers = 1
worker_connections = 10_000
bind = f"0.0.0.0:{os.environ.get('PORT') or dotenv_values('.env').get('PORT') or 3000}"
# Under eventlet gunicorn's control socket never answers, and holds up each stop for two seconds.
control_socket_disable = True
# A proxy on another machine has to be named in FORWARDED_ALLOW_IPS, or gunicorn ignores its X-Forwarded-Proto.
limit_request_line = 8190  # bytes of an address: gunicorn's most, so that more of what is too long gets our own answer
timeout = 60  # seconds without a sign of life from the worker, after which it is replaced
graceful_timeout = 10  # seconds for open requests at a restart; sockets reconnect by themselves


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    from chat.realtime.worker import harden  # the app is loaded by now

    harden(worker)
