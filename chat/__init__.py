"""A chat backend: the factory puts the parts together."""

from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from chat import errors, sockets
from chat.cli import migrate
from chat.config import Config
from chat.lib import json, logs, threads
from chat.lib.cluster import Cluster
from chat.lib.devserver import CloseAfterWebSocket
from chat.lib.images import open_images
from chat.lib.limits import Limits
from chat.lib.outbox import Outbox, PatientRedisManager
from chat.lib.presence import Presence
from chat.lib.realtime import close_sockets, hang_up_at_once, socketio, take_known_events_alone
from chat.middleware import origins
from chat.middleware.handshakes import Handshakes
from chat.middleware.headers import SecurityHeaders
from chat.middleware.metrics import Metrics
from chat.routes import auth, docs, messages, rooms, site
from chat.store import open_store

__all__ = ["create_app", "sockets"]  # importing the event handlers is what registers them


def create_app(config: Config | None = None) -> Flask:
    """The app with its settings, by default those of the environment. Raises `ConfigError`."""
    config = config or Config.from_env()
    logs.setup(config.production)
    app = Flask(__name__, static_folder=None)
    app.json = json.ORJSONProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = config.max_request_bytes
    app.extensions["chat.config"] = config
    app.extensions["chat.store"] = open_store(config.mongo_url, config.data_dir)
    app.extensions["chat.images"] = open_images(config.cloudinary, config.data_dir, config.public_url)
    app.extensions["chat.limits"] = limits = Limits(config)
    outbox = Outbox()
    cluster = Cluster(config.redis_url, outbox)
    cluster.on("session ended", close_sockets)
    app.extensions["chat.cluster"] = cluster
    app.extensions["chat.presence"] = presence = Presence(cluster)
    Metrics(presence, limits).init_app(app)
    errors.register(app)
    origins.init_app(app, config)
    for blueprint in (auth.bp, messages.bp, rooms.bp, site.bp, docs.bp):
        app.register_blueprint(blueprint)
    app.cli.add_command(migrate)
    socketio.init_app(
        app,
        async_mode="eventlet" if threads.under_eventlet() else "threading",
        async_handlers=False,  # one client's events are handled one after the other: its messages keep their order
        manage_session=False,
        client_manager=PatientRedisManager(config.redis_url, outbox) if config.redis_url else None,
        json=json,
        max_http_buffer_size=config.max_request_bytes,
        cors_allowed_origins=lambda origin, environ: origins.may_connect(origin, environ, config),
    )
    hang_up_at_once()
    take_known_events_alone()
    cluster.start(presence.here)
    app.wsgi_app = _wrapped(app.wsgi_app, config)  # type: ignore[assignment, method-assign]  # Flask's own way to wrap it
    return app


def _wrapped(wsgi_app: WSGIApplication, config: Config) -> WSGIApplication:
    """What holds for Flask's answers and Socket.IO's alike is done around both."""
    wsgi_app = SecurityHeaders(Handshakes(CloseAfterWebSocket(wsgi_app), config), config.production)
    proxies = config.trusted_proxies
    return ProxyFix(wsgi_app, x_for=proxies, x_proto=proxies, x_host=0) if proxies else wsgi_app
